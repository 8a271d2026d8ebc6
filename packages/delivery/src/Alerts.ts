/**
 * The alerts in the store.
 */
import { Alert, type AlertId } from "@tocsin/core"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { Episode } from "./episode.ts"
import { only, type Page, page } from "./page.ts"

/** Which alerts to list, newest first. */
export interface AlertFilter {
  readonly state?: Alert["state"] | undefined
  readonly source?: string | undefined
  /** The source's own id. */
  readonly sourceId?: string | undefined
  /** Only those before this sequence number. */
  readonly before?: number | undefined
  readonly limit: number
}

/** A raised alert and its place in the store. */
export interface RaisedAlert {
  readonly alert: Alert
  readonly sequence: number
  /** The last edit that it was planned under before the edit's reconciliation reached it; 0 if none. */
  readonly plannedUnder: number
}

/** Reads and writes alerts. Writes belong inside a journal's transaction. */
export class Alerts extends Context.Service<
  Alerts,
  {
    readonly get: (id: AlertId) => Effect.Effect<Alert | undefined, SqlError.SqlError>
    /** Several, by their ids. */
    readonly many: (ids: ReadonlyArray<AlertId>) => Effect.Effect<ReadonlyMap<AlertId, Alert>, SqlError.SqlError>
    /** The latest episode of a source's alert. */
    readonly latest: (source: string, sourceId: string) => Effect.Effect<Episode | undefined, SqlError.SqlError>
    /** Makes or replaces the row of one episode. */
    readonly save: (episode: Episode) => Effect.Effect<void, SqlError.SqlError>
    /** Notes that the source spoke of the alert, and nothing else. */
    readonly heard: (id: AlertId) => Effect.Effect<void, SqlError.SqlError>
    /** Raised alerts in the order in which they came, after a sequence number. */
    readonly raised: (after: number, limit: number) => Effect.Effect<ReadonlyArray<RaisedAlert>, SqlError.SqlError>
    readonly list: (filter: AlertFilter) => Effect.Effect<Page<Alert>, SqlError.SqlError>
  }
>()("@tocsin/delivery/Alerts") {
  static readonly layer: Layer.Layer<Alerts, never, SqlClient.SqlClient> = Layer.effect(
    Alerts,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const list = Effect.fnUntraced(function* ({ before, limit, source, sourceId, state }: AlertFilter) {
        const ofSource = source === undefined ? [] : [sql`source = ${source}`]
        const ofState = state === undefined ? [] : [sql`state = ${state}`]
        const states = state === undefined && source !== undefined ? ["raised", "cleared"] : [state]
        const found = yield* page<Row>(sql, {
          before,
          limit,
          table:
            sourceId === undefined
              ? sql`alerts`
              : only(sql, "alerts", sql.and([sql`source_id = ${sourceId}`, ...ofSource])),
          branches:
            sourceId !== undefined
              ? [sql.and(ofState)]
              : states.map((state) => sql.and([...(state === undefined ? [] : [sql`state = ${state}`]), ...ofSource])),
          counted:
            source === undefined && sourceId === undefined
              ? sql`SELECT coalesce(sum(n), 0) AS n FROM alert_counts WHERE ${sql.and(ofState)}`
              : undefined
        })
        return { ...found, items: found.items.map(({ alert }) => decode(alert)) }
      })

      return Alerts.of({
        list,
        get: (id) =>
          Effect.map(sql<Row>`SELECT * FROM alerts WHERE id = ${id}`, ([row]) =>
            row === undefined ? undefined : decode(row.alert)
          ),
        many: Effect.fnUntraced(function* (ids) {
          if (ids.length === 0) return new Map()
          const rows = yield* sql<Row>`SELECT * FROM alerts WHERE ${sql.in("id", ids)}`
          return new Map(rows.map(({ alert }) => decode(alert)).map((alert) => [alert.id, alert]))
        }),
        latest: (source, sourceId) =>
          Effect.map(
            sql<Row>`SELECT * FROM alerts WHERE source = ${source} AND source_id = ${sourceId}
              ORDER BY episode DESC LIMIT 1`,
            ([row]) =>
              row === undefined
                ? undefined
                : {
                    alert: decode(row.alert),
                    raisedHere: row.raised_here === 1,
                    clearTimeStated: row.clear_time_stated === 1,
                    lastHash: row.last_hash
                  }
          ),
        save: Effect.fnUntraced(function* ({ alert, clearTimeStated, lastHash, raisedHere }) {
          const now = yield* Clock.currentTimeMillis
          const changing = {
            state: alert.state,
            severity: alert.severity,
            started_at: alert.startedAt.epochMilliseconds,
            cleared_at: alert.clearedAt?.epochMilliseconds ?? null,
            clear_time_stated: clearTimeStated ? 1 : 0,
            alert: encode(alert),
            last_hash: lastHash,
            last_heard_at: now
          }
          yield* sql`INSERT INTO alerts ${sql.insert({
            id: alert.id,
            source: alert.source,
            source_id: alert.sourceId,
            episode: alert.episode,
            raised_here: raisedHere ? 1 : 0,
            created_at: now,
            ...changing
          })} ON CONFLICT (id) DO UPDATE SET ${sql.update(changing)}`
        }),
        heard: Effect.fnUntraced(function* (id) {
          const now = yield* Clock.currentTimeMillis
          yield* sql`UPDATE alerts SET last_heard_at = ${now} WHERE id = ${id}`
        }),
        raised: (after, limit) =>
          Effect.map(
            sql<Row>`SELECT * FROM alerts WHERE state = 'raised' AND sequence > ${after} ORDER BY sequence LIMIT ${limit}`,
            (rows) =>
              rows.map((row) => ({
                alert: decode(row.alert),
                sequence: row.sequence,
                plannedUnder: row.planned_under
              }))
          )
      })
    })
  )
}

const AlertJson = Schema.fromJsonString(Schema.toCodecJson(Alert))
const encode = Schema.encodeSync(AlertJson)
const decode = Schema.decodeSync(AlertJson)

interface Row {
  readonly sequence: number
  readonly alert: string
  readonly raised_here: number
  readonly clear_time_stated: number
  readonly last_hash: string
  readonly planned_under: number
}
