/**
 * Rate limits: how fast each integration may be sent to (cases B1 to B4).
 */
import type { IntegrationId, Limits } from "@tocsin/core"
import { Clock, Context, Effect, Layer } from "effect"
import type { RateLimit } from "../config/rateLimits.ts"
import { longestPause } from "../domain/retryPolicy.ts"

/** A token bucket of one rate limit key, as it was at the time `at` in epoch milliseconds. */
export interface Bucket {
  readonly tokens: number
  readonly at: number
  /** Nothing may be sent before this time; the bucket holds one then. */
  readonly notBefore: number
}

/** A bucket after a start: it holds one, because nobody knows what was sent before. */
export const start = (now: number): Bucket => ({ tokens: 1, at: now, notBefore: 0 })

/**
 * The bucket as it is now: filled by the time that passed, never above the burst, and until a pause is over not above
 * one. A clock set back fills nothing, and does not make a pause longer than it was.
 */
export const fill = (bucket: Bucket, rate: Limits, now: number): Bucket => {
  const notBefore = bucket.notBefore - Math.max(0, bucket.at - now)
  const at = Math.min(bucket.at, now)
  const flow = (from: number, to: number) => (Math.max(0, to - from) * rate.messages) / (rate.perSeconds * 1000)
  const paused = at < notBefore ? Math.min(1, bucket.tokens + flow(at, Math.min(now, notBefore))) : bucket.tokens
  const tokens = Math.min(rate.burst, paused + flow(Math.max(at, notBefore), now))
  return { tokens, at: now, notBefore }
}

/** How many milliseconds until the bucket holds one, or as many as are wanted. */
export const waitFor = (bucket: Bucket, rate: Limits, now: number, wanted = 1): number =>
  Math.max(
    bucket.notBefore - now,
    bucket.tokens >= wanted ? 0 : Math.ceil(((wanted - bucket.tokens) * rate.perSeconds * 1000) / rate.messages)
  )

/** The bucket of a service that is to be left alone until then: by that time it holds one at most. */
export const emptyUntil = (bucket: Bucket, until: number): Bucket => ({
  ...bucket,
  tokens: Math.min(1, bucket.tokens),
  notBefore: Math.max(bucket.notBefore, until)
})

/** Hands out permits to send. */
export class RateLimiter extends Context.Service<
  RateLimiter,
  {
    /** Says which rate limits an integration spends; where several share a key, the slower rate rules. */
    readonly declare: (integration: IntegrationId, rateLimits: ReadonlyArray<RateLimit>) => Effect.Effect<void>
    /** Forgets what an integration declared. */
    readonly forget: (integration: IntegrationId) => Effect.Effect<void>
    /** Takes one message from all rate limits of the integration, or says how many milliseconds to wait before asking again. */
    readonly take: (integration: IntegrationId) => Effect.Effect<number>
    /** How many messages the integration's rate limits hold now; at least one. */
    readonly atOnce: (integration: IntegrationId) => Effect.Effect<number>
    /** Like `take`, before all others: what it has to wait for is kept from them, until it is taken or forgotten. */
    readonly takeFirst: (integration: IntegrationId) => Effect.Effect<number>
    /** How many messages the integration can say in a minute, by the limits in force. */
    readonly perMinute: (integration: IntegrationId) => Effect.Effect<number>
    /** The service asked for a pause of so many milliseconds: the integration's own rate limit, its first, is empty till then (B4). */
    readonly pause: (integration: IntegrationId, milliseconds: number) => Effect.Effect<void>
    /** The service said what is left of one of its limits. */
    readonly hint: (key: string, remaining: number, resetAt: number) => Effect.Effect<void>
  }
>()("@tocsin/delivery/RateLimiter") {
  static readonly layer: Layer.Layer<RateLimiter> = Layer.sync(RateLimiter, () => {
    const declared = new Map<IntegrationId, ReadonlyArray<RateLimit>>()
    /** Who spends each key. */
    const spenders = new Map<string, Set<IntegrationId>>()
    const buckets = new Map<string, Bucket>()
    /** Who waits to be the next. */
    const first = new Set<IntegrationId>()

    const rateOf = (key: string): Limits | undefined => {
      let slowest: RateLimit | undefined
      for (const integration of spenders.get(key) ?? []) {
        for (const rateLimit of declared.get(integration) ?? []) {
          if (rateLimit.key !== key) continue
          if (slowest === undefined || perSecond(rateLimit) < perSecond(slowest)) slowest = rateLimit
        }
      }
      return slowest
    }
    const spent = (integration: IntegrationId, now: number) =>
      (declared.get(integration) ?? []).map(({ key, ...own }) => {
        const rate = rateOf(key) ?? own
        return { key, rate, bucket: fill(buckets.get(key) ?? start(now), rate, now) }
      })

    const spends = (integration: IntegrationId, key: string) =>
      (declared.get(integration) ?? []).some((rateLimit) => rateLimit.key === key)

    /** Takes one from each bucket that holds as many as `wanted` of it; else the milliseconds until they do. */
    const takeOf = (integration: IntegrationId, now: number, wanted: (key: string) => number) => {
      const all = spent(integration, now)
      const wait = Math.max(0, ...all.map(({ bucket, key, rate }) => waitFor(bucket, rate, now, wanted(key))))
      for (const { bucket, key } of all) {
        buckets.set(key, wait > 0 ? bucket : { ...bucket, tokens: bucket.tokens - 1 })
      }
      return wait
    }

    const withdraw = (integration: IntegrationId) => {
      for (const { key } of declared.get(integration) ?? []) {
        const others = spenders.get(key)
        others?.delete(integration)
        if (others?.size === 0) spenders.delete(key)
      }
      declared.delete(integration)
    }

    return RateLimiter.of({
      declare: (integration, rateLimits) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          for (const { key, ...rate } of rateLimits) {
            const bucket = buckets.get(key)
            // Since nobody spent it here, another gateway may have (B2).
            if (bucket !== undefined && !spenders.has(key)) buckets.set(key, emptyUntil(fill(bucket, rate, now), 0))
          }
          withdraw(integration)
          declared.set(integration, rateLimits)
          for (const { key } of rateLimits) spenders.set(key, (spenders.get(key) ?? new Set()).add(integration))
        }),
      forget: (integration) =>
        Effect.sync(() => {
          withdraw(integration)
          first.delete(integration)
        }),
      take: (integration) =>
        Effect.map(Clock.currentTimeMillis, (now) =>
          takeOf(integration, now, (key) => 1 + [...first].filter((other) => spends(other, key)).length)
        ),
      atOnce: (integration) =>
        Effect.map(Clock.currentTimeMillis, (now) =>
          Math.max(1, Math.floor(Math.min(...spent(integration, now).map(({ bucket }) => bucket.tokens))))
        ),
      takeFirst: (integration) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const wait = takeOf(integration, now, () => 1)
          if (wait > 0) first.add(integration)
          else first.delete(integration)
          return wait
        }),
      perMinute: (integration) =>
        Effect.map(Clock.currentTimeMillis, (now) =>
          Math.min(...spent(integration, now).map(({ rate }) => perSecond(rate) * 60))
        ),
      pause: (integration, milliseconds) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const [own] = spent(integration, now)
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
