import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { accept, event, fixture, integration, rule, save } from "../harness/engine.ts"

/** How many rows PostgreSQL takes the table to have; -1 while it has never looked. */
const taken = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql<{ rows: number }>`SELECT reltuples::int AS rows FROM pg_class WHERE oid = 'deliveries'::regclass`,
    ([row]) => row?.rows
  )
)

describe("PostgreSQL's statistics", () => {
  it.effect(
    "are updated while the tables are new and grow fast",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops", { limits: { messages: 10_000, perSeconds: 1, burst: 10_000 } }), rule("all"))
        assert.strictEqual(yield* taken, -1)
        yield* accept(...Array.from({ length: 300 }, (_, n) => event(`a${n}`)))
        while ((yield* taken) === -1) yield* Effect.yieldNow
        assert.isAtLeast((yield* taken) ?? 0, 300)
      })
    )
  )
})
