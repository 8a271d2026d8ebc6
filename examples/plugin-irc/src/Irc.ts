import { ChannelPlugin, Connector, DeliveryError, Message, Unavailable } from "@tocsin/core"
import { Effect, Layer, Option, Redacted, Schema, Stream } from "effect"
import { Socket } from "effect/socket"
import { asked, greeting, refusal, said } from "./lines.ts"

/** The most chunks that are read before the expected answer; a server's greeting may be long. */
const maxPieces = 256

/** A plugin without HTTP: it sends each message to an IRC channel over a connection of its own. */
export class Irc extends ChannelPlugin.Service<Irc>()("irc", {
  title: "IRC",
  settings: Schema.Struct({
    host: Schema.String.check(
      Schema.isPattern(/^[\w.-]+$/u, { expected: "a host name or an IPv4 address" })
    ).annotateKey({ title: "Host", description: "The server's host name" }),
    port: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 })).annotateKey({
      title: "Port",
      description: "The server's port: 6697 by TLS, 6667 without"
    }),
    tls: Schema.optionalKey(Schema.Boolean).annotateKey({
      title: "TLS",
      description: "Whether to use TLS; true when absent"
    }),
    nick: Schema.String.check(
      Schema.isPattern(/^[A-Za-z[\]\\`_^{|}][\w[\]\\`^{|}-]*$/u, { expected: "a nickname" })
    ).annotateKey({
      title: "Nickname",
      description: "Who says it; nobody else may use that name meanwhile"
    }),
    password: Schema.optionalKey(
      Schema.Redacted(Schema.String.check(Schema.isPattern(/^[^\r\n\0]+$/u, { expected: "a password on one line" })))
    ).annotateKey({ title: "Password", description: "The server's password, if it has one" }),
    channel: Schema.String.check(
      Schema.isPattern(/^[#&][^\s,\p{Cc}]+$/u, { expected: "a channel, such as #ops" })
    ).annotateKey({
      title: "Channel",
      description: "Where it is said"
    })
  }),
  settingsVersion: 1,
  example: { host: "irc.example.com", port: 6697, nick: "tocsin", channel: "#ops" },
  setup: ["Choose a nickname that nobody uses, and see that it may join the channel."],
  // Servers accept a few lines at once on a new connection, then one every two seconds.
  rateLimits: ({ host, nick, port }) => [{ key: `${host}:${port}:${nick}`, messages: 1, perSeconds: 5, burst: 1 }],
  sizes: { text: 1000 },
  capabilities: {}
}) {
  static readonly layer = Layer.effect(
    Irc,
    Effect.gen(function* () {
      const { connect } = yield* Connector
      return Irc.of({
        deliver: Effect.fnUntraced(function* (settings, notification) {
          const text = Message.plainText(Message.fromNotification(notification), Irc.sizes.text)
          const socket = yield* connect({ ...settings, tls: settings.tls ?? true })
          // The connection may break at any time from here on; once the message is written, its outcome is unknown.
          let isSaid = false
          const unavailable = (detail: string) =>
            new DeliveryError({ reason: new Unavailable({ detail, ...(isSaid && { unanswered: true }) }) })
          const ended = () => unavailable("The connection ended")
          const endless = () => unavailable("The server talks without an end")

          const pull = yield* Effect.mapError(Socket.readerString(socket), ended)
          const { write } = yield* socket.writer
          const send = (lines: ReadonlyArray<string>) =>
            Effect.mapError(write(lines.map((line) => `${line}\r\n`).join("")), ended)

          yield* send(greeting(settings.nick, Option.map(Option.fromNullishOr(settings.password), Redacted.value)))
          let pieces = 0
          const next = Effect.suspend(() =>
            ++pieces > maxPieces ? Effect.fail(endless()) : Effect.mapError(pull, ended)
          )
          yield* Stream.fromPull(Effect.succeed(next)).pipe(
            Stream.splitLines,
            Stream.map(asked),
            Stream.takeUntil(({ command }) => command === "PONG"),
            Stream.runForEach(
              Effect.fnUntraced(function* ({ command, parameters }) {
                const reason = refusal(command)
                if (reason !== undefined) return yield* new DeliveryError({ reason })
                if (command === "ERROR") return yield* unavailable("The server closed the connection")
                if (command === "PING") return yield* send([`PONG :${parameters.at(-1) ?? ""}`])
                // Welcome.
                if (command === "001") return yield* send([`JOIN ${settings.channel}`])
                // The end of the channel's list of names: the channel is joined. The answer to the PING shows that the
                // server has read everything before it.
                if (command === "366") {
                  isSaid = true
                  return yield* send([...said(settings.channel, text), "PING :said"])
                }
              })
            )
          )
          yield* send(["QUIT"])
          return {}
        }, Effect.scoped),
        destination: ({ host, port, tls = true }) => `${tls ? "tls" : "tcp"}://${host}:${port}`
      })
    })
  )
}
