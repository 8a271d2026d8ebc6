/**
 * The plugin for Mattermost, and for Rocket.Chat, which accepts the same posts.
 */
import {
  ChannelPlugin,
  cut,
  DestinationGone,
  HttpChannel,
  HttpClientRequest,
  Message,
  Misconfigured,
  PayloadRejected,
  type Reason,
  WebhookUrl
} from "@tocsin/core"
import { Option, Redacted, Schema } from "effect"
import { maxText, post } from "./message.ts"
import { see } from "./see.ts"

/** Posts to a channel of Mattermost or Rocket.Chat through its incoming webhook. */
export class Mattermost extends ChannelPlugin.Service<Mattermost>()("mattermost", {
  title: "Mattermost",
  settings: Schema.Struct({
    url: WebhookUrl.annotateKey({ title: "URL", description: "The incoming webhook's URL; whoever has it can post" }),
    channel: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
      title: "Channel",
      description:
        "Where to post instead of the webhook's own channel: its name as in its address, such as town-square, or @ and a username"
    }),
    username: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
      title: "Username",
      description: "The name to post as, where the server lets integrations override it"
    })
  }),
  settingsVersion: 1,
  example: { url: "https://mattermost.example.com/hooks/xxxxxxxxxxxxxxxxxxxxxxxxxx" },
  setup: [
    "In Mattermost open the product menu, Integrations, Incoming Webhooks, and choose Add Incoming Webhook.",
    "Give it a title, choose the channel, and save it.",
    "Copy the URL. In Rocket.Chat it is under Workspace, Integrations, New, Incoming, as the webhook URL."
  ],
  // The limit is off by default; if an administrator turns it on, it is 10 requests a second:
  // https://docs.mattermost.com/administration-guide/configure/rate-limiting-configuration-settings.html
  rateLimits: ({ url }) => [{ key: url, messages: 10, perSeconds: 1, burst: 10 }],
  sizes: { text: maxText },
  capabilities: {},
  preview: (_, notification) => see(post(Message.fromNotification(notification), "rich"))
}) {
  static readonly layer = HttpChannel.layer(Mattermost, {
    request: ({ channel, url, username }, notification, { form }) =>
      HttpClientRequest.post(Redacted.value(url)).pipe(
        HttpClientRequest.bodyJsonUnsafe({
          ...(channel !== undefined && { channel }),
          ...(username !== undefined && { username }),
          ...post(Message.fromNotification(notification), form)
        })
      ),
    // https://developers.mattermost.com/integrate/webhooks/incoming/#use-an-incoming-webhook
    answer: ({ body, status }, { purpose }) => {
      const said = Option.getOrElse(decodeAnswer(body), (): typeof Said.Type => ({}))
      if (status === 200 && (body.trim() === "ok" || said.success === true)) return {}
      const detail = `HTTP ${status}: ${cut(said.message ?? said.error ?? (body.trim().replace(/\s+/g, " ") || "no answer"), 200)}`
      const found = reasons.find(([pattern]) => pattern.test(said.id ?? said.error ?? ""))
      if (found !== undefined && status !== 429) return new found[1]({ detail })
      const isPlain = purpose._tag === "deliver" && purpose.options.form === "plain"
      // Newer versions say so whatever the reason: of a webhook that was removed, and of a post that cannot be handled, as a
      // plain text can be: https://github.com/mattermost/mattermost/blob/master/server/channels/web/webhook.go
      const isGeneral = said.id === "web.incoming_webhook.general.app_error"
      if (isGeneral && status === 400 && isPlain) return new DestinationGone({ detail })
      // The webhook may not post there (403), or webhooks are turned off (501).
      if (isGeneral && (status === 403 || status === 501)) return new Misconfigured({ detail })
      return status >= 200 && status < 300 ? new Misconfigured({ detail }) : undefined
    }
  })
}

/** The reasons by the id of Mattermost's error, or by the text of Rocket.Chat's; neither is documented. */
const reasons: ReadonlyArray<readonly [RegExp, new (of: { readonly detail: string }) => Reason]> = [
  [
    /^web\.incoming_webhook\.(?:invalid|channel)\.|can_not_post_to_deleted|^invalid-channel|invalid integration/i,
    DestinationGone
  ],
  [/^web\.incoming_webhook\.(?:disabled|permissions|channel_locked|user)\./, Misconfigured],
  [/^web\.incoming_webhook\.(?:parse|text)\.|too_long|error-message-size-exceeded/, PayloadRejected]
]

const Text = Schema.optionalKey(Schema.String)

const Said = Schema.Struct({ id: Text, message: Text, error: Text, success: Schema.optionalKey(Schema.Boolean) })

const decodeAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Said))
