/**
 * The contract between Tocsin and a channel plugin.
 *
 * A plugin is one class: a `Context.Service` that also declares the type of its integrations (`type`), their settings
 * (`settings`) and the limits of their messages (`rateLimits`, `sizes`). Its static `layer` implements it, most often
 * with `HttpChannel.layer`.
 */
import { Context, type Effect, Predicate, type Redacted, Schema } from "effect"
import type { HttpClientRequest } from "effect/http"
import { Link } from "./Alert.ts"
import { type DeliveryError, type PartialDelivery, RateLimitHint, RecipientOutcome } from "./DeliveryError.ts"
import type { Kind, Notification } from "./Notification.ts"
import type { Preview } from "./Preview.ts"
import type { WithoutSecrets } from "./settings/withoutSecrets.ts"

/** The form of a message: as the channel shows it best, or plain text, after the service refused the rich form. */
export type Form = "rich" | "plain"

/**
 * What the service returned for a message. With it, a later message of the conversation can update or follow this one.
 */
export const Receipt = Schema.Struct({
  /** Whatever the plugin needs to find the message again; at most 4 KiB as JSON, without secrets. */
  data: Schema.optionalKey(Schema.Json),
  /** Where a person can see the message. */
  link: Schema.optionalKey(Link),
  rateLimits: Schema.optionalKey(Schema.Array(RateLimitHint)),
  /**
   * The outcome at each of several recipients, including those that will never get the message. The delivery still
   * counts as delivered; its history shows them. To have some of them attempted again, fail with
   * `DeliveryError.partial` instead.
   */
  recipients: Schema.optionalKey(Schema.Array(RecipientOutcome)),
  /**
   * Why the service's answer could not be read although its status reported success. The delivery counts as delivered
   * and is not retried; its history shows this reason. In few words and without secrets.
   */
  unreadable: Schema.optionalKey(Schema.String)
})
export type Receipt = typeof Receipt.Type

/** A message that was delivered in a conversation: the kind of its notification, and its receipt. */
export interface DeliveredMessage {
  readonly kind: Kind
  readonly receipt: Receipt
}

/** One alert at one integration, as a plugin sees it. */
export interface Conversation {
  /**
   * The same for every message about the alert's episode at this integration: the key for services that correlate a
   * raise and its clear, such as PagerDuty's `dedup_key`.
   */
  readonly id: string
  /**
   * The messages delivered so far, oldest first, at most 20: the first, and the latest of the others. Empty for the
   * first message, and after an edit of the integration, because receipts belong to the settings under which they were
   * returned.
   */
  readonly messages: ReadonlyArray<DeliveredMessage>
}

/**
 * The receipts of the messages that a clear changes, oldest first: those of the raise, of its escalations and
 * reminders, and of the test that a cleared test follows. At most four, the first and the latest three, so that a clear
 * stays below the number of requests that services accept at once. Empty for every other notification, and if nothing
 * was delivered before.
 */
export const receiptsToUpdate = (
  notification: Notification,
  { conversation }: Pick<DeliverOptions, "conversation">
): ReadonlyArray<Receipt> => {
  const clears = notification._tag === "Cleared" || (notification._tag === "Test" && notification.of === "Cleared")
  if (!clears || conversation === undefined) return []
  const changed = conversation.messages.flatMap(({ kind, receipt }) => (changedByClear.has(kind) ? [receipt] : []))
  return [...changed.slice(0, 1), ...changed.slice(1).slice(-3)]
}

const changedByClear: ReadonlySet<Kind> = new Set<Kind>(["Raised", "Escalated", "Reminder", "Test"])

/** How to deliver. */
export interface DeliverOptions {
  readonly form: Form
  /**
   * The same for every attempt of one delivery, and different for every other delivery, a redelivery included: the key
   * for services that recognise a repeated request, such as Matrix' transaction id or the header `webhook-id`.
   */
  readonly deliveryId: string
  /** Absent for digests and notices. Of a `DigestList` it is the digest's: its `deliveryId` and its receipt. */
  readonly conversation?: Conversation
  /**
   * What earlier attempts of this delivery achieved, as the plugin put it into `DeliveryError.partial`: the recipients
   * who have the message already. Send to the others only. Absent after an edit of the integration's settings, and if
   * the message has changed since, so that everybody must get it.
   */
  readonly partial?: PartialDelivery
  /**
   * The trace context of this attempt, as the value of the header `traceparent`
   * (https://www.w3.org/TR/trace-context/); absent if the gateway exports no traces. Send it only to servers of the
   * operator's own, such as a webhook's: others have no use for it.
   */
  readonly traceparent?: string
}

/**
 * One limit of the service: `messages` in `perSeconds`, of which `burst`, at most `messages`, may be sent at once after
 * a pause.
 */
export interface RateLimit {
  /**
   * What the limit applies to, such as a channel or a token. Integrations of this type with equal keys share it. A key
   * that contains a credential is `Redacted`, so that nothing prints it.
   */
  readonly key: string | Redacted.Redacted<string>
  readonly messages: number
  readonly perSeconds: number
  readonly burst: number
}

/** Optional features of a channel, and messages that it does not need. */
export interface Capabilities {
  /** A clear can change the message that was posted for the raise. */
  readonly update?: boolean
  /** A clear can be posted as a reply to the raise, and a `DigestList` as a reply to its digest. */
  readonly thread?: boolean
  /** `verify` checks the settings without posting, at least those of one form. */
  readonly verify?: boolean
  /**
   * False if a digest makes no sense, such as for incidents that nothing would resolve: every alert is then sent by
   * itself, at the pace of the rate limits, even in a storm. True when absent.
   */
  readonly digest?: boolean
  /**
   * The kinds of notification that this channel has no message for, such as `RaisedAndCleared` where nobody should be
   * paged for a problem that is over. They are recorded as superseded, with this cause, and the plugin is not called. A
   * clear still follows its raise, unless clears are skipped, too.
   */
  readonly skips?: ReadonlyArray<Exclude<Kind, "Digest" | "Test">>
}

/**
 * The implementation of a plugin. It makes one attempt: no retries, no timeouts, no logs, no configuration except its
 * settings.
 */
export interface Channel<in Settings> {
  /** Delivers one notification in one attempt, in the requested form. */
  readonly deliver: (
    settings: Settings,
    notification: Notification,
    options: DeliverOptions
  ) => Effect.Effect<Receipt, DeliveryError>
  /**
   * The URL that messages and secrets are sent to, such as `https://chat.example.com/hooks/1` or
   * `tls://irc.example.net:6697`. An edit that changes any part of it before a `#` must enter the stored secrets again.
   * Settings for which this is not a URL are refused.
   */
  readonly destination: (settings: Settings) => string
  /**
   * The HTTP requests that `deliver` would make, in order, up to the first one whose answer decides the next; pure.
   * `HttpChannel` provides it. A preview shows them, with secrets redacted.
   */
  readonly requests?: (
    settings: Settings,
    notification: Notification,
    options: DeliverOptions
  ) => ReadonlyArray<HttpClientRequest.HttpClientRequest>
  /**
   * Checks without posting whether a message would arrive. It must check the destination, too: a token stays valid
   * after the bot is removed from the channel. Returns undefined for settings that cannot be checked without posting,
   * such as a webhook's: the next delivery finds out whether these work again.
   */
  readonly verify?: (settings: Settings) => Effect.Effect<void, DeliveryError> | undefined
}

/** The longest `timeout` that a plugin may declare, in seconds. */
export const maxTimeout = 60

/** The declarations of a plugin. */
export interface Options<Settings extends Schema.Codec<any, any>> {
  /** The channel's name, as its vendor spells it. */
  readonly title: string
  /**
   * The settings' schema. Secrets are `Schema.Redacted`; every key has a `title` and a `description` by `annotateKey`.
   */
  readonly settings: Settings
  /** The version of the settings' stored form: 1 at first, one more with each change of it. */
  readonly settingsVersion: number
  /**
   * Converts the JSON of settings that an older version stored to the current version; pure. Required from
   * `settingsVersion` 2 on. `settings` decodes the result. If that fails, or this function throws, the integration is
   * broken until somebody saves it again, and its deliveries stay queued.
   */
  readonly migrate?: (stored: { readonly version: number; readonly settings: Schema.Json }) => Schema.Json
  /**
   * Settings as a person would enter them, as JSON, without a real secret. They must decode; `GET /v1/plugins` shows
   * them.
   */
  readonly example: { readonly [setting: string]: Schema.Json }
  /** The steps at the vendor's site to get these settings: one sentence each, plain text. */
  readonly setup: ReadonlyArray<string>
  /**
   * A notification as a person will see it, as data; pure, from settings without secrets. It must be truthful: its
   * texts and links are exactly those of the request for the same notification.
   */
  readonly preview?: (settings: WithoutSecrets<Settings["Type"]>, notification: Notification) => Preview
  /**
   * How many seconds an attempt may take unless the integration says otherwise: 1 to `maxTimeout`, 10 when absent. For a
   * service that answers only after several steps, such as an SMTP server.
   */
  readonly timeout?: number
  /** The service's limits for these settings. */
  readonly rateLimits: (settings: Settings["Type"]) => ReadonlyArray<RateLimit>
  /** Size limits: `text` is the longest plain text in UTF-16 units, before any escaping. */
  readonly sizes: { readonly text: number }
  readonly capabilities: Capabilities
}

/** A declared plugin, without its implementation. */
export interface ChannelPlugin<Self, Type extends string, Settings extends Schema.Codec<any, any>>
  extends
    Context.ServiceClass<Self, `@tocsin/core/ChannelPlugin/${Type}`, Channel<Settings["Type"]>>,
    Options<Settings> {
  /** The type of its integrations: lowercase, the name that the vendor uses. */
  readonly type: Type
}

/** Any channel plugin. */
export interface Any extends ChannelPlugin<any, string, Schema.Codec<any, any>> {}

/**
 * Declares a channel plugin.
 *
 * ```ts
 * export class Pager extends ChannelPlugin.Service<Pager>()("pager", {
 *   title: "Pager",
 *   settings: Schema.Struct({
 *     url: Schema.Redacted(Schema.String).annotateKey({ title: "URL", description: "Where to post" })
 *   }),
 *   settingsVersion: 1,
 *   example: { url: "https://pager.example.com/hooks/secret" },
 *   setup: ["In Pager, open Settings, Webhooks, and copy the URL."],
 *   rateLimits: ({ url }) => [{ key: url, messages: 5, perSeconds: 5, burst: 5 }],
 *   sizes: { text: 4000 },
 *   capabilities: {}
 * }) {
 *   static readonly layer = HttpChannel.layer(Pager, { request: ... })
 * }
 * ```
 */
export const Service =
  <Self>() =>
  <const Type extends string, Settings extends Schema.Codec<any, any>>(
    type: Type,
    options: Options<Settings>
  ): ChannelPlugin<Self, Type, Settings> =>
    Object.assign(Context.Service<Self, Channel<Settings["Type"]>>()(`@tocsin/core/ChannelPlugin/${type}`), {
      [made]: true,
      type,
      ...options
    })

const made = Symbol("@tocsin/core/ChannelPlugin")

/**
 * Whether a value is a channel plugin made by `Service` of this copy of core. A plugin from another copy of core is not
 * accepted, because its errors and services belong to that copy.
 */
export const isChannelPlugin = (value: unknown): value is Any => Predicate.hasProperty(value, made)

export { secretsInCommon } from "./settings/secretsInCommon.ts"
export { secretPointers, settingsSchema } from "./settings/settingsSchema.ts"
