import { assert, describe, it } from "@effect/vitest"
import { IntegrationId } from "@tocsin/core"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import { type Bucket, emptyUntil, fill, RateLimiter, start, waitFor } from "../../src/sending/RateLimiter.ts"

const rate = { messages: 30, perSeconds: 60, burst: 5 }

/** Sends as fast as the bucket lets it, for so many milliseconds; gives the times. */
const flood = (bucket: Bucket, from: number, length: number) => {
  const times: Array<number> = []
  let now = from
  for (let current = bucket; now < from + length;) {
    current = fill(current, rate, now)
    const wait = waitFor(current, rate, now)
    if (wait > 0) {
      now += wait
      continue
    }
    times.push(now)
    current = { ...current, tokens: current.tokens - 1 }
  }
  return times
}

describe("a bucket", () => {
  it("holds one after a start, and is full after idleness, never above the burst", () => {
    assert.deepStrictEqual(flood(start(0), 0, 5000), [0, 2000, 4000])
    assert.lengthOf(
      flood(start(0), 3_600_000, 1000).filter((at) => at === 3_600_000),
      rate.burst
    )
  })

  it("holds one when a pause that the service asked for is over", () => {
    assert.deepStrictEqual(flood(emptyUntil(start(0), 10_000), 0, 13_000), [10_000, 12_000])
  })

  it("gains nothing by a clock that is set back, and goes on", () => {
    const spent = { ...fill(start(100_000), rate, 100_000), tokens: 0 }
    const back = fill(spent, rate, 50_000)
    assert.strictEqual(back.tokens, 0)
    assert.strictEqual(waitFor(back, rate, 50_000), 2000)
  })

  const idles = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100_000 })))
  it.prop("never lets more through in any window than the burst and what flows in", [idles], ([idles]) => {
    let bucket = start(0)
    let now = 0
    const times: Array<number> = []
    for (const idle of idles) {
      now += idle
      for (let tries = 0; tries < 20; tries++) {
        bucket = fill(bucket, rate, now)
        if (waitFor(bucket, rate, now) > 0) break
        times.push(now)
        bucket = { ...bucket, tokens: bucket.tokens - 1 }
      }
    }
    for (const [from, first] of times.entries()) {
      for (const [index, last] of times.entries()) {
        if (index < from) continue
        const allowed = rate.burst + ((last - first) * rate.messages) / (rate.perSeconds * 1000)
        assert.isAtMost(index - from + 1, Math.ceil(allowed + 1e-9))
      }
    }
  })
})

describe("RateLimiter", () => {
  const a = IntegrationId.make("a")
  const b = IntegrationId.make("b")

  it.effect("lets the slower rate rule where integrations share a key", () =>
    Effect.gen(function* () {
      const { declare, take } = yield* RateLimiter
      yield* declare(a, [{ key: "hook", messages: 10, perSeconds: 1, burst: 1 }])
      yield* declare(b, [{ key: "hook", messages: 1, perSeconds: 1, burst: 1 }])
      assert.strictEqual(yield* take(a), 0)
      assert.strictEqual(yield* take(a), 1000)
      assert.strictEqual(yield* take(b), 1000)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* take(b), 0)
    }).pipe(Effect.provide(RateLimiter.layer))
  )

  it.effect("spends all rate limits of an integration or none", () =>
    Effect.gen(function* () {
      const { declare, take } = yield* RateLimiter
      yield* declare(a, [
        { key: "room", messages: 1, perSeconds: 1, burst: 1 },
        { key: "token", messages: 1, perSeconds: 10, burst: 1 }
      ])
      assert.strictEqual(yield* take(a), 0)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* take(a), 9000)
      yield* declare(b, [{ key: "room", messages: 1, perSeconds: 1, burst: 1 }])
      assert.strictEqual(yield* take(b), 0)
    }).pipe(Effect.provide(RateLimiter.layer))
  )

  it.effect("heeds what the service says is left", () =>
    Effect.gen(function* () {
      const { declare, hint, take } = yield* RateLimiter
      yield* declare(a, [{ key: "hook", messages: 100, perSeconds: 1, burst: 100 }])
      yield* TestClock.adjust("1 minute")
      yield* hint("hook", 0, 65_000)
      assert.strictEqual(yield* take(a), 5000)
      yield* TestClock.adjust("1 minute")
      yield* hint("hook", 2, 180_000)
      const waits = [yield* take(a), yield* take(a), yield* take(a)]
      assert.deepStrictEqual(waits, [0, 0, 10])
    }).pipe(Effect.provide(RateLimiter.layer))
  )

  it.effect("holds one where it was not kept for a while: another gateway may have spent it (B2)", () =>
    Effect.gen(function* () {
      const { atOnce, declare, forget, pause, take } = yield* RateLimiter
      const rateLimit = { key: "hook", messages: 10, perSeconds: 10, burst: 10 }
      yield* declare(a, [rateLimit])
      assert.strictEqual(yield* take(a), 0)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* atOnce(a), 10)
      // An edit that leaves the rate limit as it is takes nothing from it.
      yield* declare(a, [rateLimit])
      assert.strictEqual(yield* atOnce(a), 10)
      yield* forget(a)
      yield* TestClock.adjust("1 minute")
      yield* declare(a, [rateLimit])
      assert.deepStrictEqual([yield* take(a), yield* take(a)], [0, 1000])
      yield* pause(a, 60_000)
      yield* forget(a)
      yield* TestClock.adjust("10 seconds")
      yield* declare(a, [rateLimit])
      assert.strictEqual(yield* take(a), 50_000)
    }).pipe(Effect.provide(RateLimiter.layer))
  )
})
