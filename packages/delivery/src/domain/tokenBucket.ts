/**
 * The token bucket of one rate limit. Pure; times are epoch milliseconds.
 */
import type { Limits } from "@tocsin/core"

/** A bucket as it was at the time `at`. */
export interface Bucket {
  readonly tokens: number
  readonly at: number
  /** Nothing may be sent before this time; the bucket holds one token then. */
  readonly notBefore: number
}

/** A bucket after a start: it holds one token, because earlier messages are unknown. */
export const start = (now: number): Bucket => ({ tokens: 1, at: now, notBefore: 0 })

/**
 * Refills the bucket for the time that passed, never above the burst, and not above one token until a pause is over. A
 * clock that was set back fills nothing, and does not make a pause longer.
 */
export const fill = (bucket: Bucket, rate: Limits, now: number): Bucket => {
  const notBefore = bucket.notBefore - Math.max(0, bucket.at - now)
  const at = Math.min(bucket.at, now)
  const flow = (from: number, to: number) => (Math.max(0, to - from) * rate.messages) / (rate.perSeconds * 1000)
  const paused = at < notBefore ? Math.min(1, bucket.tokens + flow(at, Math.min(now, notBefore))) : bucket.tokens
  const tokens = Math.min(rate.burst, paused + flow(Math.max(at, notBefore), now))
  return { tokens, at: now, notBefore }
}

/** How many milliseconds until the bucket holds that many tokens, at most its burst, to use; 0 if it does. */
export const waitFor = (bucket: Bucket, rate: Limits, now: number, tokens = 1): number => {
  const missing = Math.min(tokens, rate.burst) - bucket.tokens
  return Math.max(
    0,
    bucket.notBefore - now,
    missing <= 0 ? 0 : Math.ceil((missing * rate.perSeconds * 1000) / rate.messages)
  )
}

/** Empties the bucket for a pause until then; it holds at most one token at that time. */
export const emptyUntil = (bucket: Bucket, until: number): Bucket => ({
  ...bucket,
  tokens: Math.min(1, bucket.tokens),
  notBefore: Math.max(bucket.notBefore, until)
})
