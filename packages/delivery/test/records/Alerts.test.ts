import { assert, describe, it } from "@effect/vitest"
import { Alert, type AlertId } from "@tocsin/core"
import { AlertSearch } from "@tocsin/delivery"
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { accept, clear, event, fixture, raise } from "../harness/engine.ts"

const encode = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(Alert)))

/** All of an alert, and all digits of the hash, as versions before schema 16 stored them. */
const asBefore = Effect.fnUntraced(function* (alert: Alert) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`UPDATE alerts SET alert = ${encode(alert)}, last_hash = last_hash || ${"0".repeat(32)} WHERE id = ${alert.id}`
  yield* sql`UPDATE events SET hash = hash || ${"0".repeat(32)} WHERE alert_id = ${alert.id}`
})

describe("Alerts", () => {
  it.effect(
    "of earlier versions are read, and recognised when they are repeated (I5)",
    fixture(() =>
      Effect.gen(function* () {
        const { get } = yield* AlertSearch
        const sql = yield* SqlClient.SqlClient
        yield* raise("a")
        yield* clear("a")
        yield* raise("b", { eventId: "e1" })
        const stored = yield* sql<{ id: AlertId; alert: string }>`SELECT id, alert FROM alerts ORDER BY sequence`
        const [a, b] = yield* Effect.forEach(stored, ({ id }) => get(id))
        if (a === undefined || b === undefined) return assert.fail("They are not stored")
        assert.notInclude(stored[0]?.alert, "monitor")
        yield* asBefore(a)
        yield* asBefore(b)
        assert.deepStrictEqual([yield* get(a.id), yield* get(b.id)], [a, b])
        assert.deepStrictEqual(yield* clear("a"), [{ id: a.id, status: "duplicate" }])
        assert.deepStrictEqual(yield* accept(event("b", { eventId: "e1" })), [{ id: b.id, status: "accepted" }])
        assert.lengthOf(yield* sql`SELECT 1 FROM events WHERE note IS NOT NULL`, 0)
      })
    )
  )

  it.effect(
    "are found by their source, its id and their own id, which have columns",
    fixture(() =>
      Effect.gen(function* () {
        const { list } = yield* AlertSearch
        const id = yield* raise("disk-7")
        yield* raise("disk-8")
        for (const [q, total] of [
          ["DISK-7", 1],
          ["monitor errors", 2],
          [id, 1],
          ["raised", 0]
        ] as const) {
          assert.strictEqual((yield* list({ q, limit: 10 })).total, total, q)
        }
      })
    )
  )
})
