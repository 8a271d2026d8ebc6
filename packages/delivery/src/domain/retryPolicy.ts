/**
 * Decides the consequence of a failed attempt for its delivery (cases D2, D3). Pure.
 */
import type { ChannelPlugin, DeliveryOptions, RateLimited, Unavailable } from "@tocsin/core"
import { Duration } from "effect"
import type { FailureReason } from "./failureReason.ts"

/** The facts about the delivery and its attempt. Times are epoch milliseconds. */
export interface Failed {
  readonly reason: FailureReason
  /** How many attempts were made, this one included. */
  readonly attempts: number
  readonly form: ChannelPlugin.Form
  readonly createdAt: number
  /** When the attempt began: only a failed attempt that began after the deadline ends a delivery. */
  readonly startedAt: number
  readonly now: number
  /** A random number from 0 to 1, for the jitter. */
  readonly jitter: number
  readonly options: DeliveryOptions
}

/** The next state of the delivery. */
export type Consequence =
  | { readonly status: "dead" }
  | { readonly status: "retrying"; readonly nextAt: number; readonly form: ChannelPlugin.Form }

/** How often a broken lane probes its service by itself, in milliseconds. */
export const brokenPause = 300_000

/** The longest pause that a service can ask for, in milliseconds: a day. */
export const longestPause = 86_400_000

/** Decides the consequence of a failed attempt. */
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
 * How long to pause after a rate-limit answer, in milliseconds: as long as the service asks, at most a day, but never
 * less than a pause that doubles with each such answer in a row, from one second up to `maxBackoff`. The pause
 * therefore also grows if the service asks for too short a pause. Jitter adds up to half of it, and never shortens it.
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

/** The deadline of an integration's deliveries, in milliseconds. */
export const deadline = (options: DeliveryOptions): number => (options.deadline ?? 86_400) * 1000

/** The longest back-off of an integration, in milliseconds. */
export const maxBackoff = (options: DeliveryOptions): number => (options.maxBackoff ?? 300) * 1000

/** One second, doubling, with full jitter, capped. */
export const backoff = (
  attempts: number,
  { jitter, maxBackoff }: { readonly jitter: number; readonly maxBackoff: number }
): number => Math.ceil(jitter * Math.min(maxBackoff, 1000 * 2 ** Math.min(attempts - 1, 30)))
