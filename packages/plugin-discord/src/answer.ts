/**
 * Classifies Discord's answers.
 *
 * @see https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
 */
import {
  type ChannelPlugin,
  cut,
  DestinationGone,
  HttpChannel,
  MessageGone,
  Misconfigured,
  RateLimited,
  type Reason,
  Unauthorized
} from "@tocsin/core"
import { Duration, Option, Schema } from "effect"

/** A message is delivered if the answer has its id, by which a later clear edits it. `key` is the rate limit's. */
export const answer = (
  { body, headers, status }: HttpChannel.Answer,
  { key, now, purpose }: { readonly key: string; readonly now: number; readonly purpose: "deliver" | "verify" }
): ChannelPlugin.Receipt | Reason | undefined => {
  const { code, id, message, retry_after } = Option.getOrElse(decodeAnswer(body), (): typeof Said.Type => ({}))
  if (status === 200) {
    const hints = HttpChannel.rateLimitHints(headers, key, now)
    const rateLimits = hints.length > 0 && { rateLimits: hints }
    if (purpose === "verify" && id !== undefined) return {}
    return id === undefined
      ? new Misconfigured({ detail: "HTTP 200, but not Discord's answer" })
      : { data: { messageId: id }, ...rateLimits }
  }
  // The server does not support `wait`.
  if (status === 204) return {}
  const detail = `HTTP ${status}: ${cut([code, message].join(" ").trim(), 200)}`
  if (status === 429 && code !== tooManyEdits) {
    const seconds = Option.liftPredicate(retry_after ?? 0, (seconds) => seconds > 0)
    const asked = HttpChannel.retryAfter(headers, now) ?? Option.getOrUndefined(Option.map(seconds, Duration.seconds))
    return new RateLimited({ detail, ...(asked && { retryAfter: asked }) })
  }
  const Reason = code === undefined || status < 400 || status >= 500 ? undefined : reasons.get(code)
  if (Reason !== undefined) return new Reason({ detail })
  return status > 200 && status < 300
    ? new Misconfigured({ detail: `HTTP ${status}, but not Discord's answer` })
    : undefined
}

/**
 * The message is more than an hour old, and was edited too often, as others of that age in the channel were. Discord does
 * not say for how long: a new message replaces it, and everything else is sent meanwhile.
 */
const tooManyEdits = 30_046

const reasons = new Map<number, new (of: { readonly detail: string }) => Reason>([
  [10_003, DestinationGone],
  [10_008, MessageGone],
  [10_015, DestinationGone],
  [tooManyEdits, MessageGone],
  [50_027, Unauthorized],
  // A forum's webhook needs a thread in its URL, and a closed thread counts as gone.
  [220_001, Misconfigured],
  [220_003, Misconfigured],
  [50_083, DestinationGone]
])

const Said = Schema.Struct({
  id: Schema.optionalKey(Schema.NonEmptyString),
  code: Schema.optionalKey(Schema.Number),
  message: Schema.optionalKey(Schema.String),
  retry_after: Schema.optionalKey(Schema.Finite)
})

const decodeAnswer = Schema.decodeUnknownOption(Schema.fromJsonString(Said))
