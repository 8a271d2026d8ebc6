/**
 * One attempt of a plugin that posts to a webhook, and why it failed.
 */
import { ChannelPlugin, HttpChannel, HttpClientRequest, type Reason } from "@tocsin/core"
import { samples } from "@tocsin/core/testing"
import { Effect, Redacted, Schema } from "effect"

/** A channel that posts the name of the notification. */
export class Hook extends ChannelPlugin.Service<Hook>()("hook", {
  title: "Hook",
  settings: Schema.Struct({ url: Schema.Redacted(Schema.String) }),
  settingsVersion: 1,
  example: { url: "https://hooks.example/aSecret" },
  setup: [],
  rateLimits: ({ url }) => [{ key: url, messages: 1, perSeconds: 1, burst: 1 }],
  sizes: { text: 4000 },
  capabilities: {}
}) {
  static readonly layer = HttpChannel.layer(Hook, {
    request: ({ url }, { _tag }) =>
      HttpClientRequest.post(Redacted.value(url)).pipe(HttpClientRequest.bodyJsonUnsafe({ text: _tag }))
  })
}

/** Posts once to the URL. */
export const attempt = (url: string) =>
  Effect.flatMap(Hook, ({ deliver }) =>
    deliver({ url: Redacted.make(url) }, samples.notifications.Raised, { form: "rich", deliveryId: "delivery-1" })
  )

/** The reason why a message to the origin's webhook does not arrive. */
export const failure = (origin: string): Effect.Effect<Reason, ChannelPlugin.Receipt, Hook> =>
  Effect.map(Effect.flip(attempt(`${origin}/services/T0/B0/aSecret`)), ({ reason }) => reason)
