import {
  ChannelPlugin,
  Connector,
  cut,
  DeliveryError,
  Message,
  type Notification,
  PayloadRejected,
  redactText,
  Unavailable
} from "@tocsin/core"
import { Effect, Layer, Option, Redacted, Schema, Stream } from "effect"
import { Socket } from "effect/socket"

/** The longest text of a message, in UTF-16 units. Name the page that states the limit. */
const maxText = 4000

/** Writes each message to My Channel as one line on a connection of its own; the server answers `ok`. */
export class MyChannel extends ChannelPlugin.Service<MyChannel>()("my-channel", {
  title: "My Channel",
  settings: Schema.Struct({
    host: Schema.NonEmptyString.annotateKey({ title: "Host", description: "The server's host name" }),
    port: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 })).annotateKey({
      title: "Port",
      description: "The server's port"
    }),
    tls: Schema.optionalKey(Schema.Boolean).annotateKey({
      title: "TLS",
      description: "Whether to use TLS; true when absent"
    }),
    token: Schema.Redacted(
      Schema.String.check(Schema.isPattern(/^\S+$/u, { expected: "a token without spaces" }))
    ).annotateKey({
      title: "Token",
      description: "The room's token; whoever has it can post"
    })
  }),
  settingsVersion: 1,
  example: { host: "chat.example.com", port: 6697, token: "XXXXXXXXXXXXXXXX" },
  setup: ["Ask whoever runs the server for its host name and port, and for the room's token."],
  preview: (_, notification) => ({
    blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text: lineOf(notification) }] }]
  }),
  // Name the vendor's page that states the limit.
  rateLimits: ({ token }) => [{ key: token, messages: 10, perSeconds: 10, burst: 5 }],
  sizes: { text: maxText },
  capabilities: {}
}) {
  static readonly layer = Layer.effect(
    MyChannel,
    Effect.gen(function* () {
      const { connect } = yield* Connector
      return MyChannel.of({
        deliver: Effect.fnUntraced(function* (settings, notification) {
          const { host, port, tls = true, token } = settings
          const socket = yield* connect({ host, port, tls })
          // The server may have accepted the message: `unanswered` reports that the outcome is unknown.
          const ended = () =>
            new DeliveryError({ reason: new Unavailable({ detail: "The connection ended", unanswered: true }) })
          const pull = yield* Effect.mapError(Socket.readerString(socket), ended)
          const { write } = yield* socket.writer
          yield* Effect.mapError(write(`${Redacted.value(token)} ${lineOf(notification)}\n`), ended)
          // Nothing is delivered until the server confirms it.
          const answer = yield* Stream.fromPull(Effect.succeed(pull)).pipe(
            Stream.mapError(ended),
            // Answers are short: stop reading an endless one.
            Stream.take(16),
            Stream.splitLines,
            Stream.runHead
          )
          if (Option.isNone(answer)) return yield* ended()
          if (answer.value !== "ok") {
            const detail = cut(redactText(answer.value, settings), 200)
            return yield* new DeliveryError({ reason: new PayloadRejected({ detail }) })
          }
          return {}
        }, Effect.scoped),
        destination: ({ host, port, tls = true }) => `${tls ? "tls" : "tcp"}://${host}:${port}`
      })
    })
  )
}

/** A message as one line, without line breaks. */
const lineOf = (notification: Notification) =>
  cut(Message.plainText(Message.fromNotification(notification), maxText).replaceAll("\n", " | "), maxText)
