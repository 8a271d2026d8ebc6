/**
 * The settings: those of an incoming webhook, or of a bot.
 */
import { BaseUrl, WebhookUrl } from "@tocsin/core"
import { Schema } from "effect"

const Mention = Schema.optionalKey(
  Schema.String.check(
    Schema.isPattern(/^(here|channel|everyone|[SUW][A-Z0-9]+)$/u, {
      expected: "here, channel, everyone, a user group's id (S…) or a user's id (U… or W…)"
    })
  )
)

const mention = Schema.optionalKey(
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

const Webhook = Schema.Struct({
  url: WebhookUrl.annotateKey({ title: "URL", description: "The incoming webhook's URL; whoever has it can post" }),
  channel: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
    title: "Channel",
    description:
      "Where to post instead of the webhook's own channel, such as #ops. Only webhooks of legacy custom integrations do that; those of Slack apps ignore it"
  }),
  // Absent in settings from before there were bots.
  authenticate: Schema.optionalKey(Schema.Literal("webhook")).annotateKey({
    title: "Authenticate",
    description: "posts to the URL of an incoming webhook; also when absent"
  }),
  mention
}).annotate({ title: "Incoming webhook", description: "Posts to one channel. A clear is a message of its own." })

const Bot = Schema.Struct({
  authenticate: Schema.Literal("bot").annotateKey({
    title: "Authenticate",
    description: "posts with a bot's token, which can update messages and reply to them"
  }),
  token: Schema.Redacted(
    Schema.String.check(Schema.isPattern(/^[!-~]+$/u, { expected: "a bot's token, such as xoxb-…" }))
  ).annotateKey({ title: "Token", description: "The Bot User OAuth Token of the Slack app: xoxb-…" }),
  channel: Schema.String.check(
    Schema.isPattern(/^\S+$/u, { expected: "a channel's id, such as C012AB3CD, or its name, such as #ops" })
  ).annotateKey({
    title: "Channel",
    description:
      "Where to post: a channel's id, such as C012AB3CD, or its name, such as #ops. Only a channel with its id can be verified"
  }),
  onClear: Schema.optionalKey(Schema.Literals(["update", "thread", "both", "new"])).annotateKey({
    title: "On clear",
    description:
      "What a clear does: update changes the messages of the alert, which notifies nobody; thread replies to the first; both, also when absent, does both; new posts a message of its own"
  }),
  apiUrl: Schema.optionalKey(BaseUrl).annotateKey({
    title: "API URL",
    description: "The Web API; https://slack.com/api when absent, https://slack-gov.com/api for GovSlack"
  }),
  mention
}).annotate({
  title: "Bot",
  description: "Posts to any channel. A clear updates the alert's messages and replies to them."
})

/** The settings of either form; without `authenticate` they are a webhook's. */
export const Settings = Schema.Union([Webhook, Bot])

/** The settings of a bot. */
export type BotSettings = typeof Bot.Type
