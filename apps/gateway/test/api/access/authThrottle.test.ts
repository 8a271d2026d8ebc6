import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { makeSlowdown } from "../../../src/api/access/authThrottle.ts"

/** Five wrong credentials, which are answered at once. */
const exhaust = (slowDown: Effect.Success<typeof makeSlowdown>, address: string) =>
  Effect.forEach(Array.from({ length: 5 }), () => slowDown(Option.some(address)), { discard: true })

describe("Wrong credentials", () => {
  it.effect("are answered after a pause that grows to eight seconds", () =>
    Effect.gen(function* () {
      const slowDown = yield* makeSlowdown
      yield* exhaust(slowDown, "192.0.2.1")
      for (const millis of [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]) {
        const failed = yield* Effect.forkChild(slowDown(Option.some("192.0.2.1")))
        yield* TestClock.adjust(millis - 1)
        assert.isUndefined(failed.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.isTrue(Option.isNone(yield* Fiber.join(failed)))
      }
    })
  )

  it.effect.each([
    ["another address", "192.0.2.1", "192.0.2.2", false],
    ["the same address mapped into IPv6", "192.0.2.1", "::ffff:192.0.2.1", true],
    ["another address of the same /64", "2001:db8::1", "2001:db8::ffff:0:0:1", true],
    ["an address of another /64", "2001:db8::1", "2001:db8:0:1::1", false]
  ] as const)("%s: %s, then %s, is slowed: %s", ([, first, second, isSlowed]) =>
    Effect.gen(function* () {
      const slowDown = yield* makeSlowdown
      yield* exhaust(slowDown, first)
      const failed = yield* Effect.forkChild(slowDown(Option.some(second)))
      yield* TestClock.adjust(0)
      assert.strictEqual(failed.pollUnsafe() === undefined, isSlowed)
    })
  )

  it.effect("wait four at a time; further ones get 429 at once", () =>
    Effect.gen(function* () {
      const slowDown = yield* makeSlowdown
      yield* exhaust(slowDown, "192.0.2.1")
      const waiting = yield* Effect.forEach([1, 2, 3, 4], () => Effect.forkChild(slowDown(Option.some("192.0.2.1"))))
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* slowDown(Option.some("192.0.2.1")), Option.some(4))
      assert.isTrue(Option.isNone(yield* slowDown(Option.some("192.0.2.2"))))
      // Who hangs up waits no longer.
      yield* Fiber.interruptAll(waiting)
      const next = yield* Effect.forkChild(slowDown(Option.some("192.0.2.1")))
      yield* TestClock.adjust("8 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.join(next)))
    })
  )

  it.effect("wait 256 at a time in all, from however many addresses", () =>
    Effect.gen(function* () {
      const slowDown = yield* makeSlowdown
      yield* Effect.forEach(
        Array.from({ length: 256 }, (_, n) => `10.0.${n}.1`),
        (address) => Effect.andThen(exhaust(slowDown, address), Effect.forkChild(slowDown(Option.some(address))))
      )
      yield* TestClock.adjust(0)
      yield* exhaust(slowDown, "192.0.2.1")
      assert.deepStrictEqual(yield* slowDown(Option.some("192.0.2.1")), Option.some(1))
    })
  )

  it.effect("are forgotten after 15 minutes", () =>
    Effect.gen(function* () {
      const slowDown = yield* makeSlowdown
      yield* exhaust(slowDown, "192.0.2.1")
      yield* TestClock.adjust("15 minutes")
      assert.isTrue(Option.isNone(yield* slowDown(Option.some("192.0.2.1"))))
    })
  )
})
