/**
 * The pending deliveries of an integration. Only reads, always by an index, so that the next delivery is found quickly
 * even in a long backlog.
 */
import type { IntegrationId } from "@tocsin/core"
import { Array as Arr, Clock, Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import type { DueDelivery } from "../domain/attempt.ts"
import { undelivered } from "../records/deliveryRow.ts"
import { noEpisodeInFlight } from "../records/openEpisodes.ts"
import { repliesAt } from "../records/digestReply.ts"
import { testsOf } from "../records/testSend.ts"
import { alertKey } from "../sql/locks.ts"

/** Up to this number of pending critical raises are sent by themselves, before any digest (D5). */
export const fewCriticals = 10

/** What is sent next. */
interface Next {
  readonly due: ReadonlyArray<DueDelivery>
  readonly dueAt?: number
}

/** What is sent next, and what else waits. */
interface Look extends Next {
  readonly size: number
  readonly isAll: boolean
}

/** Reads the pending deliveries. */
export class Backlog extends Context.Service<
  Backlog,
  {
    /**
     * The first deliveries of the integration that are due and can be sent now, in their order, no two of one alert,
     * and test sends before all others; replies to digests after all others, one at a time; if there are none but a reply,
     * when the next one is due. With `pendingFirst`, those that were never attempted go before the others.
     */
    readonly next: (
      integration: IntegrationId,
      limit: number,
      options?: { readonly pendingFirst?: boolean }
    ) => Effect.Effect<Next, SqlError.SqlError>
    /** The same, with the number of pending deliveries, and whether the deliveries that it returns are all there are. */
    readonly look: (
      integration: IntegrationId,
      limit: number,
      options?: { readonly pendingFirst?: boolean }
    ) => Effect.Effect<Look, SqlError.SqlError>
    /** The number of pending deliveries, without replies to digests. */
    readonly size: (integration: IntegrationId) => Effect.Effect<number, SqlError.SqlError>
    /** When the oldest of these was created, in epoch milliseconds. */
    readonly oldest: (integration: IntegrationId) => Effect.Effect<number | undefined, SqlError.SqlError>
    /** The first pending critical raise, if there are at most ten of them. */
    readonly critical: (integration: IntegrationId) => Effect.Effect<DueDelivery | undefined, SqlError.SqlError>
    /** The integrations with pending or retrying deliveries. */
    readonly integrationsWithWork: Effect.Effect<ReadonlyArray<IntegrationId>, SqlError.SqlError>
  }
>()("@tocsin/delivery/Backlog") {
  static readonly layer: Layer.Layer<Backlog, never, SqlClient.SqlClient> = Layer.effect(
    Backlog,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      /** Selects deliveries that can be sent now: others would block those behind them. */
      const isFree = sql.literal(noEpisodeInFlight())

      const isUndelivered = sql.literal(undelivered)

      const columns = sql.literal(`id, sequence, kind, status, next_at, updated_at,
        (SELECT source FROM alerts WHERE alerts.id = deliveries.alert_id) AS source,
        (SELECT source_id FROM alerts WHERE alerts.id = deliveries.alert_id) AS source_id`)

      /** The deliveries that may be sent next; with `counted`, on PostgreSQL, and a row with the number of those that wait. */
      const candidates = (integration: IntegrationId, limit: number, counted: Statement.Fragment) => {
        const tests = sql<Row>`SELECT ${columns} FROM deliveries
          WHERE about = ${testsOf(integration)} AND status IN ('pending', 'retrying')`
        const most = sql.literal(String(fewSizes(limit)))
        // A lane whose slots are all taken asks whenever something new waits.
        return limit === 0
          ? sql<Row>`${tests} ${counted}`
          : sql<Row>`
          ${tests}
          UNION ALL SELECT * FROM (SELECT ${columns} FROM deliveries WHERE integration_id = ${integration}
            AND status = 'pending' AND ${isUndelivered} AND kind NOT IN ('Test', 'DigestList') AND ${isFree} ORDER BY sequence LIMIT ${most}) AS pending
          UNION ALL SELECT * FROM (SELECT ${columns} FROM deliveries WHERE integration_id = ${integration}
            AND status = 'retrying' AND kind NOT IN ('Test', 'DigestList') AND ${isFree} ORDER BY next_at LIMIT ${most}) AS retrying
          UNION ALL SELECT * FROM (SELECT ${columns} FROM deliveries WHERE about = ${repliesAt(integration)}
            AND status IN ('pending', 'retrying') AND NOT EXISTS (SELECT 1 FROM deliveries earlier
              WHERE earlier.about = deliveries.about AND earlier.status = 'sending')
            ORDER BY sequence LIMIT 1) AS reply ${counted}`
      }

      const choose = (
        rows: ReadonlyArray<Row>,
        { limit, now, pendingFirst = false }: { limit: number; now: number; pendingFirst?: boolean | undefined }
      ): Next => {
        // A row with a later time was written before the clock was set back, and counts as due now.
        const isDue = ({ next_at, updated_at }: Row) => next_at <= now || updated_at > now
        const inOrder = rows
          .filter((row) => row.status === "pending" || isDue(row))
          .toSorted(
            (a, b) =>
              Number(isTest(b)) - Number(isTest(a)) || (pendingFirst ? untriedOrder(a, b) : a.sequence - b.sequence)
          )
        const others = inOrder.filter((row) => !isReply(row))
        const due = Arr.dedupeWith(
          (others.length > 0 ? others : inOrder).map(toDue),
          (a, b) => a.lockKeys[0] === b.lockKeys[0]
        )
        const later = rows.filter((row) => !inOrder.includes(row))
        return {
          due: due.slice(0, Math.max(limit, due.filter(({ isTest }) => isTest).length)),
          ...(others.length === 0 && later.length > 0 && { dueAt: Math.min(...later.map(({ next_at }) => next_at)) })
        }
      }

      const next = Effect.fnUntraced(function* (
        integration: IntegrationId,
        limit: number,
        options: { readonly pendingFirst?: boolean } = {}
      ) {
        const rows = yield* candidates(integration, limit, sql``)
        return choose(rows, { ...options, limit, now: yield* Clock.currentTimeMillis })
      })

      const sizeOf = (integration: IntegrationId) => sql`SELECT coalesce(sum(n), 0) - (SELECT count(*) FROM deliveries
        WHERE about = ${repliesAt(integration)} AND status IN ('pending', 'retrying')) AS n FROM delivery_counts
        WHERE integration_id = ${integration} AND status IN ('pending', 'retrying')`

      const size = (integration: IntegrationId) =>
        Effect.map(sql<{ n: number }>`${sizeOf(integration)}`, ([row]) => row?.n ?? 0)

      const look = Effect.fnUntraced(function* (
        integration: IntegrationId,
        limit: number,
        options: { readonly pendingFirst?: boolean } = {}
      ) {
        const counted = sql.onDialectOrElse({
          // A statement by itself would cost another round trip.
          pg: () =>
            sql`UNION ALL SELECT '', CAST(n AS bigint), 'Size', '', 0, 0, NULL, NULL FROM (${sizeOf(integration)}) AS counted`,
          orElse: () => sql``
        })
        const all = yield* candidates(integration, limit, counted)
        const rows = all.filter(({ kind }) => kind !== "Size")
        const waiting = all.find(({ kind }) => kind === "Size")?.sequence ?? (yield* size(integration))
        const chosen = choose(rows, { ...options, limit, now: yield* Clock.currentTimeMillis })
        const { length } = chosen.due
        return { ...chosen, size: waiting, isAll: length === rows.length && length === waiting }
      })

      const oldest = Effect.fnUntraced(function* (integration: IntegrationId) {
        const rows = yield* Effect.forEach(
          ["pending", "retrying"],
          (status) => sql<{ created_at: number }>`SELECT created_at FROM deliveries
            WHERE integration_id = ${integration} AND status = ${status} AND ${isUndelivered} AND kind <> 'DigestList'
            ORDER BY sequence LIMIT 1`
        )
        const times = rows.flat().map(({ created_at }) => created_at)
        return times.length === 0 ? undefined : Math.min(...times)
      })

      const critical = Effect.fnUntraced(function* (integration: IntegrationId) {
        const now = yield* Clock.currentTimeMillis
        const rows = yield* sql<Row>`SELECT ${columns} FROM deliveries
          WHERE integration_id = ${integration} AND severity = 'critical' AND status IN ('pending', 'retrying')
            AND kind <> 'Cleared' AND (status = 'pending' OR next_at <= ${now}) AND ${isFree}
          ORDER BY sequence LIMIT ${fewCriticals + 1}`
        const [first] = rows
        return first === undefined || rows.length > fewCriticals ? undefined : toDue(first)
      })

      const integrationsWithWork = Effect.map(
        sql<{ integration_id: IntegrationId }>`SELECT integration_id FROM delivery_counts
          WHERE status IN ('pending', 'retrying') GROUP BY integration_id HAVING sum(n) > 0`,
        (rows) => rows.map(({ integration_id }) => integration_id)
      )

      return Backlog.of({ next, look, size, oldest, critical, integrationsWithWork })
    })
  )
}

/**
 * The next of few limits, part of the statement: of a limit that is a value PostgreSQL knows nothing, so it would plan the
 * statement each time.
 */
const fewSizes = (limit: number) => [1, 4, 16, 64, 128].find((size) => size >= limit) ?? limit

interface Row {
  readonly id: string
  readonly sequence: number
  readonly kind: string
  readonly status: "pending" | "retrying"
  readonly next_at: number
  readonly updated_at: number
  /** The alert's; a notice or a test send has none. */
  readonly source: string | null
  readonly source_id: string | null
}

/** Orders deliveries without attempts before the others, and those by the time at which they became due. */
const untriedOrder = (a: Row, b: Row): number =>
  Number(a.status === "retrying") - Number(b.status === "retrying") || a.next_at - b.next_at || a.sequence - b.sequence

const isTest = ({ kind }: Pick<Row, "kind">) => kind === "Test"

const isReply = ({ kind }: Pick<Row, "kind">) => kind === "DigestList"

const toDue = (row: Row): DueDelivery => ({
  id: row.id,
  lockKeys: row.source === null || row.source_id === null ? [row.id] : [alertKey(row.source, row.source_id)],
  isTest: isTest(row),
  ...(isReply(row) && { isReply: true })
})
