import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Migrator, SqlClient } from "effect/sql"
import { migrate, migrations } from "../src/migrations.ts"
import { clear, integration, outcomes, raise, rule, save, tick, world } from "./engine.ts"

/** What a later version does first: it adds, and takes nothing away (M3). */
const later = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE alerts ADD COLUMN owner text`
  yield* sql`ALTER TABLE deliveries ADD COLUMN weight integer NOT NULL DEFAULT 1`
  yield* sql`CREATE TABLE owners (id text PRIMARY KEY NOT NULL)`
})

describe("A rolling upgrade (M3)", () => {
  it.effect(
    "lets a gateway go on whose store a later version has expanded, and start no more",
    world((script) =>
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
