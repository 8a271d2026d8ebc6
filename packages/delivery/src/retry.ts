/**
 * What follows from a failed attempt (cases D2, D3). Pure.
 */
import { type ChannelPlugin, DeliveryOptions, type RateLimited, type Reason } from "@tocsin/core"
import { Duration } from "effect"

/** What must be known of the delivery and its attempt. Times are epoch milliseconds. */
export interface Failed {
  readonly reason: Reason
  /** How many attempts were made, this one included. */
  readonly attempts: number
  readonly form: ChannelPlugin.Form
  readonly createdAt: number
  readonly now: number
  /** A random number from 0 to 1, for the jitter. */
  readonly jitter: number
  readonly options: DeliveryOptions
}

/** What becomes of the delivery, and of its lane. */
export interface Consequence {
  readonly delivery:
    | { readonly status: "dead" }
    | { readonly status: "retrying"; readonly nextAt: number; readonly form: ChannelPlugin.Form }
  /** How long the whole lane waits, in milliseconds, and whether a person must mend something. */
  readonly lane: { readonly pause: number; readonly broken: boolean } | undefined
}

/** A lane that a person must mend tries by itself this often, in milliseconds. */
export const brokenPause = 300_000

/** No service is waited for longer than this, in milliseconds, whatever it asks for: a day. */
export const longestPause = 86_400_000

/** Decides what follows from a failed attempt. */
export const consequence = (failed: Failed): Consequence => {
  const { attempts, createdAt, form, now, options, reason } = failed
  const isOver = now >= createdAt + (options.deadline ?? 86_400) * 1000
  const again = (nextAt: number, nextForm = form): Consequence["delivery"] =>
    isOver ? { status: "dead" } : { status: "retrying", nextAt, form: nextForm }

  switch (reason._tag) {
    case "RateLimited": {
      const pause = pauseFor(reason)
      return { delivery: again(now + pause), lane: { pause, broken: false } }
    }
    case "Unavailable":
      return { delivery: again(now + backoff(attempts, failed)), lane: undefined }
    case "PayloadRejected":
      return { delivery: form === "rich" ? again(now, "plain") : { status: "dead" }, lane: undefined }
    case "Unauthorized":
    case "DestinationGone":
    case "Misconfigured":
      return { delivery: again(now), lane: { pause: brokenPause, broken: true } }
  }
}

/** How long a service that asked for it is left alone, in milliseconds: a second at least, a day at most. */
export const pauseFor = ({ retryAfter }: RateLimited): number =>
  Math.min(longestPause, Math.max(1000, Duration.toMillis(retryAfter)))

/** One second, doubling, with full jitter, capped. */
const backoff = (attempts: number, { jitter, options }: Failed): number =>
  Math.ceil(jitter * Math.min((options.maxBackoff ?? 300) * 1000, 1000 * 2 ** Math.min(attempts - 1, 30)))
