/**
 * The plugin for Discord.
 */
import { ChannelPlugin, HttpChannel, HttpClientRequest, Message } from "@tocsin/core"
import { Option, Redacted, Schema } from "effect"
import { answer } from "./answer.ts"
import { maxContent } from "./limits.ts"
import { payload } from "./message.ts"
import { see } from "./see.ts"

/** Posts to a Discord channel through its webhook, and edits the messages when the alert clears. */
export class Discord extends ChannelPlugin.Service<Discord>()("discord", {
  title: "Discord",
  settings: Schema.Struct({
    url: Schema.Redacted(
      Schema.String.check(
        Schema.makeFilter((url) => idOf(url) !== undefined, {
          expected: "a webhook's URL, such as https://discord.com/api/webhooks/<id>/<token>"
        })
      )
    ).annotateKey({
      title: "URL",
      description: "The webhook's URL; whoever has it can post. Add ?thread_id=... to post into a thread"
    }),
    onClear: Schema.optionalKey(Schema.Literals(["edit", "reply", "both"])).annotateKey({
      title: "On clear",
      description:
        "What a clear does: edit changes the messages of the alert, which notifies nobody; reply posts a message; both, also when absent, does both"
    })
  }),
  settingsVersion: 1,
  example: { url: "https://discord.com/api/webhooks/000000000000000000/XXXXXXXXXXXXXXXXXXXX" },
  setup: [
    "In Discord open the settings of the channel, Integrations, Webhooks.",
    "Choose New Webhook, give it a name, and check that the channel is right.",
    "Choose Copy Webhook URL."
  ],
  // Discord documents no number, because its limits may change. Its answers report the rest, which the hints pass on:
  // https://docs.discord.com/developers/topics/rate-limits. In practice webhooks accept 5 messages in 2 seconds and 30
  // a minute.
  rateLimits: ({ url }) => [
    { key: limitKey(Redacted.value(url)), messages: 30, perSeconds: 60, burst: 5 },
    { key: url, messages: 5, perSeconds: 2, burst: 5 }
  ],
  sizes: { text: maxContent },
  capabilities: { update: true, verify: true },
  preview: (_, notification) => see(payload(Message.fromNotification(notification), "rich"))
}) {
  static readonly layer = HttpChannel.layer(Discord, {
    request: ({ onClear = "both", url }, notification, options) => {
      const body = payload(Message.fromNotification(notification), options.form)
      const post = HttpClientRequest.post(endpoint(url, "", { wait: "true" })).pipe(
        HttpClientRequest.bodyJsonUnsafe(body)
      )
      const [first, ...others] =
        onClear === "reply"
          ? []
          : ChannelPlugin.receiptsToUpdate(notification, options).flatMap(({ data }) =>
              Option.toArray(decodeKept(data)).map(({ messageId }) =>
                HttpClientRequest.patch(endpoint(url, `/messages/${encodeURIComponent(messageId)}`, {})).pipe(
                  HttpClientRequest.bodyJsonUnsafe(body)
                )
              )
            )
      if (first === undefined) return post
      return onClear === "edit" ? [first, ...others] : [first, ...others, post]
    },
    answer: (given, { now, purpose, settings: { url } }) =>
      answer(given, { key: limitKey(Redacted.value(url)), now, purpose: purpose._tag }),
    verify: ({ url }) => HttpClientRequest.get(endpoint(url, "", {}))
  })
}

/** The webhook's id, which is not secret; undefined if the URL is not a webhook's. */
const idOf = (url: string): string | undefined =>
  URL.canParse(url) ? /^https?:\/\/[^/]+(?:\/.*)?\/webhooks\/(\d+)\/[\w-]+\/?$/.exec(withoutQuery(url))?.[1] : undefined

const withoutQuery = (url: string): string => url.replace(/[?#].*$/s, "")

/** The key of the rate limit; it contains no token, because hints name it. */
const limitKey = (url: string): string => `webhook ${idOf(url) ?? ""}`

/** A URL below the webhook's, with its `thread_id` if it has one. */
const endpoint = (url: Redacted.Redacted<string>, path: string, query: { readonly [name: string]: string }): string => {
  const made = new URL(Redacted.value(url))
  made.pathname = made.pathname.replace(/\/$/, "") + path
  for (const [name, value] of Object.entries(query)) made.searchParams.set(name, value)
  return made.href
}

const decodeKept = Schema.decodeUnknownOption(Schema.Struct({ messageId: Schema.NonEmptyString }))
