import { ChannelPlugin, Connector, DeliveryError, Message, Unavailable } from "@tocsin/core"
import { Effect, Layer, Schema } from "effect"

/** Writes each message to My Channel by a connection of its own. */
export class MyChannel extends ChannelPlugin.Service<MyChannel>()("my-channel", {
  title: "My Channel",
  settings: Schema.Struct({
    host: Schema.NonEmptyString.annotateKey({ title: "Host", description: "The server's host name" }),
    port: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 65_535 })).annotateKey({
      title: "Port",
      description: "The server's port"
    })
  }),
  settingsVersion: 1,
  example: { host: "chat.example.com", port: 6697 },
  setup: ["Ask whoever runs the server for its host name and port."],
  // Name the vendor's page that states the limit.
  budgets: ({ host, port }) => [{ key: `${host}:${port}`, messages: 10, perSeconds: 10, burst: 5 }],
  sizes: { text: 4000 },
  capabilities: {}
}) {
  static readonly layer = Layer.effect(
    MyChannel,
    Effect.gen(function* () {
      const { connect } = yield* Connector
      return MyChannel.of({
        deliver: Effect.fnUntraced(function* ({ host, port }, notification) {
          const socket = yield* connect({ host, port, tls: false })
          const { write } = yield* socket.writer
          const text = Message.plainText(Message.fromNotification(notification), MyChannel.sizes.text)
          yield* Effect.mapError(
            write(`${text}\n`),
            () => new DeliveryError({ reason: new Unavailable({ detail: "The connection ended", unanswered: true }) })
          )
          return {}
        }, Effect.scoped),
        destination: ({ host, port }) => `tcp://${host}:${port}`
      })
    })
  )
}
