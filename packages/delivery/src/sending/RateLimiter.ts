/**
 * The rate limits of integrations (cases B1 to B4).
 */
import type { IntegrationId, Limits } from "@tocsin/core"
import { Clock, Context, Effect, Layer } from "effect"
import type { RateLimit } from "../config/rateLimits.ts"
import { longestPause } from "../domain/retryPolicy.ts"
import { type Bucket, emptyUntil, fill, start, waitFor } from "../domain/tokenBucket.ts"

/** The messages that the rate limits of an integration allow. */
export interface Allowance {
  /** How many milliseconds until a message may be sent; 0 if one may be sent now. */
  readonly wait: number
  /** The same for a message that leaves another one, where the burst allows two. */
  readonly waitForTwo: number
  /** How many messages may be sent now; at least 1, even before `wait` is over. */
  readonly available: number
  /** How many messages may be sent in a minute. */
  readonly perMinute: number
  /** The slowest of the rate limits; undefined if none is declared here. */
  readonly rate: Limits | undefined
}

/** Keeps the rate limits of the integrations whose lanes are owned here. */
export class RateLimiter extends Context.Service<
  RateLimiter,
  {
    /** Declares the rate limits of an integration. If several integrations share a key, the slowest rate applies. */
    readonly declare: (integration: IntegrationId, rateLimits: ReadonlyArray<RateLimit>) => Effect.Effect<void>
    /** Removes the declared rate limits of an integration. */
    readonly forget: (integration: IntegrationId) => Effect.Effect<void>
    readonly allowance: (integration: IntegrationId) => Effect.Effect<Allowance>
    /** Takes permits for up to `most` messages, each of all rate limits of the integration; returns how many. */
    readonly take: (integration: IntegrationId, most: number) => Effect.Effect<number>
    /** Counts further requests that an attempt made, beside the one that its permit was for. */
    readonly spend: (integration: IntegrationId, requests: number) => Effect.Effect<void>
    /** Gives permits back that were taken for messages that are not sent. */
    readonly giveBack: (integration: IntegrationId, permits: number) => Effect.Effect<void>
    /**
     * Applies a pause that the service asked for: the integration's first rate limit, its own, is empty until then
     * (B4).
     */
    readonly pause: (integration: IntegrationId, milliseconds: number) => Effect.Effect<void>
    /**
     * Applies the remaining messages that the service reported for one of its limits, until `resetAt` in epoch
     * milliseconds.
     */
    readonly hint: (key: string, remaining: number, resetAt: number) => Effect.Effect<void>
  }
>()("@tocsin/delivery/RateLimiter") {
  static readonly layer: Layer.Layer<RateLimiter> = Layer.sync(RateLimiter, () => {
    const declared = new Map<IntegrationId, ReadonlyArray<RateLimit>>()
    /** The integrations that share each key. */
    const sharers = new Map<string, Set<IntegrationId>>()
    const buckets = new Map<string, Bucket>()

    const rateOf = (key: string): Limits | undefined => {
      let slowest: RateLimit | undefined
      for (const integration of sharers.get(key) ?? []) {
        for (const rateLimit of declared.get(integration) ?? []) {
          if (rateLimit.key !== key) continue
          if (slowest === undefined || perSecond(rateLimit) < perSecond(slowest)) slowest = rateLimit
        }
      }
      return slowest
    }

    /** Fills the buckets of the integration up to now. After the clock was set back, they fill from the new time on. */
    const bucketsOf = (integration: IntegrationId, now: number) =>
      (declared.get(integration) ?? []).map(({ key, ...own }) => {
        const rate = rateOf(key) ?? own
        const bucket = fill(buckets.get(key) ?? start(now), rate, now)
        buckets.set(key, bucket)
        return { key, rate, bucket }
      })

    const forget = (integration: IntegrationId) => {
      for (const { key } of declared.get(integration) ?? []) {
        const others = sharers.get(key)
        others?.delete(integration)
        if (others?.size === 0) sharers.delete(key)
      }
      declared.delete(integration)
    }

    const allowanceAt = (integration: IntegrationId, now: number): Allowance => {
      const all = bucketsOf(integration, now)
      return {
        wait: Math.max(0, ...all.map(({ bucket, rate }) => waitFor(bucket, rate, now))),
        waitForTwo: Math.max(0, ...all.map(({ bucket, rate }) => waitFor(bucket, rate, now, 2))),
        available: Math.max(1, Math.floor(Math.min(...all.map(({ bucket }) => bucket.tokens)))),
        perMinute: Math.min(...all.map(({ rate }) => perSecond(rate) * 60)),
        rate: all.map(({ rate }) => rate).toSorted((a, b) => perSecond(a) - perSecond(b))[0]
      }
    }

    return RateLimiter.of({
      declare: (integration, rateLimits) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          for (const { key, ...rate } of rateLimits) {
            const bucket = buckets.get(key)
            // Nobody used it here for a while, but another gateway may have (B2).
            if (bucket !== undefined && !sharers.has(key)) buckets.set(key, emptyUntil(fill(bucket, rate, now), 0))
          }
          forget(integration)
          declared.set(integration, rateLimits)
          for (const { key } of rateLimits) sharers.set(key, (sharers.get(key) ?? new Set()).add(integration))
        }),
      forget: (integration) => Effect.sync(() => forget(integration)),
      allowance: (integration) => Effect.map(Clock.currentTimeMillis, (now) => allowanceAt(integration, now)),
      take: (integration, most) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const { available, wait } = allowanceAt(integration, now)
          const taken = wait > 0 ? 0 : Math.min(most, available)
          for (const { bucket, key } of bucketsOf(integration, now)) {
            buckets.set(key, { ...bucket, tokens: bucket.tokens - taken })
          }
          return taken
        }),
      spend: (integration, requests) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          // Fewer than none: the lane waits until they are refilled.
          for (const { bucket, key } of bucketsOf(integration, now)) {
            buckets.set(key, { ...bucket, tokens: bucket.tokens - requests })
          }
        }),
      giveBack: (integration, permits) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          for (const { bucket, key } of bucketsOf(integration, now)) {
            buckets.set(key, { ...bucket, tokens: bucket.tokens + permits })
          }
        }),
      pause: (integration, milliseconds) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const [own] = bucketsOf(integration, now)
          if (own !== undefined) buckets.set(own.key, emptyUntil(own.bucket, now + milliseconds))
        }),
      hint: (key, remaining, resetAt) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const rate = rateOf(key)
          if (rate === undefined) return
          const bucket = fill(buckets.get(key) ?? start(now), rate, now)
          buckets.set(
            key,
            remaining === 0
              ? emptyUntil(bucket, Math.min(resetAt, now + longestPause))
              : { ...bucket, tokens: Math.min(bucket.tokens, remaining) }
          )
        })
    })
  })
}

const perSecond = ({ messages, perSeconds }: Limits) => messages / perSeconds
