/**
 * What follows from a failed attempt (cases D2, D3). Pure.
 */
import type { ChannelPlugin, DeliveryOptions, RateLimited, Unavailable } from "@tocsin/core"
import { Duration } from "effect"
import type { FailureReason } from "./failureReason.ts"

/** What must be known of the delivery and its attempt. Times are epoch milliseconds. */
export interface Failed {
  readonly reason: FailureReason
  /** How many attempts were made, this one included. */
  readonly attempts: number
  readonly form: ChannelPlugin.Form
  readonly createdAt: number
  /** When the attempt began: the deadline ends a delivery only by an attempt that is made after it. */
  readonly startedAt: number
  readonly now: number
  /** A random number from 0 to 1, for the jitter. */
  readonly jitter: number
  readonly options: DeliveryOptions
}

/** What becomes of the delivery. */
export type Consequence =
  | { readonly status: "dead" }
  | { readonly status: "retrying"; readonly nextAt: number; readonly form: ChannelPlugin.Form }

/** A lane that a person must mend tries by itself this often, in milliseconds. */
export const brokenPause = 300_000

/** No service is waited for longer than this, in milliseconds, whatever it asks for: a day. */
export const longestPause = 86_400_000

/** Decides what follows from a failed attempt. */
export const consequence = (failed: Failed): Consequence => {
  const { attempts, createdAt, form, jitter, now, options, reason, startedAt } = failed
  const isOver = startedAt >= createdAt + deadline(options)
  const again = (nextAt: number, nextForm = form): Consequence =>
    isOver ? { status: "dead" } : { status: "retrying", nextAt, form: nextForm }

  switch (reason._tag) {
    case "RateLimited":
      return again(now + pauseFor(reason, { inARow: attempts, jitter, maxBackoff: maxBackoff(options) }))
    case "Unavailable":
      return again(now + Math.max(backoff(attempts, { jitter, maxBackoff: maxBackoff(options) }), askedFor(reason)))
    case "PayloadRejected":
      return form === "rich" ? again(now, "plain") : { status: "dead" }
    case "PluginFailed":
      // Another version of the plugin may deliver it after a restart: only the deadline ends it.
      return form === "rich"
        ? again(now, "plain")
        : again(now + backoff(attempts, { jitter, maxBackoff: maxBackoff(options) }))
    case "MessageGone":
    case "Unauthorized":
    case "DestinationGone":
    case "Misconfigured":
      return again(now)
  }
}

/**
 * How long to pause after a rate-limit answer, in milliseconds: as long as the service asks, at most a day, but never less
 * than a pause that doubles with each such answer in a row, from one second up to `maxBackoff`. So the pause also grows where
 * the service asks for too little. Jitter adds up to half to that pause, and never shortens it.
 */
export const pauseFor = (
  reason: RateLimited,
  { inARow, jitter, maxBackoff }: { readonly inARow: number; readonly jitter: number; readonly maxBackoff: number }
): number => {
  const doubled = backoff(inARow, { jitter: 1, maxBackoff })
  return Math.max(1000, askedFor(reason), Math.min(maxBackoff, Math.ceil(doubled * (1 + jitter / 2))))
}

const askedFor = ({ retryAfter = Duration.zero }: RateLimited | Unavailable): number =>
  Math.min(longestPause, Duration.toMillis(retryAfter))

/** How long an integration's deliveries are tried, in milliseconds. */
export const deadline = (options: DeliveryOptions): number => (options.deadline ?? 86_400) * 1000

/** The longest back-off of an integration, in milliseconds. */
export const maxBackoff = (options: DeliveryOptions): number => (options.maxBackoff ?? 300) * 1000

/** One second, doubling, with full jitter, capped. */
export const backoff = (
  attempts: number,
  { jitter, maxBackoff }: { readonly jitter: number; readonly maxBackoff: number }
): number => Math.ceil(jitter * Math.min(maxBackoff, 1000 * 2 ** Math.min(attempts - 1, 30)))
