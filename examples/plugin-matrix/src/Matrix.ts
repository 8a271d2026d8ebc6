/**
 * Posts alerts to a Matrix room, and edits them when they clear.
 */
import {
  BaseUrl,
  ChannelPlugin,
  DestinationGone,
  HttpChannel,
  HttpClientRequest,
  Misconfigured,
  RateLimited
} from "@tocsin/core"
import { Duration, Option, Redacted, Schema } from "effect"
import { content } from "./content.ts"

/** Posts each message to a Matrix room, through the client-server API of its homeserver. */
export class Matrix extends ChannelPlugin.Service<Matrix>()("matrix", {
  title: "Matrix",
  settings: Schema.Struct({
    url: BaseUrl.annotateKey({ title: "URL", description: "The homeserver, such as https://matrix.example.com" }),
    roomId: Schema.String.check(Schema.isPattern(/^!.+$/u)).annotateKey({
      title: "Room id",
      description: "The room's internal id, such as !abc:example.com"
    }),
    token: Schema.Redacted(Schema.NonEmptyString).annotateKey({
      title: "Access token",
      description: "The access token of a user who is in the room"
    })
  }),
  settingsVersion: 1,
  example: { url: "https://matrix.example.com", roomId: "!ops:example.com", token: "syt_XXXXXXXXXXXXXXXX" },
  setup: [
    "Create a user for Tocsin on your homeserver, and invite it to the room.",
    "Sign in as that user, accept the invitation, and copy the access token from Settings, Help & About.",
    "Copy the room's internal id from its settings, under Advanced."
  ],
  // Synapse's default, rc_message: 0.2 a second with a burst of 10.
  // https://element-hq.github.io/synapse/latest/usage/configuration/config_documentation.html#rc_message
  rateLimits: ({ token }) => [{ key: token, messages: 12, perSeconds: 60, burst: 10 }],
  sizes: { text: 8000 },
  capabilities: { update: true, verify: true }
}) {
  static readonly layer = HttpChannel.layer(Matrix, {
    request: (settings, notification, options) => {
      const { deliveryId, form } = options
      const shown = content(notification, { form, text: Matrix.sizes.text })
      const [first, ...others] = edited(notification, options).map((eventId, n) =>
        send(settings, `${deliveryId}-${n}`, {
          ...shown,
          body: `* ${shown.body}`,
          "m.new_content": shown,
          "m.relates_to": { rel_type: "m.replace", event_id: eventId }
        })
      )
      return first === undefined ? send(settings, deliveryId, shown) : [first, ...others]
    },
    answer: ({ body, headers, status }, { now, purpose, settings }) => {
      const { errcode, event_id, retry_after_ms } = Option.getOrElse(decodeAnswer(body), () => nothing)
      if (status === 200 && purpose._tag === "deliver") {
        if (event_id === undefined) return new Misconfigured({ detail: "HTTP 200, but not a homeserver's answer" })
        return { data: { eventId: event_id }, link: new URL(`https://matrix.to/#/${settings.roomId}/${event_id}`) }
      }
      // The user was removed from the room, or was never in it.
      if (status === 403 && errcode === "M_FORBIDDEN") return new DestinationGone({ detail: "HTTP 403: M_FORBIDDEN" })
      if (status !== 429) return undefined
      // Newer servers send Retry-After, older ones the field.
      const asked = HttpChannel.retryAfter(headers, now) ?? (retry_after_ms && Duration.millis(retry_after_ms))
      return new RateLimited({ detail: `HTTP 429: ${errcode ?? ""}`, ...(asked && { retryAfter: asked }) })
    },
    // Fails both without a valid token and without access to the room.
    verify: (settings) => call(HttpClientRequest.get, settings, "joined_members")
  })
}

type Settings = typeof Matrix.settings.Type

const call = (method: typeof HttpClientRequest.get, { roomId, token, url }: Settings, path: string) =>
  method(new URL(`/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/${path}`, url)).pipe(
    HttpClientRequest.bearerToken(Redacted.value(token))
  )

const send = (settings: Settings, transaction: string, event: object) =>
  call(HttpClientRequest.put, settings, `send/m.room.message/${encodeURIComponent(transaction)}`).pipe(
    HttpClientRequest.bodyJsonUnsafe(event)
  )

/** The events that a clear edits: those of the raise and of its escalations. */
const edited = (...delivery: Parameters<typeof ChannelPlugin.receiptsToUpdate>): ReadonlyArray<string> =>
  ChannelPlugin.receiptsToUpdate(...delivery).flatMap(({ data }) =>
    Option.match(decodeKept(data), { onNone: () => [], onSome: ({ eventId }) => [eventId] })
  )

const decodeKept = Schema.decodeUnknownOption(Schema.Struct({ eventId: Schema.String }))

/** https://spec.matrix.org/latest/client-server-api/#standard-error-response */
const decodeAnswer = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({
      event_id: Schema.optionalKey(Schema.NonEmptyString),
      errcode: Schema.optionalKey(Schema.String),
      retry_after_ms: Schema.optionalKey(Schema.Number)
    })
  )
)

const nothing: { readonly event_id?: string; readonly errcode?: string; readonly retry_after_ms?: number } = {}
