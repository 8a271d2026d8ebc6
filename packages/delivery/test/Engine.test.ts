import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { clear, integration, outcomes, raise, rule, save, tick, world } from "./engine.ts"

describe("Engine", () => {
  it.effect(
    "tells a raise once, and nothing when it is repeated",
    world((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        yield* raise("a")
        yield* raise("a", { summary: "still" })
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        yield* clear("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Cleared"])
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Cleared delivered"])
      })
    )
  )
})
