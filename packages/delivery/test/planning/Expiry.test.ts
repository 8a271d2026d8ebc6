import { assert, describe, it } from "@effect/vitest"
import { AlertSearch } from "@tocsin/delivery"
import { Clock, Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  accept,
  clear,
  conversations,
  event,
  integration,
  outcomes,
  pass,
  raise,
  rule,
  save,
  tick,
  fixture
} from "../harness/engine.ts"

const state = (sourceId: string) =>
  Effect.flatMap(AlertSearch, ({ list }) =>
    Effect.map(list({ sourceId, limit: 1 }), ({ items: [alert] }) => alert?.clearedBecause ?? alert?.state)
  )

/** Lets the alerts have been silent for so long, without the lanes' living through it, until the next look. */
const silentFor = (days: number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const now = yield* Clock.currentTimeMillis
    yield* sql`UPDATE alerts SET last_heard_at = ${now - Duration.toMillis(Duration.days(days))}`
    yield* pass("1 hour")
  })

describe("Expiry", () => {
  it.effect(
    "closes an alert without an event for 30 days, and notifies nobody (I9)",
    fixture((script) =>
      Effect.gen(function* () {
        const ops = integration("ops", { settings: { channel: "ops", burst: 1, messages: 1 } })
        yield* save(ops, rule("r"))
        const id = yield* raise("a")
        yield* tick
        const waiting = yield* raise("waiting")
        yield* save({ ...ops, enabled: false })
        yield* silentFor(29)
        assert.strictEqual(yield* state("a"), "raised")
        yield* silentFor(31)
        assert.strictEqual(yield* state("a"), "expired")
        for (const alert of [id, waiting]) {
          assert.deepStrictEqual(
            (yield* conversations(alert)).map(({ closedBecause, state }) => `${state} ${closedBecause}`),
            ["closed expired"]
          )
        }
        yield* save(ops)
        yield* pass("5 minutes")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        assert.deepStrictEqual(yield* outcomes, [
          "Raised delivered",
          "Raised superseded: expired",
          "Cleared superseded: expired"
        ])
      })
    )
  )

  it.effect(
    "keeps an alert raised while its source sends events, also repeated ones (I5)",
    fixture(() =>
      Effect.gen(function* () {
        const repeated = event("repeated", { eventId: "1" })
        yield* accept(event("a"), repeated)
        yield* pass("20 days")
        assert.deepStrictEqual(
          (yield* accept(event("a"), repeated)).map(({ status }) => status),
          ["duplicate", "duplicate"]
        )
        yield* pass("20 days")
        assert.deepStrictEqual([yield* state("a"), yield* state("repeated")], ["raised", "raised"])
        yield* pass("11 days")
        assert.deepStrictEqual([yield* state("a"), yield* state("repeated")], ["expired", "expired"])
      })
    )
  )

  it.effect(
    "closes any number of alerts, records the reason, and treats a later clear as late",
    fixture(() =>
      Effect.gen(function* () {
        yield* accept(...Array.from({ length: 2100 }, (_, n) => event(`x${n}`)))
        yield* silentFor(31)
        const { list } = yield* AlertSearch
        assert.strictEqual((yield* list({ state: "raised", limit: 1 })).total, 0)
        assert.strictEqual((yield* list({ state: "cleared", limit: 1 })).total, 2100)
        const sql = yield* SqlClient.SqlClient
        const notes = yield* sql<{ note: string; n: number }>`SELECT note, count(*) AS n FROM events
          WHERE note IS NOT NULL GROUP BY note`
        assert.deepStrictEqual(
          notes.map(({ n, note }) => ({ n, note })),
          [{ note: "expired: nothing heard for 30 days", n: 2100 }]
        )
        assert.strictEqual((yield* clear("x1"))[0]?.status, "late")
      })
    )
  )
})
