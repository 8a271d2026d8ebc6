import { assert, describe, it } from "@effect/vitest"
import { Unavailable } from "@tocsin/core"
import { type AlertFilter, AlertSearch } from "@tocsin/delivery"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  accept,
  clear,
  event,
  fixture,
  integration,
  integrationId,
  raise,
  rule,
  ruleId,
  save,
  tick
} from "../harness/engine.ts"

/** Alerts that differ in all by which they are found. `quiet` matches no rule, `off` leads to a disabled integration. */
const varied = Effect.gen(function* () {
  yield* save(
    integration("ops"),
    integration("dev"),
    integration("off", { enabled: false }),
    rule("all_ops", { match: { source: ["monitor", "other"] } }),
    rule("All_ops", { match: { severity: "critical" }, to: ["dev"] }),
    rule("to-off", { match: { source: "unheard" }, to: ["off"] })
  )
  yield* accept(
    event("a", { severity: "critical", summary: "The disk of Ünna is FULL" }),
    event("b", { severity: "minor", test: { name: "50% of_db", targets: ["db-1.example.com"] } }),
    event("c", { source: "other", labels: { team: "net" } }),
    event("quiet", { source: "quiet" }),
    event("off", { source: "unheard" })
  )
  yield* clear("b")
  yield* tick
})

const found = (filter: Omit<AlertFilter, "limit">) =>
  Effect.flatMap(AlertSearch, (search) =>
    Effect.map(search.list({ ...filter, limit: 100 }), ({ items, more, total }) => {
      assert.deepStrictEqual({ total, more }, { total: items.length, more: false })
      return items.map(({ sourceId }) => sourceId).join(" ")
    })
  )

describe("Lists of alerts", () => {
  it.effect(
    "filter and count",
    fixture(() =>
      Effect.gen(function* () {
        yield* varied
        const expected: ReadonlyArray<readonly [Omit<AlertFilter, "limit">, string]> = [
          [{}, "off quiet c b a"],
          [{ order: "oldest" }, "a b c quiet off"],
          [{ state: "raised" }, "off quiet c a"],
          [{ state: "cleared" }, "b"],
          [{ source: "monitor" }, "b a"],
          [{ source: "monitor", order: "oldest" }, "a b"],
          [{ source: "monitor", state: "raised" }, "a"],
          [{ sourceId: "c" }, "c"],
          [{ source: "monitor", sourceId: "c" }, ""],
          [{ severity: ["critical", "minor"] }, "b a"],
          [{ severity: ["critical", "minor"], state: "raised", order: "oldest" }, "a"],
          [{ integration: integrationId("ops") }, "c b a"],
          [{ integration: integrationId("off") }, ""],
          [{ rule: ruleId("all_ops") }, "c b a"],
          [{ rule: ruleId("All_ops") }, "a"],
          [{ rule: ruleId("allXops") }, ""],
          [{ notNotified: true }, "off quiet"],
          [{ notNotified: true, source: "quiet" }, "quiet"],
          [{ q: "full" }, "a"],
          [{ q: "  disk  ünna " }, "a"],
          [{ q: "disk elsewhere" }, ""],
          [{ q: "50%" }, "b"],
          [{ q: "%" }, "b"],
          [{ q: "of_db" }, "b"],
          [{ q: "ofXdb" }, ""],
          [{ q: "DB-1.EXAMPLE" }, "b"],
          [{ q: "net" }, "c"],
          // What JSON is made of is no text of an alert.
          [{ q: "severity" }, ""],
          [{ q: '"' }, ""],
          [{ q: "errors", state: "raised", source: "monitor" }, "a"],
          [{ q: "   " }, "off quiet c b a"]
        ]
        for (const [filter, ids] of expected) assert.strictEqual(yield* found(filter), ids, JSON.stringify(filter))
      })
    )
  )

  it.effect(
    "can be read page by page, from either end and from anywhere between",
    fixture(() =>
      Effect.gen(function* () {
        yield* varied
        const search = yield* AlertSearch
        for (const order of ["newest", "oldest"] as const)
          for (const filter of [{}, { source: "monitor" }, { severity: ["major"] }] as const) {
            const whole = (yield* search.list({ ...filter, order, limit: 100 })).items.map(({ id }) => id)
            const pages: Array<string> = []
            let after: number | undefined
            do {
              const page = yield* search.list({ ...filter, order, after, limit: 2 })
              pages.push(...page.items.map(({ id }) => id))
              assert.strictEqual(page.total, whole.length)
              after = page.next
            } while (after !== undefined)
            assert.deepStrictEqual(pages, whole)
            for (const skip of [0, 1, 2, 9]) {
              const { items } = yield* search.list({ ...filter, order, skip, limit: 2 })
              assert.deepStrictEqual(
                items.map(({ id }) => id),
                whole.slice(skip, skip + 2)
              )
            }
          }
      })
    )
  )

  it.effect(
    "show how many integrations were notified, of how many",
    fixture((script) =>
      Effect.gen(function* () {
        script.always("dev", { fail: new Unavailable({ detail: "HTTP 503" }) })
        yield* varied
        const search = yield* AlertSearch
        const { items } = yield* search.list({ limit: 100 })
        assert.deepStrictEqual(
          items.map(({ notified: { delivered, of }, sourceId }) => `${sourceId} ${delivered} of ${of}`),
          ["off 0 of 0", "quiet 0 of 0", "c 1 of 1", "b 1 of 1", "a 1 of 2"]
        )
      })
    )
  )

  it.effect(
    "count by an index, or look at up to 100,000 rows",
    fixture(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const columns = sql.literal("episode, state, severity, raised_here, started_at, clear_time_stated, alert")
        yield* raise("a")
        // Not in one statement, which PostgreSQL ends after ten seconds.
        for (let from = 1; from < 100_000; from += 10_000)
          yield* sql`WITH RECURSIVE n (i) AS
              (SELECT CAST(${from} AS integer) UNION ALL SELECT i + 1 FROM n WHERE i < ${Math.min(99_999, from + 9999)})
            INSERT INTO alerts (id, source, source_id, last_hash, last_heard_at, created_at, ${columns})
            SELECT id || i, source, source_id || i, last_hash, last_heard_at, created_at, ${columns}
            FROM alerts, n WHERE source_id = 'a'`
        const { list } = yield* AlertSearch
        const counted = (filter: Omit<AlertFilter, "limit">) =>
          Effect.map(list({ ...filter, limit: 1 }), ({ more, total }) => ({ more, total }))
        assert.deepStrictEqual(yield* counted({ severity: ["major"] }), { total: 100_000, more: false })
        yield* raise("one more")
        for (const filter of [
          {},
          { state: "raised" },
          { source: "monitor" },
          { source: "monitor", state: "raised" }
        ] as const)
          assert.deepStrictEqual(yield* counted(filter), { total: 100_001, more: false })
        assert.deepStrictEqual(yield* counted({ severity: ["major"] }), { total: 100_000, more: true })
        assert.deepStrictEqual(yield* counted({ severity: ["major"], sourceId: "a" }), { total: 1, more: false })
      })
    )
  )
})
