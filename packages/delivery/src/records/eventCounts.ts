/**
 * The table `event_counts`: how many events of each source changed an alert, by the hour in which they arrived.
 */
import { Duration, Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { insertAll } from "../sql/bulk.ts"

/** An hour in milliseconds. */
export const hour = Duration.toMillis(Duration.hours(1))

/** How many hours are counted, with the current one. */
export const hoursCounted = 24

/** The beginning of the first hour that is counted. */
export const countedSince = (now: number): number => hourOf(now) - (hoursCounted - 1) * hour

const hourOf = (at: number): number => Math.floor(at / hour) * hour

/** Counts events that arrived now, by their sources. Runs inside a transaction of `GroupCommit`. */
export const countEvents = (
  sql: SqlClient.SqlClient,
  sources: ReadonlyArray<string>,
  now: number
): Effect.Effect<unknown, SqlError.SqlError> => {
  const rows = [...Map.groupBy(sources, (source) => source)].map(([source, events]) => ({
    source,
    hour: hourOf(now),
    n: events.length,
    last_at: now
  }))
  // A row for each transaction on PostgreSQL, summed up now and then: writers would contend for a single row.
  const onConflict = sql.onDialectOrElse({
    pg: () => "",
    orElse: () =>
      "ON CONFLICT (hour, source) DO UPDATE SET n = n + excluded.n, last_at = max(last_at, excluded.last_at)"
  })
  return insertAll(sql, "event_counts", rows, { onConflict })
}

/** Sums up the rows of each source and hour. Concurrent readers see the right sum. */
export const sumUpEvents = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql.onDialectOrElse({
    pg: (): Effect.Effect<unknown, SqlError.SqlError> => sql`WITH several AS (
        SELECT hour, source FROM event_counts GROUP BY hour, source HAVING count(*) > 1
      ), gone AS (
        DELETE FROM event_counts USING several
        WHERE event_counts.hour = several.hour AND event_counts.source = several.source RETURNING event_counts.*
      ) INSERT INTO event_counts SELECT hour, source, sum(n), max(last_at) FROM gone GROUP BY hour, source`,
    orElse: () => Effect.void
  })
})
