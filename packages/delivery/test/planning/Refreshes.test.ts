import { assert, describe, it } from "@effect/vitest"
import { AlertSearch } from "@tocsin/delivery"
import { Clock, DateTime, Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { accept, event, fixture, integration, outcomes, pass, rule, save } from "../harness/engine.ts"

/** An alert as its source repeats it: it holds for so long from now. */
const repeat = (holdsFor: Duration.Input, summary?: string) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const expiresAt = DateTime.makeUnsafe(now + Duration.toMillis(holdsFor))
    const [accepted] = yield* accept(event("a", { expiresAt, ...(summary !== undefined && { summary }) }))
    return accepted?.status
  })

/** What the alert's episodes are, the latest first. */
const states = Effect.flatMap(AlertSearch, ({ list }) =>
  Effect.map(list({ sourceId: "a", limit: 10 }), ({ items }) =>
    items.map(({ clearedBecause, state }) => clearedBecause ?? state)
  )
)

const rows = (table: "alerts" | "events") =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(sql<{ n: number }>`SELECT count(*) AS n FROM ${sql.literal(table)}`, ([row]) => row?.n)
  )

describe("An alert that its source repeats", () => {
  it.effect(
    "stays one row while it is repeated, and is cleared as expired once it is not (I10)",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("r"))
        assert.strictEqual(yield* repeat("4 minutes"), "accepted")
        for (let minute = 0; minute < 30; minute++) {
          yield* pass("1 minute")
          // Texts with a measured value differ each time.
          yield* repeat("4 minutes", minute % 2 === 0 ? undefined : `${minute} errors`)
        }
        assert.deepStrictEqual(yield* states, ["raised"])
        assert.deepStrictEqual([yield* rows("alerts"), yield* rows("events")], [1, 0])
        yield* pass("3 minutes")
        assert.deepStrictEqual(yield* states, ["raised"])
        yield* pass("2 minutes")
        assert.deepStrictEqual(yield* states, ["expired"])
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Cleared delivered"])
      })
    )
  )

  it.effect(
    "is raised again when its source repeats it after it expired (I10)",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("r"))
        yield* pass("1 hour")
        yield* repeat("4 minutes")
        yield* pass("10 minutes")
        assert.deepStrictEqual(yield* states, ["expired"])
        assert.strictEqual(yield* repeat("4 minutes"), "accepted")
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* states, ["raised", "expired"])
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Cleared delivered", "Raised delivered"])
      })
    )
  )

  it.effect(
    "does not expire before the gateway has been up for four times as long as its source takes to repeat it (I10)",
    fixture(() =>
      Effect.gen(function* () {
        // How long the source takes is not known yet: 5 minutes.
        yield* repeat("1 minute")
        yield* pass("19 minutes")
        assert.deepStrictEqual(yield* states, ["raised"])
        yield* pass("2 minutes")
        assert.deepStrictEqual(yield* states, ["expired"])
      })
    )
  )

  it.effect(
    "does not expire before that, where the source takes longer (I10)",
    fixture(() =>
      Effect.gen(function* () {
        yield* repeat("20 minutes")
        yield* pass("15 minutes")
        yield* repeat("1 minute")
        yield* pass("44 minutes")
        assert.deepStrictEqual(yield* states, ["raised"])
        yield* pass("2 minutes")
        assert.deepStrictEqual(yield* states, ["expired"])
      })
    )
  )
})
