/**
 * The plugin for ntfy: push notifications without an account.
 */
import { ChannelPlugin, cut, HttpChannel, HttpClientRequest, BaseUrl, Message, Misconfigured } from "@tocsin/core"
import { Option, Schema } from "effect"
import { max, published } from "./message.ts"
import { see } from "./see.ts"

const Priority = Schema.optionalKey(Schema.Literals([1, 2, 3, 4, 5]))

/** Publishes to a topic of ntfy.sh or of another server; its subscribers are notified. */
export class Ntfy extends ChannelPlugin.Service<Ntfy>()("ntfy", {
  title: "ntfy",
  settings: Schema.Struct({
    url: BaseUrl.annotateKey({ title: "URL", description: "The server, such as https://ntfy.sh" }),
    topic: Schema.String.check(
      Schema.isPattern(/^[-_A-Za-z0-9]{1,64}$/u, { expected: "1 to 64 letters, digits, - and _" })
    ).annotateKey({
      title: "Topic",
      description: "Where to publish; without access control whoever knows it can read and publish"
    }),
    token: Schema.optionalKey(
      Schema.Redacted(
        Schema.String.check(Schema.isPattern(/^[!-~]+$/u, { expected: "an access token, without spaces" }))
      )
    ).annotateKey({ title: "Token", description: "An access token, tk_..., where the topic is protected" }),
    priorities: Schema.optionalKey(
      Schema.Struct({
        info: Priority.annotateKey({ title: "Priority of info", description: "That of an info alert; 2 when absent" }),
        minor: Priority.annotateKey({
          title: "Priority of minor",
          description: "That of a minor alert; 3 when absent"
        }),
        major: Priority.annotateKey({
          title: "Priority of major",
          description: "That of a major alert; 4 when absent"
        }),
        critical: Priority.annotateKey({
          title: "Priority of critical",
          description: "That of a critical alert; 5 when absent"
        })
      })
    ).annotateKey({
      title: "Priorities",
      description: "How urgently a raised alert notifies, by its severity, from 1 to 5"
    })
  }),
  settingsVersion: 1,
  example: { url: "https://ntfy.sh", topic: "tocsin-XXXXXXXXXXXXXXXX" },
  setup: [
    "Choose a topic that nobody can guess, such as tocsin- and 16 random letters, or protect it on a server of your own.",
    "Install the app from https://ntfy.sh on each phone, and subscribe to the topic there.",
    "If the topic is protected, make an access token that may publish: ntfy token add."
  ],
  // https://docs.ntfy.sh/publish/#limitations: for each visitor 60 at once, then one every 5 seconds.
  rateLimits: ({ token, url }) => [{ key: token ?? url.origin, messages: 60, perSeconds: 300, burst: 60 }],
  sizes: { text: max.message },
  capabilities: {},
  preview: ({ priorities }, notification) =>
    see(published(Message.fromNotification(notification), { form: "rich", ...(priorities && { priorities }) }))
}) {
  static readonly layer = HttpChannel.layer(Ntfy, {
    request: ({ priorities, token, topic, url }, notification, { form }) => {
      const message = published(Message.fromNotification(notification), { form, ...(priorities && { priorities }) })
      const request = HttpClientRequest.post(url.href.endsWith("/") ? url.href : `${url.href}/`).pipe(
        HttpClientRequest.bodyJsonUnsafe({ topic, ...message })
      )
      return token === undefined ? request : HttpClientRequest.bearerToken(request, token)
    },
    answer: ({ body, status }) => {
      const { code, error, id } = Option.getOrElse(decodeAnswer(body), (): typeof Said.Type => ({}))
      if (status === 200 && id !== undefined) return {}
      const detail = `HTTP ${status}: ${cut([code, error].join(" ").trim() || "not ntfy's answer", 200)}`
      // The server does not accept the topic: no other form of the message helps.
      if (status === 400 && (code === 40_009 || code === 40_010)) return new Misconfigured({ detail })
      return status >= 200 && status < 300 ? new Misconfigured({ detail }) : undefined
    }
  })
}

/** An answer: a message (https://docs.ntfy.sh/subscribe/api/#json-message-format), or an error with ntfy's own code. */
const Said = Schema.Struct({
  id: Schema.optionalKey(Schema.NonEmptyString),
  code: Schema.optionalKey(Schema.Number),
  error: Schema.optionalKey(Schema.String)
})

const decodeAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Said))
