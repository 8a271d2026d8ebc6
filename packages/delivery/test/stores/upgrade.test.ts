import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Migrator } from "effect/sql"
import { migrate } from "../../src/sql/migrate.ts"
import { migrations } from "../../src/sql/migrations.ts"
import { later } from "../harness/later.ts"
import { clear, integration, outcomes, raise, rule, save, tick, fixture } from "../harness/engine.ts"

describe("A rolling upgrade (M3)", () => {
  it.effect(
    "lets a running gateway continue on a store that a later version has expanded, but not start",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        yield* Migrator.make({})({
          loader: Migrator.fromRecord({ ...migrations, "1000_later": later }),
          table: "migrations"
        })
        yield* raise("b")
        yield* clear("a")
        yield* tick
        yield* save(rule("all", { enabled: false }))
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Raised", "Cleared", "Cleared"])
        assert.deepStrictEqual(
          yield* outcomes,
          Array.from({ length: 2 }, () => "Raised delivered").concat(["Cleared delivered", "Cleared delivered"])
        )
        const refused = yield* Effect.flip(migrate)
        assert.include(refused.message, "later version of Tocsin (schema 1000")
      })
    )
  )
})
