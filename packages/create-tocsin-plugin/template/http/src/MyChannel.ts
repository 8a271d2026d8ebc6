import { ChannelPlugin, HttpChannel, HttpClientRequest, Message } from "@tocsin/core"
import { Redacted, Schema } from "effect"

/** Posts each message to My Channel. */
export class MyChannel extends ChannelPlugin.Service<MyChannel>()("my-channel", {
  title: "My Channel",
  settings: Schema.Struct({
    url: Schema.URL.annotateKey({ title: "URL", description: "Where to post each message" }),
    token: Schema.Redacted(Schema.NonEmptyString).annotateKey({
      title: "Token",
      description: "The room's token; whoever has it can post"
    })
  }),
  settingsVersion: 1,
  example: { url: "https://chat.example.com/rooms/ops", token: "XXXXXXXXXXXXXXXX" },
  setup: ["In My Channel open the room's settings, make a token, and copy it and the room's URL."],
  // Name the vendor's page that states the limit.
  rateLimits: ({ token }) => [{ key: token, messages: 10, perSeconds: 10, burst: 5 }],
  sizes: { text: 4000 },
  capabilities: {}
}) {
  static readonly layer = HttpChannel.layer(MyChannel, {
    request: ({ token, url }, notification) =>
      HttpClientRequest.post(url).pipe(
        HttpClientRequest.bearerToken(Redacted.value(token)),
        HttpClientRequest.bodyText(Message.plainText(Message.fromNotification(notification), MyChannel.sizes.text))
      )
  })
}
