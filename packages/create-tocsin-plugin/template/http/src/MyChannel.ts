import { ChannelPlugin, HttpChannel, HttpClientRequest, Message, Misconfigured, type Notification } from "@tocsin/core"
import { Redacted, Schema } from "effect"

/** The longest text of a message, in UTF-16 units. Name the vendor's page that states the limit. */
const maxText = 4000

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
  preview: (_, notification) => ({
    blocks: [{ _tag: "Text", spans: [{ _tag: "Plain", text: textOf(notification) }] }]
  }),
  // Name the vendor's page that states the limit.
  rateLimits: ({ token }) => [{ key: token, messages: 10, perSeconds: 10, burst: 5 }],
  sizes: { text: maxText },
  capabilities: {}
}) {
  static readonly layer = HttpChannel.layer(MyChannel, {
    request: ({ token, url }, notification) =>
      HttpClientRequest.post(url).pipe(
        HttpClientRequest.bearerToken(Redacted.value(token)),
        HttpClientRequest.bodyJsonUnsafe({ text: textOf(notification) })
      ),
    // My Channel accepts a message with an empty answer. A 200 with a page comes from a proxy.
    answer: ({ body, status }) =>
      status === 200 && body !== "" ? new Misconfigured({ detail: "HTTP 200, but not My Channel's answer" }) : undefined
  })
}

const textOf = (notification: Notification) => Message.plainText(Message.fromNotification(notification), maxText)
