/**
 * A rate limit of a fake service.
 */
import type { RateLimit } from "../ChannelPlugin.ts"

/** The state of a limit after a request. */
export interface Verdict {
  readonly isWithin: boolean
  /** How many more requests would be accepted now. */
  readonly remaining: number
  /** When all of the burst is free again, in epoch milliseconds. */
  readonly resetAt: number
  /** When the next request is accepted, in epoch milliseconds. */
  readonly nextAt: number
}

/**
 * Makes a limit of `messages` in `perSeconds`, of which `burst` may arrive at once. Keys are limited separately; times
 * are in epoch milliseconds.
 */
export const make = ({
  burst,
  messages,
  perSeconds
}: Omit<RateLimit, "key">): ((key: string, at: number) => Verdict) => {
  const interval = (perSeconds * 1000) / messages
  // For each key, when its whole burst is available again.
  const whole = new Map<string, number>()
  return (key, at) => {
    const before = Math.max(whole.get(key) ?? at, at)
    const isWithin = before - at <= (burst - 1) * interval
    const resetAt = isWithin ? before + interval : before
    if (isWithin) whole.set(key, resetAt)
    return {
      isWithin,
      remaining: Math.max(0, Math.floor(burst - (resetAt - at) / interval)),
      resetAt,
      nextAt: Math.max(at, resetAt - (burst - 1) * interval)
    }
  }
}
