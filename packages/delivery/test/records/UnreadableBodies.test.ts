import { assert, describe, it } from "@effect/vitest"
import { UnreadableBodies } from "@tocsin/delivery"
import { Array, Effect } from "effect"
import { fixture } from "../harness/engine.ts"

describe("Unreadable bodies (L)", () => {
  it.effect(
    "are the 1,000 newest of those that nobody could read since",
    fixture(() =>
      Effect.gen(function* () {
        const unreadable = yield* UnreadableBodies
        const keep = (body: string) =>
          unreadable.keep({ source: "thousandeyes", why: "", body, isWhole: true, from: undefined })
        yield* Effect.forEach(["1", "2"], keep, { discard: true })
        yield* Effect.forEach(Array.range(3, 1000), (n) => keep(`${n}`), { concurrency: "unbounded", discard: true })
        const [newest] = (yield* unreadable.list({ limit: 1 })).items
        yield* unreadable.remove(newest?.id ?? "")
        yield* Effect.forEach(["1001", "1002"], keep, { discard: true })
        const { items, total } = yield* unreadable.list({ limit: 1000 })
        assert.strictEqual(total, 1000)
        assert.deepStrictEqual([items[0]?.body, items.at(-1)?.body], ["1002", "2"])
      })
    )
  )
})
