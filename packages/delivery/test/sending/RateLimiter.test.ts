import { assert, describe, it } from "@effect/vitest"
import { IntegrationId } from "@tocsin/core"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { RateLimiter } from "../../src/sending/RateLimiter.ts"

/** Takes a permit; returns 0, or how many milliseconds to wait for it. */
const wait = Effect.fnUntraced(function* (integration: IntegrationId) {
  const limiter = yield* RateLimiter
  return (yield* limiter.take(integration, 1)) === 1 ? 0 : (yield* limiter.allowance(integration)).wait
})

describe("RateLimiter", () => {
  const a = IntegrationId.make("a")
  const b = IntegrationId.make("b")

  it.effect("applies the slowest rate where integrations share a key (B3)", () =>
    Effect.gen(function* () {
      const { declare } = yield* RateLimiter
      yield* declare(a, [{ key: "hook", messages: 10, perSeconds: 1, burst: 1 }])
      yield* declare(b, [{ key: "hook", messages: 1, perSeconds: 1, burst: 1 }])
      assert.strictEqual(yield* wait(a), 0)
      assert.strictEqual(yield* wait(a), 1000)
      assert.strictEqual(yield* wait(b), 1000)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* wait(b), 0)
    }).pipe(Effect.provide(RateLimiter.layer))
  )

  it.effect("spends from all rate limits of an integration or from none", () =>
    Effect.gen(function* () {
      const { declare } = yield* RateLimiter
      yield* declare(a, [
        { key: "channel", messages: 1, perSeconds: 1, burst: 1 },
        { key: "token", messages: 1, perSeconds: 10, burst: 1 }
      ])
      assert.strictEqual(yield* wait(a), 0)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* wait(a), 9000)
      yield* declare(b, [{ key: "channel", messages: 1, perSeconds: 1, burst: 1 }])
      assert.strictEqual(yield* wait(b), 0)
    }).pipe(Effect.provide(RateLimiter.layer))
  )

  it.effect("counts the further requests of a message, and waits until they are refilled (B3)", () =>
    Effect.gen(function* () {
      const { declare, spend } = yield* RateLimiter
      yield* declare(a, [{ key: "hook", messages: 1, perSeconds: 1, burst: 5 }])
      assert.strictEqual(yield* wait(a), 0)
      yield* spend(a, 3)
      assert.strictEqual(yield* wait(a), 4000)
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(yield* wait(a), 0)
      assert.strictEqual(yield* wait(a), 1000)
    }).pipe(Effect.provide(RateLimiter.layer))
  )

  it.effect("applies the remaining messages that the service reports (B2)", () =>
    Effect.gen(function* () {
      const { declare, hint } = yield* RateLimiter
      yield* declare(a, [{ key: "hook", messages: 100, perSeconds: 1, burst: 100 }])
      yield* TestClock.adjust("1 minute")
      yield* hint("hook", 0, 65_000)
      assert.strictEqual(yield* wait(a), 5000)
      yield* TestClock.adjust("1 minute")
      yield* hint("hook", 2, 180_000)
      const waits = [yield* wait(a), yield* wait(a), yield* wait(a)]
      assert.deepStrictEqual(waits, [0, 0, 10])
    }).pipe(Effect.provide(RateLimiter.layer))
  )

  it.effect("holds one message after a lane returns, because another gateway may have sent (B2)", () =>
    Effect.gen(function* () {
      const { allowance, declare, forget, pause } = yield* RateLimiter
      const rateLimit = { key: "hook", messages: 10, perSeconds: 10, burst: 10 }
      yield* declare(a, [rateLimit])
      assert.strictEqual(yield* wait(a), 0)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* allowance(a)).available, 10)
      // An edit that leaves the rate limit as it is takes nothing from it.
      yield* declare(a, [rateLimit])
      assert.strictEqual((yield* allowance(a)).available, 10)
      yield* forget(a)
      yield* TestClock.adjust("1 minute")
      yield* declare(a, [rateLimit])
      assert.deepStrictEqual([yield* wait(a), yield* wait(a)], [0, 1000])
      yield* pause(a, 60_000)
      yield* forget(a)
      yield* TestClock.adjust("10 seconds")
      yield* declare(a, [rateLimit])
      assert.strictEqual(yield* wait(a), 50_000)
    }).pipe(Effect.provide(RateLimiter.layer))
  )

  it.effect("grants as many permits as are available, at most as many as requested", () =>
    Effect.gen(function* () {
      const { declare, take } = yield* RateLimiter
      yield* declare(a, [{ key: "hook", messages: 10, perSeconds: 10, burst: 5 }])
      yield* take(a, 1)
      yield* TestClock.adjust("1 minute")
      const taken = [yield* take(a, 2), yield* take(a, 10), yield* take(a, 1)]
      assert.deepStrictEqual(taken, [2, 3, 0])
    }).pipe(Effect.provide(RateLimiter.layer))
  )
})
