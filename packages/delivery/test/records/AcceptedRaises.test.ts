import { assert, describe, it } from "@effect/vitest"
import { IntegrationId } from "@tocsin/core"
import { Effect } from "effect"
import { type AcceptedRaise, AcceptedRaises } from "../../src/records/AcceptedRaises.ts"
import type { Opening } from "../../src/records/DirectClaims.ts"

const integration = IntegrationId.make("chat")

/** A raise that was accepted then, and whose alert has this text. */
const raise = (number: number, { createdAt = 0, text = "{}" } = {}): AcceptedRaise => ({
  delivery: `${number}`,
  opening: { conversation: { integration }, text } as unknown as Opening,
  lockKey: `${number}`,
  createdAt
})

/** The deliveries that are remembered after these raises. */
const remembered = (raises: ReadonlyArray<AcceptedRaise>) =>
  Effect.map(AcceptedRaises, (accepted) => {
    accepted.remember(raises)
    return [...accepted.at(integration).raises.keys()]
  }).pipe(Effect.provide(AcceptedRaises.layer))

const numbers = (count: number) => Array.from({ length: count }, (_, number) => number)

describe("AcceptedRaises", () => {
  it.effect("remembers the first 8,192", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* remembered(numbers(8193).map((n) => raise(n))), numbers(8192).map(String))
    })
  )

  it.effect("remembers raises until their texts have 8 MiB", () =>
    Effect.gen(function* () {
      const text = "a".repeat(3 * 1024 * 1024)
      assert.deepStrictEqual(yield* remembered(numbers(5).map((n) => raise(n, { text }))), ["0", "1", "2"])
    })
  )

  it.effect("forgets raises of a minute ago only if there is no room", () =>
    Effect.gen(function* () {
      const old = numbers(8192).map((n) => raise(n, { createdAt: n < 2 ? 0 : 1000 }))
      const [first, ...others] = yield* remembered([...old.slice(1), raise(8192, { createdAt: 60_999 })])
      assert.deepStrictEqual([first, others.at(-1)], ["1", "8192"])
      const later = [8192, 8193, 8194].map((n) => raise(n, { createdAt: 60_999 }))
      assert.deepStrictEqual(yield* remembered([...old, ...later]), numbers(8194).slice(2).map(String))
    })
  )
})
