import { ChannelPlugin, HttpChannel, Message, type Notification, type Preview } from "@tocsin/core"
import { ChannelPluginTest } from "@tocsin/core/testing"
import { Effect, Function, Layer, Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"

export const url = "https://hooks.example.com/s3cr3t-of-the-hook"
const UrlKey = { title: "URL", description: "Where to post" }
export const RoomKey = { title: "Room", description: "In which room it is shown" }

export const Settings = Schema.Struct({
  url: Schema.Redacted(Schema.String).annotateKey(UrlKey),
  room: Schema.optionalKey(Schema.String).annotateKey(RoomKey)
})
export type Settings = typeof Settings.Type
export type SettingsSchema = Schema.Codec<Settings, typeof Settings.Encoded>
export type Channel = ChannelPlugin.Channel<Settings>

/** What is spoilt in a sound plugin. */
export interface Spoils {
  readonly type?: string
  readonly declared?: Partial<ChannelPlugin.Options<SettingsSchema>>
  readonly http?: Partial<HttpChannel.Options<Settings>>
  /** How it uses the client that it is given. */
  readonly client?: (client: HttpClient.HttpClient) => HttpClient.HttpClient
  readonly channel?: (sound: Channel) => Partial<Channel>
  /** Whether its test does not say what a person sees. */
  readonly unread?: true
  readonly options?: Omit<Partial<ChannelPluginTest.Options<never>>, "layer">
}

/** What a sound plugin says. */
export const text = (notification: Notification) => Message.plainText(Message.fromNotification(notification), 1000)

/** A text as a person sees it. */
export const blocks = (text: string): ReadonlyArray<Preview.Block> => [
  { _tag: "Text", spans: [{ _tag: "Plain", text }] }
]

/** The request of a sound plugin. */
export const post = ({ url }: Settings, notification: Notification) =>
  HttpClientRequest.post(Redacted.value(url)).pipe(HttpClientRequest.bodyText(text(notification)))

export const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

/** All checks of a plugin by HTTP in which something is spoilt. */
export const checks = ({
  channel,
  client = Function.identity,
  declared,
  http,
  options,
  type = "hook",
  unread
}: Spoils) => {
  const declaration: ChannelPlugin.Options<SettingsSchema> = {
    title: "Hook",
    settings: Settings,
    settingsVersion: 1,
    example: { url: "https://hooks.example.com/xxx" },
    setup: ["Make a hook."],
    rateLimits: ({ url }) => [{ key: url, messages: 1, perSeconds: 1, burst: 1 }],
    sizes: { text: 1000 },
    capabilities: {},
    preview: (_, notification) => ({ blocks: blocks(text(notification)) }),
    ...declared
  }
  // The compiler tells services apart by their types.
  class Hook extends ChannelPlugin.Service<Hook>()(type as "hook", declaration) {}
  const sound = HttpChannel.layer(Hook, { request: post, ...http })
  const spoilt = Layer.effect(
    Hook,
    Effect.gen(function* () {
      const hook = yield* Hook
      return Hook.of({ ...hook, ...channel?.(hook) })
    })
  ).pipe(
    Layer.provide(sound),
    Layer.provide(Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, client)))
  )
  return ChannelPluginTest.checks(Hook, {
    layer: spoilt,
    settings: { url },
    secrets: ["s3cr3t-of-the-hook"],
    accepted: () => new Response("ok"),
    validate: ({ body }) =>
      body._tag === "Uint8Array" && body.body.length > 0 && body.body.length <= 4000 ? [] : ["has no fitting text"],
    ...(unread !== true && {
      read: (request: HttpClientRequest.HttpClientRequest) => ({ blocks: blocks(bodyOf(request)) })
    }),
    ...options
  })
}
