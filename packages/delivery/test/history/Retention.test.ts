import { assert, describe, it } from "@effect/vitest"
import { AlertSearch, GroupCommit } from "@tocsin/delivery"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  accept,
  clear,
  event,
  integration,
  outcomes,
  pass,
  raise,
  removeRule,
  rule,
  save,
  tick,
  fixture
} from "../harness/engine.ts"

const tables = ["alerts", "conversations", "deliveries", "events", "rules"]

/** How many rows each table has; those that are empty are left out. */
const rows = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const counts: Record<string, number> = {}
  for (const table of tables) {
    const [row] = yield* sql<{ n: number }>`SELECT count(*) AS n FROM ${sql(table)}`
    if (row !== undefined && row.n > 0) counts[table] = row.n
  }
  return counts
})

const sourceIds = Effect.flatMap(AlertSearch, ({ list }) =>
  Effect.map(list({ limit: 1000 }), ({ items }) => items.map(({ sourceId }) => sourceId))
)

describe("Retention", () => {
  it.effect(
    "removes a closed alert when its last event is older than the retention",
    fixture(
      () =>
        Effect.gen(function* () {
          yield* raise("a")
          yield* pass("1 day")
          yield* clear("a")
          yield* pass("47 hours")
          assert.deepStrictEqual(yield* sourceIds, ["a"])
          yield* clear("a")
          yield* pass("47 hours")
          assert.deepStrictEqual(yield* sourceIds, ["a"])
          yield* pass("2 hours")
          assert.deepStrictEqual(yield* rows, {})
        }),
      { historyKept: "2 days" }
    )
  )

  it.effect(
    "removes its deliveries with it, after the configured retention",
    fixture(
      () =>
        Effect.gen(function* () {
          yield* save(integration("ops"), integration("dev"), rule("r", { to: ["ops", "dev"] }))
          yield* raise("a")
          yield* tick
          yield* clear("a")
          yield* pass("23 hours")
          assert.deepStrictEqual(yield* rows, {
            alerts: 1,
            conversations: 2,
            deliveries: 4,
            rules: 1
          })
          yield* pass("2 hours")
          assert.deepStrictEqual(yield* rows, { rules: 1 })
          const { list } = yield* AlertSearch
          assert.strictEqual((yield* list({ limit: 1 })).total, 0)
        }),
      { historyKept: "1 day" }
    )
  )

  it.effect(
    "never removes an alert that is raised or has an open delivery",
    fixture(
      () =>
        Effect.gen(function* () {
          yield* save(integration("ops"), rule("r"))
          yield* raise("raised")
          yield* raise("due")
          yield* tick
          yield* save(integration("ops", { enabled: false }))
          yield* clear("due")
          yield* pass("3 days")
          assert.deepStrictEqual(yield* sourceIds, ["due", "raised"])
          yield* save(integration("ops"))
          yield* pass("23 hours")
          assert.include(yield* outcomes, "Cleared delivered")
          yield* pass("2 hours")
          assert.deepStrictEqual(yield* sourceIds, ["raised"])
          assert.deepStrictEqual(yield* outcomes, ["Raised delivered"])
        }),
      { historyKept: "1 day" }
    )
  )

  it.effect(
    "processes any number of alerts, and skips those that stay",
    fixture(
      (script) =>
        Effect.gen(function* () {
          const many = (source: string, state: "raised" | "cleared") =>
            accept(...Array.from({ length: 450 }, (_, n) => event(`x${n}`, { source, state })))
          script.always("ops", "hang")
          yield* save(integration("ops"), rule("r", { match: { source: "due" } }))
          yield* many("due", "raised")
          yield* save(integration("ops", { enabled: false }))
          yield* many("due", "cleared")
          yield* many("over", "cleared")
          yield* pass("26 hours")
          const { list } = yield* AlertSearch
          assert.strictEqual((yield* list({ source: "due", limit: 1 })).total, 450)
          assert.strictEqual((yield* list({ source: "over", limit: 1 })).total, 0)
        }),
      { historyKept: "1 day" }
    )
  )

  it.effect(
    "treats a clear of a removed alert as one without a raise (I4)",
    fixture(
      (script) =>
        Effect.gen(function* () {
          yield* save(integration("ops"), rule("r"))
          yield* raise("a")
          yield* tick
          yield* clear("a")
          yield* pass("25 hours")
          const [late] = yield* clear("a", { summary: "again" })
          yield* tick
          assert.strictEqual(late?.status, "accepted")
          assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Cleared"])
        }),
      { historyKept: "1 day" }
    )
  )

  it.effect(
    "recognises the id of an event for seven days, and a repeated event of a raised alert always (I5)",
    fixture(() =>
      Effect.gen(function* () {
        const first = yield* raise("a", { eventId: "1" })
        yield* pass("6 days")
        const again = event("other", { eventId: "1" })
        assert.deepStrictEqual(yield* accept(again), [{ id: first, status: "accepted" }])
        yield* pass("2 days")
        const [repeated] = yield* accept(event("a", { eventId: "1" }))
        assert.deepStrictEqual(repeated, { id: first, status: "duplicate" })
        yield* pass("8 days")
        const [other] = yield* accept(again)
        assert.notStrictEqual(other?.id, first)
      })
    )
  )

  it.effect(
    "removes the row of a removed rule when no conversation refers to it",
    fixture(
      () =>
        Effect.gen(function* () {
          yield* save(integration("ops"), rule("r1"), rule("r2"), rule("r3"))
          yield* removeRule("r3")
          const groupCommit = yield* GroupCommit
          const sql = yield* SqlClient.SqlClient
          const ids = Effect.map(
            groupCommit.read(sql<{ id: string }>`SELECT id FROM rules ORDER BY sequence`),
            (rows) => rows.map(({ id }) => id)
          )
          yield* raise("a")
          yield* removeRule("r1")
          yield* pass("25 hours")
          assert.deepStrictEqual(yield* ids, ["r1", "r2"])
          yield* clear("a")
          yield* pass("25 hours")
          assert.deepStrictEqual(yield* ids, ["r2"])
        }),
      { historyKept: "1 day" }
    )
  )
})
