/**
 * An integration: a configured channel.
 */
import { Schema } from "effect"
import { PathSegment } from "./identifiers.ts"

/** The id of an integration. */
export const IntegrationId = PathSegment.pipe(Schema.brand("IntegrationId"))
export type IntegrationId = typeof IntegrationId.Type

/** The rate limit of an integration, instead of the one that its plugin declares. */
export const Limits = Schema.Struct({
  messages: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })).annotateKey({
    description: "Messages in each period; 1 to 1,000,000."
  }),
  perSeconds: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 86_400 })).annotateKey({
    description: "The period's length in seconds; 1 to 86,400."
  }),
  burst: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })).annotateKey({
    description: "Messages that may be sent at once after a pause; 1 to `messages`."
  })
}).check(
  Schema.makeFilter(({ burst, messages }) => burst <= messages, { expected: "a burst that is not above messages" })
)
export type Limits = typeof Limits.Type

/** Time limits of deliveries, all in seconds. */
export const DeliveryOptions = Schema.Struct({
  timeout: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 120 }))).annotateKey({
    description: "The longest time for one attempt; 1 to 120, by default that of the plugin, most often 10."
  }),
  maxBackoff: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3600 }))).annotateKey({
    description: "The longest pause between two attempts; 1 to 3,600, 300 by default."
  }),
  deadline: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 60, maximum: 604_800 }))).annotateKey({
    description: "How long to try, from the delivery's creation; 60 to 604,800, 86,400 by default."
  }),
  fallbackAfter: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 86_400 }))).annotateKey({
    description: "How long an integration must be unavailable before its fallback is used; 0 to 86,400, 300 by default."
  })
})
export type DeliveryOptions = typeof DeliveryOptions.Type

/**
 * A configured channel: the type of its plugin, and the plugin's settings, decoded by its schema.
 */
export interface Integration<Settings = unknown> {
  readonly id: IntegrationId
  readonly name: string
  readonly type: string
  readonly enabled: boolean
  readonly settings: Settings
  readonly limits?: Limits
  readonly fallback?: IntegrationId
  readonly delivery?: DeliveryOptions
}
