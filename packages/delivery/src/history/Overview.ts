/**
 * Recent activity of sources and integrations. Only reads; times are epoch milliseconds.
 */
import { IntegrationId } from "@tocsin/core"
import { Clock, Context, Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { undeliveredAnywhere } from "../records/deliveryRow.ts"
import { countedSince, hour, hoursCounted } from "../records/eventCounts.ts"
import { everySource } from "./alertFilter.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import * as Dialect from "../sql/dialect.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"

/** The last digest of an integration. */
export interface LastDigest {
  readonly delivery: string
  readonly key: string
  readonly status: string
  readonly at: number
  /** How many deliveries it includes. */
  readonly included: number
}

/** Deliveries of one integration in each of the last 24 hours, the oldest hour first. */
export interface Activity {
  readonly integration: IntegrationId
  readonly delivered: ReadonlyArray<number>
  readonly failed: ReadonlyArray<number>
}

/** The recent events of a source. */
export interface SourceActivity {
  readonly name: string
  readonly lastEventAt: number | undefined
  /** Those that changed an alert, in this hour and the 23 before. */
  readonly events24h: number
  readonly lastUnreadableAt: number | undefined
  readonly unreadable24h: number
}

/** How old a digest may be to be shown: the limit keeps the query fast in a long history. */
const lately = Duration.toMillis(Duration.days(7))

/** How many of the newest digests and notices are examined. */
const mostDigests = 200

/** Summarises recent activity. */
export class Overview extends Context.Service<
  Overview,
  {
    /** The last digest of each integration that sent one in the last 7 days. */
    readonly lastDigests: Effect.Effect<ReadonlyMap<IntegrationId, LastDigest>, StoreUnavailable>
    /** When the oldest retrying delivery was created, for each integration with any. */
    readonly retryingSince: Effect.Effect<ReadonlyMap<IntegrationId, number>, StoreUnavailable>
    /** How many deliveries the digests of an integration delivered since a time. */
    readonly sentInDigests: (integration: IntegrationId, since: number) => Effect.Effect<number, StoreUnavailable>
    /** At most a minute old. */
    readonly activity: Effect.Effect<
      { readonly since: number; readonly items: ReadonlyArray<Activity> },
      StoreUnavailable
    >
    /** At most two seconds old. */
    readonly sources: Effect.Effect<ReadonlyArray<SourceActivity>, StoreUnavailable>
  }
>()("@tocsin/delivery/Overview") {
  static readonly layer: Layer.Layer<Overview, never, SqlClient.SqlClient | GroupCommit> = Layer.effect(
    Overview,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { read } = yield* GroupCommit

      const lastDigests = Effect.gen(function* () {
        const since = (yield* Clock.currentTimeMillis) - lately
        const rows = yield* sql<DigestRow>`SELECT id, integration_id, status, digest_key, created_at
          FROM deliveries ${Dialect.indexedBy(sql, "deliveries_of_no_alert")}
          WHERE alert_id IS NULL AND kind <> 'DigestList' AND created_at >= ${since} ORDER BY created_at DESC, sequence DESC
          LIMIT ${mostDigests}`
        const found = new Map<IntegrationId, LastDigest>()
        for (const { created_at, digest_key, id, integration_id, status } of rows) {
          const integration = IntegrationId.make(integration_id)
          if (digest_key === null || found.has(integration)) continue
          const [counted] = yield* sql<{ n: number }>`SELECT count(*) AS n FROM deliveries WHERE folded_into = ${id}`
          found.set(integration, { delivery: id, key: digest_key, status, at: created_at, included: counted?.n ?? 0 })
        }
        return found
      })

      const activity = Effect.gen(function* () {
        const since = countedSince(yield* Clock.currentTimeMillis)
        const counts = new Map<IntegrationId, { readonly delivered: Array<number>; readonly failed: Array<number> }>()
        // An hour at a time, so that other fibers run in between.
        for (let index = 0; index < hoursCounted; index++) {
          const from = since + index * hour
          const rows = yield* sql<{ integration_id: string; status: string; n: number }>`
            SELECT integration_id, status, count(*) AS n FROM deliveries
            WHERE created_at >= ${from} AND created_at < ${from + hour} GROUP BY integration_id, status`
          for (const { integration_id, n, status } of rows) {
            if (status !== "delivered" && status !== "dead") continue
            const integration = IntegrationId.make(integration_id)
            const of = counts.get(integration) ?? { delivered: zeros(), failed: zeros() }
            counts.set(integration, of)
            of[status === "dead" ? "failed" : "delivered"][index] = n
          }
          yield* Effect.yieldNow
        }
        return { since, items: [...counts].map(([integration, of]) => ({ integration, ...of })) }
      })

      const sources = Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const since = now - hoursCounted * hour
        const names = yield* everySource(sql)
        const heard = yield* sql<SourceRow>`SELECT source, sum(n) AS n, max(last_at) AS last FROM event_counts
          WHERE hour >= ${countedSince(now)} GROUP BY source`
        const unread = yield* sql<SourceRow>`SELECT source, max(received_at) AS last,
            sum(CASE WHEN received_at >= ${since} THEN 1 ELSE 0 END) AS n FROM unreadable GROUP BY source`
        const all = new Set([...names, ...unread].map(({ source }) => source))
        return yield* Effect.forEach(
          [...all].toSorted(),
          Effect.fnUntraced(function* (name) {
            const newest = yield* Effect.forEach(
              ["raised", "cleared"],
              (state) => sql<{ last: number }>`SELECT last_heard_at AS last FROM alerts
                WHERE source = ${name} AND state = ${state} ORDER BY sequence DESC LIMIT 1`
            )
            const events = heard.find(({ source }) => source === name)
            const times = [...newest.flat(), ...(events === undefined ? [] : [events])].map(({ last }) => last)
            const bodies = unread.find(({ source }) => source === name)
            return {
              name,
              lastEventAt: times.length === 0 ? undefined : Math.max(...times),
              events24h: Number(events?.n ?? 0),
              lastUnreadableAt: bodies?.last,
              unreadable24h: bodies?.n ?? 0
            }
          })
        )
      })

      return Overview.of({
        lastDigests: read(lastDigests),
        retryingSince: Effect.map(
          read(
            sql<{ integration_id: string; at: number }>`SELECT integration_id, min(created_at) AS at FROM deliveries
              WHERE status = 'retrying' AND ${sql.literal(undeliveredAnywhere)} GROUP BY integration_id`
          ),
          (rows) => new Map(rows.map(({ at, integration_id }) => [IntegrationId.make(integration_id), at]))
        ),
        sentInDigests: (integration, since) =>
          Effect.map(
            read(
              sql<{
                n: number
              }>`SELECT coalesce(sum((
                  SELECT count(*) FROM deliveries d WHERE d.folded_into = digest.id AND d.status = 'delivered'
                )), 0) AS n
                FROM deliveries digest ${Dialect.indexedBy(sql, "deliveries_of_no_alert")}
                WHERE digest.alert_id IS NULL AND digest.created_at >= ${since}
                  AND digest.integration_id = ${integration}`
            ),
            ([row]) => Number(row?.n ?? 0)
          ),
        activity: yield* Effect.cachedWithTTL(read(activity), "1 minute"),
        sources: yield* Effect.cachedWithTTL(read(sources), "2 seconds")
      })
    })
  )
}

const zeros = () => Array.from({ length: hoursCounted }, () => 0)

interface DigestRow {
  readonly id: string
  readonly integration_id: string
  readonly status: string
  readonly digest_key: string | null
  readonly created_at: number
}

interface SourceRow {
  readonly source: string
  readonly n: number
  readonly last: number
}
