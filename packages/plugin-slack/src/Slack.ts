/**
 * The plugin for Slack.
 */
import { ChannelPlugin, HttpChannel, HttpClientRequest, Message, WebhookUrl } from "@tocsin/core"
import { Redacted, Schema } from "effect"
import { answer } from "./answer.ts"
import { maxText } from "./limits.ts"
import { plain, rich } from "./message.ts"
import { parts } from "./parts.ts"
import { preview } from "./preview.ts"

const Mention = Schema.optionalKey(
  Schema.String.check(
    Schema.isPattern(/^(here|channel|everyone|[SUW][A-Z0-9]+)$/u, {
      expected: "here, channel, everyone, a user group's id (S…) or a user's id (U… or W…)"
    })
  )
)

/** Posts to a Slack channel through its incoming webhook, or to another service that accepts the same messages. */
export class Slack extends ChannelPlugin.Service<Slack>()("slack", {
  title: "Slack",
  settings: Schema.Struct({
    url: WebhookUrl.annotateKey({ title: "URL", description: "The incoming webhook's URL; whoever has it can post" }),
    channel: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
      title: "Channel",
      description:
        "Where to post instead of the webhook's own channel, such as #ops. Only webhooks of legacy custom integrations do that; those of Slack apps ignore it"
    }),
    authenticate: Schema.optionalKey(Schema.Literal("webhook")).annotateKey({
      title: "Authenticate",
      description: "How to post: webhook (also when absent) posts to the URL, which is the credential"
    }),
    mention: Schema.optionalKey(
      Schema.Struct({
        info: Mention.annotateKey({ title: "Mention on info", description: "Whom an info alert mentions" }),
        minor: Mention.annotateKey({ title: "Mention on minor", description: "Whom a minor alert mentions" }),
        major: Mention.annotateKey({ title: "Mention on major", description: "Whom a major alert mentions" }),
        critical: Mention.annotateKey({ title: "Mention on critical", description: "Whom a critical alert mentions" })
      })
    ).annotateKey({
      title: "Mention",
      description:
        "Whom to mention when an alert is raised, by its severity: here, channel, everyone, a user group's id (S…) or a user's id (U… or W…)"
    })
  }),
  settingsVersion: 1,
  example: { url: "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX" },
  setup: [
    "At https://api.slack.com/apps create an app for your workspace, or open one that you have.",
    "Under Incoming Webhooks switch them on, choose Add New Webhook, and pick the channel.",
    "Copy the webhook's URL."
  ],
  // https://docs.slack.dev/apis/web-api/rate-limits: one a second, short bursts; Slack disables a hook that keeps above
  // it.
  rateLimits: ({ url }) => [{ key: url, messages: 5, perSeconds: 5, burst: 5 }],
  sizes: { text: maxText },
  capabilities: {},
  preview: ({ mention }, notification) => preview(parts(Message.fromNotification(notification), mention))
}) {
  static readonly layer = HttpChannel.layer(Slack, {
    request: ({ channel, mention, url }, notification, { form }) => {
      const message = Message.fromNotification(notification)
      return HttpClientRequest.post(Redacted.value(url)).pipe(
        HttpClientRequest.bodyJsonUnsafe({
          ...(channel !== undefined && { channel }),
          ...(form === "rich" ? rich(message, mention) : plain(message, mention))
        })
      )
    },
    answer
  })
}
