/**
 * The table `alerts`.
 */
import type { Alert, AlertId } from "@tocsin/core"
import { Clock, Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Changes } from "../cluster/Changes.ts"
import type { Episode } from "../domain/episode.ts"
import { given, insertAll, isOneOf } from "../sql/bulk.ts"
import { Shortcuts } from "../domain/Shortcuts.ts"
import { alertKey } from "../sql/locks.ts"
import { encodeOthers, fromRow, type Row, toColumns } from "./alertRow.ts"

/** A raised alert and its sequence number. */
export interface RaisedAlert {
  readonly alert: Alert
  readonly sequence: number
  /** The last edit that it was planned under before the edit's reconciliation reached it; 0 if none. */
  readonly plannedUnder: number
}

/** An alert that its source repeated, and when it expires without another repeat, in epoch milliseconds. */
export interface Heard {
  readonly id: AlertId
  readonly expiresAt: number | undefined
}

/** An episode to save, and when its alert expires unless its source repeats it, in epoch milliseconds. */
export interface SavedEpisode extends Episode {
  readonly expiresAt?: number | undefined
}

/** Reads and writes alerts. Writes run inside a transaction of `GroupCommit`. */
export class Alerts extends Context.Service<
  Alerts,
  {
    readonly get: (id: AlertId) => Effect.Effect<Alert | undefined, SqlError.SqlError>
    /** The alerts with these sequence numbers. */
    readonly bySequence: (
      sequences: ReadonlyArray<number>
    ) => Effect.Effect<ReadonlyMap<number, Alert>, SqlError.SqlError>
    /** The alerts with these ids. */
    readonly many: (ids: ReadonlyArray<AlertId>) => Effect.Effect<ReadonlyMap<AlertId, Alert>, SqlError.SqlError>
    /** The latest known episodes of the sources' alerts, by `alertKey`. */
    readonly latest: (
      alerts: ReadonlyArray<Pick<Alert, "source" | "sourceId">>
    ) => Effect.Effect<ReadonlyMap<string, Episode>, SqlError.SqlError>
    /** Creates or replaces the rows of episodes. */
    readonly save: (episodes: ReadonlyArray<SavedEpisode>) => Effect.Effect<void, SqlError.SqlError>
    /** Records only that the source sent an event about the alerts now. */
    readonly heard: (alerts: ReadonlyArray<Heard>) => Effect.Effect<void, SqlError.SqlError>
    /**
     * Records the longest time between two events of alerts that expire; runs before the current events are recorded.
     * Ignores times in which the store could not be used (`availableSince`, in epoch milliseconds).
     */
    readonly repeated: (ids: ReadonlyArray<AlertId>, availableSince: number) => Effect.Effect<void, SqlError.SqlError>
    /** Removes alerts whose history expired. */
    readonly remove: (ids: ReadonlyArray<string>) => Effect.Effect<void, SqlError.SqlError>
    /** Raised alerts in the order of arrival, after a sequence number. */
    readonly raised: (after: number, limit: number) => Effect.Effect<ReadonlyArray<RaisedAlert>, SqlError.SqlError>
  }
>()("@tocsin/delivery/Alerts") {
  static readonly layer: Layer.Layer<Alerts, never, SqlClient.SqlClient | Changes> = Layer.effect(
    Alerts,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const takesShortcuts = yield* Shortcuts
      const { changed } = yield* Changes

      return Alerts.of({
        bySequence: Effect.fnUntraced(function* (sequences) {
          if (sequences.length === 0) return new Map()
          const rows = yield* sql<Row>`SELECT * FROM alerts WHERE ${sql.in("sequence", sequences)}`
          return new Map(rows.map((row) => [row.sequence, fromRow(row)]))
        }),
        get: (id) =>
          Effect.map(sql<Row>`SELECT * FROM alerts WHERE id = ${id}`, ([row]) =>
            row === undefined ? undefined : fromRow(row)
          ),
        many: Effect.fnUntraced(function* (ids) {
          if (ids.length === 0) return new Map()
          const rows = yield* sql<Row>`SELECT * FROM alerts WHERE ${isOneOf(sql, "id", ids)}`
          return new Map(rows.map((row) => [row.id, fromRow(row)]))
        }),
        latest: Effect.fnUntraced(function* (wanted) {
          if (wanted.length === 0) return new Map()
          const keys = wanted.map(({ source, sourceId }) => ({ source, source_id: sourceId }))
          const rows = yield* sql<Row>`SELECT alerts.* FROM ${given(sql, "alerts", keys)} AS given CROSS JOIN alerts
            WHERE alerts.id = (SELECT a.id FROM alerts a WHERE a.source = given.source AND a.source_id = given.source_id
              ORDER BY a.episode DESC LIMIT 1)`
          return new Map(
            rows.map((row) => [
              alertKey(row.source, row.source_id),
              {
                alert: fromRow(row),
                raisedHere: row.raised_here === 1,
                clearTimeStated: row.clear_time_stated === 1,
                lastHash: row.last_hash
              }
            ])
          )
        }),
        save: Effect.fnUntraced(function* (episodes) {
          const now = yield* Clock.currentTimeMillis
          const rows = episodes.map(({ alert, clearTimeStated, expiresAt = null, lastHash, raisedHere }) => ({
            ...toColumns(alert),
            raised_here: raisedHere ? 1 : 0,
            created_at: now,
            clear_time_stated: clearTimeStated ? 1 : 0,
            alert: encodeOthers(alert, takesShortcuts),
            last_hash: lastHash,
            last_heard_at: now,
            expires_at: expiresAt
          }))
          yield* insertAll(sql, "alerts", rows, { onConflict: replaced })
          yield* changed(
            "alert",
            episodes.map(({ alert }) => alert.id)
          )
        }),
        heard: Effect.fnUntraced(function* (alerts) {
          const now = yield* Clock.currentTimeMillis
          for (const [expiresAt, those] of Map.groupBy(alerts, ({ expiresAt }) => expiresAt)) {
            const named = isOneOf(
              sql,
              "id",
              those.map(({ id }) => id)
            )
            yield* expiresAt === undefined
              ? sql`UPDATE alerts SET last_heard_at = ${now} WHERE ${named}`
              : sql`UPDATE alerts SET last_heard_at = ${now}, expires_at = ${expiresAt} WHERE ${named}`
          }
        }),
        repeated: Effect.fnUntraced(function* (ids, availableSince) {
          if (ids.length === 0) return
          const now = yield* Clock.currentTimeMillis
          yield* sql`UPDATE alerts SET refresh_gap = ${now} - last_heard_at
            WHERE expires_at IS NOT NULL AND last_heard_at >= ${availableSince}
              AND last_heard_at + coalesce(refresh_gap, 0) < ${now} AND ${isOneOf(sql, "id", ids)}`
        }),
        remove: Effect.fnUntraced(function* (ids) {
          yield* sql`DELETE FROM alerts WHERE ${sql.in("id", ids)}`
          yield* changed("alert", ids)
        }),
        raised: (after, limit) =>
          Effect.map(
            sql<Row>`SELECT * FROM alerts WHERE state = 'raised' AND sequence > ${after} ORDER BY sequence LIMIT ${limit}`,
            (rows) =>
              rows.map((row) => ({
                alert: fromRow(row),
                sequence: row.sequence,
                plannedUnder: row.planned_under
              }))
          )
      })
    })
  )
}

/** The columns that a later event of the episode replaces. */
const replaced = `ON CONFLICT (id) DO UPDATE SET ${[
  "state",
  "severity",
  "started_at",
  "cleared_at",
  "clear_time_stated",
  "alert",
  "last_hash",
  "last_heard_at",
  "expires_at"
]
  .map((column) => `${column} = excluded.${column}`)
  .join(", ")}`
