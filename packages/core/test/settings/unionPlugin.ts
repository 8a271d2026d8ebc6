/**
 * A plugin whose settings have two forms: a webhook's URL, or a bot's token with a channel.
 */
import { ChannelPlugin, HttpChannel, HttpClientRequest, Message } from "@tocsin/core"
import { Redacted, Schema } from "effect"

const Webhook = Schema.Struct({
  authenticate: Schema.Literal("webhook").annotateKey({ title: "Authenticate", description: "By a webhook" }),
  url: Schema.Redacted(Schema.String.check(Schema.isPattern(/^https:/))).annotateKey({
    title: "Webhook URL",
    description: "Where to post"
  }),
  secret: Schema.optionalKey(Schema.Redacted(Schema.String)).annotateKey({
    title: "Signing secret",
    description: "Signs each request"
  })
}).annotate({ title: "Incoming webhook" })

const Bot = Schema.Struct({
  authenticate: Schema.Literal("bot").annotateKey({ title: "Authenticate", description: "By a bot" }),
  channel: Schema.NonEmptyString.annotateKey({ title: "Channel", description: "Where to post" }),
  secret: Schema.Redacted(Schema.NonEmptyString).annotateKey({ title: "Bot token", description: "Of the bot" })
}).annotate({ title: "Bot token" })

/** The plugin. */
export class Either extends ChannelPlugin.Service<Either>()("either", {
  title: "Either",
  settings: Schema.Union([Webhook, Bot]),
  settingsVersion: 2,
  // Version 1 knew webhooks only.
  migrate: ({ settings }) => ({ authenticate: "webhook", ...Schema.decodeUnknownSync(Stored)(settings) }),
  example: { authenticate: "webhook", url: "https://hooks.example.com/example" },
  setup: ["Create a webhook or a bot."],
  rateLimits: (settings) => [
    {
      key: settings.authenticate === "webhook" ? settings.url : settings.secret,
      messages: 60,
      perSeconds: 60,
      burst: 10
    }
  ],
  sizes: { text: 4000 },
  capabilities: {}
}) {
  static readonly layer = HttpChannel.layer(Either, {
    request: (settings, notification) => {
      const text = Message.plainText(Message.fromNotification(notification), Either.sizes.text)
      return settings.authenticate === "webhook"
        ? HttpClientRequest.post(Redacted.value(settings.url)).pipe(HttpClientRequest.bodyJsonUnsafe({ text }))
        : HttpClientRequest.post("https://api.example.com/post").pipe(
            HttpClientRequest.bearerToken(Redacted.value(settings.secret)),
            HttpClientRequest.bodyJsonUnsafe({ text, channel: settings.channel })
          )
    }
  })
}

const Stored = Schema.Record(Schema.String, Schema.Json)
