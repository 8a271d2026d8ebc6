/**
 * Why a notification did not arrive.
 */
import { Schema } from "effect"

/** What the service said of one of its limits: the engine will not send above it before `resetAt`. */
export const RateLimitHint = Schema.Struct({
  /** The `key` of one of the plugin's rate limits. A `Redacted` key cannot be named here. */
  key: Schema.String,
  remaining: Schema.Natural,
  resetAt: Schema.DateTimeUtc
})
export type RateLimitHint = typeof RateLimitHint.Type

/** What the service answered, in few words and without secrets: `HTTP 404: no_service`. */
const detail = Schema.String

/**
 * The service asks for fewer messages, and for none before `retryAfter` has passed. Where it does not say how long to
 * wait, leave `retryAfter` out: the engine's own pause doubles with each such answer in a row, from one second up to the
 * integration's `maxBackoff`.
 */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  detail,
  retryAfter: Schema.optionalKey(Schema.Duration)
}) {}

/**
 * The service could not be reached, did not answer in time, or failed (408, 5xx).
 * `unanswered` is true when the request went out and no answer came: the service may have taken it.
 * `retryAfter` is how long the service asks to be left alone, if it says so.
 */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", {
  detail,
  unanswered: Schema.optionalKey(Schema.Boolean),
  retryAfter: Schema.optionalKey(Schema.Duration)
}) {}

/** The service does not accept the credential. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", { detail }) {}

/** The room, the hook or the channel is no longer there. */
export class DestinationGone extends Schema.TaggedError<DestinationGone>()("DestinationGone", { detail }) {}

/** The service refused this message; in another form it might take it. */
export class PayloadRejected extends Schema.TaggedError<PayloadRejected>()("PayloadRejected", { detail }) {}

/** The service refused for another reason that a person must mend. */
export class Misconfigured extends Schema.TaggedError<Misconfigured>()("Misconfigured", { detail }) {}

/** The `code` of a connection error with which egress refuses a destination; its message is for the operator. */
export const egressRefusedCode = "TOCSIN_EGRESS_REFUSED"

/** The `code` of an error that came before the request went out, so that nobody has taken it; its message is for the operator. */
export const notSentCode = "TOCSIN_NOT_SENT"

/** The six reasons why a notification did not arrive. The plugin says which; the engine decides what follows. */
export const Reason = Schema.Union([
  RateLimited,
  Unavailable,
  Unauthorized,
  DestinationGone,
  PayloadRejected,
  Misconfigured
])
export type Reason = typeof Reason.Type

/**
 * Why a notification did not arrive.
 *
 * It has no `cause` on purpose: an HTTP client's errors print the request's URL,
 * and a webhook's URL is a secret.
 */
export class DeliveryError extends Schema.TaggedError<DeliveryError>()("DeliveryError", {
  reason: Reason,
  rateLimits: Schema.optionalKey(Schema.Array(RateLimitHint))
}) {
  override get message(): string {
    return `${this.reason._tag}: ${this.reason.detail}`
  }
}
