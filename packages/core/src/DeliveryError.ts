/**
 * Why a notification did not arrive.
 */
import { Schema } from "effect"
import { Link } from "./Alert.ts"

/** The state of a rate limit, as the service reported it: the engine does not exceed it before `resetAt`. */
export const RateLimitHint = Schema.Struct({
  /** The `key` of one of the plugin's rate limits. A `Redacted` key cannot be named here. */
  key: Schema.String,
  remaining: Schema.Natural,
  resetAt: Schema.DateTimeUtc
})
export type RateLimitHint = typeof RateLimitHint.Type

/** The answer of the service, short and without secrets: `HTTP 404: no_service`. */
const detail = Schema.String

/**
 * The service asks for fewer messages, and for none before `retryAfter` has passed. If it does not say how long to
 * wait, leave `retryAfter` out: the engine's own pause doubles with each such answer in a row, from one second up to
 * the integration's `maxBackoff`.
 */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  detail,
  retryAfter: Schema.optionalKey(Schema.Duration)
}) {}

/**
 * The service could not be reached, did not answer in time, or failed (408, 5xx).
 * `unanswered` is true if the request was sent and no answer came: the service may have accepted it.
 * `retryAfter` is the pause that the service asks for, if any.
 */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", {
  detail,
  unanswered: Schema.optionalKey(Schema.Boolean),
  retryAfter: Schema.optionalKey(Schema.Duration)
}) {}

/** The service does not accept the credential. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", { detail }) {}

/** The channel or the webhook no longer exists. */
export class DestinationGone extends Schema.TaggedError<DestinationGone>()("DestinationGone", { detail }) {}

/** The service refused this message, and may accept it in another form. */
export class PayloadRejected extends Schema.TaggedError<PayloadRejected>()("PayloadRejected", { detail }) {}

/**
 * The message that should be updated, or replied to, no longer exists. The delivery is attempted again at once, in the
 * same form, with a conversation that has no messages, so that the plugin posts a new one. This does not count as a
 * rejection.
 */
export class MessageGone extends Schema.TaggedError<MessageGone>()("MessageGone", { detail }) {}

/** The service refused for any other reason that a person must fix. */
export class Misconfigured extends Schema.TaggedError<Misconfigured>()("Misconfigured", { detail }) {}

/** The `code` of a connection error with which egress refuses a destination; its message is for the operator. */
export const egressRefusedCode = "TOCSIN_EGRESS_REFUSED"

/**
 * The `code` of the error that ends the body of an answer whose status arrived and whose rest the HTTP client cannot
 * read; its message is for the operator.
 */
export const answerUnreadableCode = "TOCSIN_ANSWER_UNREADABLE"

/**
 * The `code` of an error before the request was sent, so that no service received it; its message is for the operator.
 */
export const notSentCode = "TOCSIN_NOT_SENT"

/** The reasons why a notification did not arrive. The plugin classifies; the engine decides what follows. */
export const Reason = Schema.Union([
  RateLimited,
  Unavailable,
  Unauthorized,
  DestinationGone,
  PayloadRejected,
  MessageGone,
  Misconfigured
])
export type Reason = typeof Reason.Type

/** The outcome at one of several recipients of an integration, such as one address of an e-mail. */
export const RecipientOutcome = Schema.Struct({
  /** The recipient as people know it. Unique among the outcomes of a delivery; not a secret. */
  recipient: Schema.String,
  status: Schema.Literals(["delivered", "failed"]),
  /** What the service said about this recipient, in few words and without secrets. */
  detail: Schema.optionalKey(Schema.String)
})
export type RecipientOutcome = typeof RecipientOutcome.Type

/**
 * The partial result of a failed attempt: the recipients who have the message already. `data` is for the plugin's next
 * attempt, at most 4 KiB of JSON; `recipients` is for people.
 */
export const PartialDelivery = Schema.Struct({
  data: Schema.Json,
  link: Schema.optionalKey(Link),
  recipients: Schema.optionalKey(Schema.Array(RecipientOutcome))
})
export type PartialDelivery = typeof PartialDelivery.Type

/**
 * Why a notification did not arrive.
 *
 * It has no `cause` on purpose: an HTTP client's errors print the request's URL,
 * and a webhook's URL is a secret.
 */
export class DeliveryError extends Schema.TaggedError<DeliveryError>()("DeliveryError", {
  reason: Reason,
  rateLimits: Schema.optionalKey(Schema.Array(RateLimitHint)),
  /**
   * The recipients that were reached although the delivery as a whole failed, including those of earlier attempts. It
   * is stored with the delivery, and the next attempt gets it as `DeliverOptions.partial`.
   */
  partial: Schema.optionalKey(PartialDelivery)
}) {
  override get message(): string {
    return `${this.reason._tag}: ${this.reason.detail}`
  }
}
