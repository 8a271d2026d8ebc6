import { ChannelPlugin, HttpChannel, HttpClientRequest, Message } from "@tocsin/core"
import { Schema } from "effect"

/** The smallest plugin: copy this folder to start your own. */
export class Hello extends ChannelPlugin.Service<Hello>()("hello", {
  title: "Hello",
  settings: Schema.Struct({
    url: Schema.URL.annotateKey({ title: "URL", description: "Where to post each message, as plain text" })
  }),
  settingsVersion: 1,
  example: { url: "https://hello.example.com/room" },
  setup: ["Take the address of any server that takes a POST of plain text."],
  rateLimits: ({ url }) => [{ key: url.href, messages: 10, perSeconds: 1, burst: 10 }],
  sizes: { text: 4000 },
  capabilities: {}
}) {
  static readonly layer = HttpChannel.layer(Hello, {
    request: ({ url }, notification) =>
      HttpClientRequest.post(url).pipe(
        HttpClientRequest.bodyText(Message.plainText(Message.fromNotification(notification), Hello.sizes.text))
      )
  })
}
