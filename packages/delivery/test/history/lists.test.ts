import { assert, describe, it } from "@effect/vitest"
import { type DeliveryFilter, DeliveryStatus, History } from "@tocsin/delivery"
import { Unavailable } from "@tocsin/core"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  accept,
  clear,
  deliveries,
  event,
  integration,
  integrationId,
  pass,
  raise,
  removeIntegration,
  rule,
  save,
  tick,
  fixture
} from "../harness/engine.ts"

/** Deliveries of many kinds: delivered, superseded, retrying and pending, at two integrations. */
const busy = Effect.gen(function* () {
  const slow = integration("slow", { settings: { channel: "slow", messages: 1, burst: 1 } })
  yield* save(integration("ops"), slow, rule("r", { to: ["ops", "slow"] }))
  const ids = yield* Effect.forEach(["a", "b", "c", "d"], (id) => raise(id))
  yield* pass("2 minutes")
  yield* clear("a")
  yield* save(rule("r", { to: ["ops"] }))
  yield* accept(event("e"), event("f", { source: "other" }))
  yield* tick
  return ids
})

/** Follows a list from page to page. */
const whole = (filter: Omit<DeliveryFilter, "limit">) =>
  Effect.gen(function* () {
    const { list } = yield* History
    const ids: Array<string> = []
    let before: number | undefined
    do {
      const { items, more, next, total } = yield* list({ ...filter, limit: 3, before })
      ids.push(...items.map(({ id }) => id))
      before = next
      if (next === undefined) assert.deepStrictEqual({ total, more }, { total: ids.length, more: false })
    } while (before !== undefined)
    return ids
  })

describe("Lists", () => {
  it.effect(
    "of deliveries filter, newest first, page by page, with a count (A)",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("slow", "ok")
        script.always("slow", { fail: new Unavailable({ detail: "HTTP 503" }) })
        const [alert] = yield* busy
        const all = (yield* deliveries).toReversed()
        const statuses = new Set(all.map(({ status }) => status))
        assert.isAbove(statuses.size, 2)
        const open = ["pending", "retrying", "sending", "folded"]
        for (const status of [[], ["open"], ["pending"], ["delivered", "superseded"], ["open", "pending"]] as const)
          for (const integration of [undefined, integrationId("slow")])
            for (const of of [undefined, alert])
              for (const since of [undefined, 60_000]) {
                const expected = all.filter(
                  (one) =>
                    (status.length === 0 ||
                      status.some((wanted) =>
                        wanted === "open" || wanted === "pending" ? open.includes(one.status) : one.status === wanted
                      )) &&
                    (integration === undefined || one.integration === integration) &&
                    (of === undefined || one.alert === of) &&
                    (since === undefined || one.createdAt >= since)
                )
                assert.deepStrictEqual(
                  yield* whole({ status, integration, alert: of, since }),
                  expected.map(({ id }) => id)
                )
              }
      })
    )
  )

  it.effect(
    "update their counts in the same transaction as the rows",
    fixture(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { list } = yield* History
        yield* busy
        yield* removeIntegration("slow")
        const counted = Effect.forEach(DeliveryStatus.literals, (status) =>
          Effect.map(
            sql<{ n: number }>`SELECT count(*) AS n FROM deliveries WHERE status = ${status}`,
            ([row]) => row?.n
          )
        )
        const kept = Effect.forEach(DeliveryStatus.literals, (status) =>
          Effect.map(
            sql<{ n: number }>`SELECT coalesce(sum(n), 0) AS n FROM delivery_counts WHERE status = ${status}`,
            ([row]) => row?.n
          )
        )
        assert.deepStrictEqual(yield* kept, yield* counted)
        const { total } = yield* list({ status: [], limit: 1 })
        yield* Effect.flip(
          sql.withTransaction(Effect.andThen(sql`DELETE FROM deliveries`, Effect.fail("taken back" as const)))
        )
        assert.strictEqual((yield* list({ status: [], limit: 1 })).total, total)
        yield* sql`DELETE FROM deliveries`
        assert.strictEqual((yield* list({ status: [], limit: 1 })).total, 0)
      })
    )
  )

  it.effect(
    "keep their counts right, whatever a statement changes",
    fixture(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const statuses = DeliveryStatus.literals
        const pick = (n: number, of: number) => Math.trunc(Math.abs(Math.sin(n) * 1e6)) % of
        const insert = (n: number) =>
          sql`INSERT INTO deliveries (id, integration_id, kind, status, form, attempts, next_at, history, created_at, updated_at)
            ${sql.join(
              " UNION ALL ",
              false
            )(
              Array.from(
                { length: 1 + pick(n, 5) },
                (_, row) =>
                  sql`SELECT ${`${n} ${row}`}, ${`at ${pick(n + row, 3)}`}, 'Notice', ${statuses[pick(n * 7 + row, 8)]}, 'rich', 0, 0, '[]', 0, 0`
              )
            )}`
        const change = (n: number) =>
          sql`UPDATE deliveries SET status = ${statuses[pick(n, 8)]}, integration_id = ${`at ${pick(n + 1, 3)}`}
            WHERE sequence % 3 = ${pick(n, 3)} OR status = ${statuses[pick(n + 2, 8)]}`
        const remove = (n: number) => sql`DELETE FROM deliveries WHERE sequence % 5 = ${pick(n, 5)}`
        for (let n = 1; n < 60; n++) {
          const some = [insert, insert, change, remove][pick(n * 3, 4)]?.(n) ?? Effect.void
          yield* pick(n * 5, 4) === 0
            ? Effect.flip(sql.withTransaction(Effect.andThen(some, Effect.fail("taken back" as const))))
            : some
          const wrong = yield* sql`SELECT integration_id, status, sum(n) AS n FROM (
              SELECT integration_id, status, n FROM delivery_counts
              UNION ALL SELECT integration_id, status, -1 FROM deliveries
            ) AS counted GROUP BY integration_id, status HAVING sum(n) <> 0`
          assert.deepStrictEqual(wrong, [], `after ${n}`)
        }
        assert.isAbove((yield* sql`SELECT id FROM deliveries`).length, 3)
      })
    )
  )

  it.effect(
    "count up to 10,000 rows without a stored count, and then report that there are more",
    fixture(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* save(integration("ops"), rule("r"))
        yield* raise("a")
        yield* tick
        const columns = sql.literal(
          "alert_id, integration_id, kind, status, form, attempts, next_at, history, created_at, updated_at"
        )
        const copies = (
          to: number
        ) => sql`WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
          INSERT INTO deliveries (id, ${columns}) SELECT id || i, ${columns} FROM deliveries, n WHERE redelivery_of IS NULL
            AND sequence = 1`
        yield* copies(10_000)
        const { list } = yield* History
        const count = Effect.map(list({ status: [], since: 0, limit: 1 }), ({ more, total }) => ({ more, total }))
        assert.deepStrictEqual(yield* count, { total: 10_000, more: false })
        yield* raise("one more")
        assert.deepStrictEqual(yield* count, { total: 10_000, more: true })
        const { more, total } = yield* list({ status: [], limit: 1 })
        assert.deepStrictEqual({ total, more }, { total: 10_001, more: false })
      })
    )
  )
})
