/**
 * Lists alerts by filters and words. Only reads.
 */
import { type Alert, AlertId, type Match, matches } from "@tocsin/core"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Alerts } from "../records/Alerts.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { firstBatch, forEachBatch } from "./alertBatches.ts"
import { type AlertFilter, finding, isDelivered } from "./alertFilter.ts"

/** The number of integrations that were notified of an alert, and the number that should be. */
export interface Notified {
  readonly delivered: number
  readonly of: number
}

/** An alert without its observations, with the number of notified integrations. */
export interface AlertSummary extends Omit<Alert, "observations" | "observationsOmitted"> {
  readonly notified: Notified
}

/** A page of a list of alerts. It ends before its limit when its alerts exceed 4 MiB as they are stored. */
export interface AlertPage {
  readonly items: ReadonlyArray<AlertSummary>
  /** The number of examined alerts that match. */
  readonly total: number
  /** Whether there are alerts that were not examined. */
  readonly more: boolean
  /** The `after` of the next page, if there is one. */
  readonly next: number | undefined
}

/** The alerts that a match matches. */
export interface MatchedAlerts {
  /** The newest of them, at most 50, or fewer if their stored size would exceed 4 MiB. */
  readonly items: AlertPage["items"]
  readonly total: number
  /** How many were examined. */
  readonly of: number
  /** Whether more alerts arrived since then than were examined. */
  readonly more: boolean
}

/** How many alerts are compared with a match, and how many matching alerts are returned. */
const mostMatched = { examined: 10_000, shown: 50 }

/** How many alerts one query reads: some milliseconds. */
const readAtOnce = 250

/** Finds alerts. */
export class AlertSearch extends Context.Service<
  AlertSearch,
  {
    readonly get: (id: AlertId) => Effect.Effect<Alert | undefined, StoreUnavailable>
    /** How many integrations were notified of the alert, of how many. */
    readonly notified: (id: AlertId) => Effect.Effect<Notified, StoreUnavailable>
    readonly list: (filter: AlertFilter) => Effect.Effect<AlertPage, StoreUnavailable>
    /** The alerts that arrived since a time, in epoch milliseconds, and that match; among the newest 10,000. */
    readonly matching: (match: Match, since: number) => Effect.Effect<MatchedAlerts, StoreUnavailable>
  }
>()("@tocsin/delivery/AlertSearch") {
  static readonly layer: Layer.Layer<AlertSearch, never, SqlClient.SqlClient | GroupCommit | Alerts> = Layer.effect(
    AlertSearch,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { read } = yield* GroupCommit
      const alerts = yield* Alerts

      const find = finding(sql)

      const notified = Effect.fnUntraced(function* (ids: ReadonlyArray<AlertId>) {
        if (ids.length === 0) return new Map<AlertId, Notified>()
        // A conversation that was diverted to a fallback is not due itself.
        const rows = yield* sql<{ alert_id: string; due: number; delivered: number }>`
          SELECT alert_id, sum(CASE WHEN diverted_to IS NULL THEN 1 ELSE 0 END) AS due,
            sum(CASE WHEN EXISTS (SELECT 1 FROM deliveries its
              WHERE its.alert_id = conversations.alert_id AND its.integration_id = conversations.integration_id
                AND ${sql.literal(isDelivered)}) THEN 1 ELSE 0 END) AS delivered
          FROM conversations WHERE ${sql.in("alert_id", ids)} GROUP BY alert_id`
        return new Map(
          rows.map(({ alert_id, delivered, due }) => [
            AlertId.make(alert_id),
            { delivered, of: Math.max(due, delivered) }
          ])
        )
      })

      const show = Effect.fnUntraced(function* (sequences: ReadonlyArray<number>) {
        const shown = yield* alerts.bySequence(sequences)
        const counts = yield* notified([...shown.values()].map(({ id }) => id))
        return sequences.flatMap((sequence) => {
          const alert = shown.get(sequence)
          if (alert === undefined) return []
          const { observations: _, observationsOmitted: __, ...summary } = alert
          return [{ ...summary, notified: counts.get(alert.id) ?? nobody }]
        })
      })

      const matching = Effect.fnUntraced(function* (match: Match, since: number) {
        const found: Array<number> = []
        let of = 0
        let reached = Number.MAX_SAFE_INTEGER
        for (;;) {
          const rows = yield* sql<{ sequence: number; created_at: number }>`SELECT sequence, created_at FROM alerts
            WHERE sequence < ${reached} ORDER BY sequence DESC LIMIT ${readAtOnce}`
          const recent = rows.filter(({ created_at }) => created_at >= since).map(({ sequence }) => sequence)
          yield* forEachBatch(sql, recent, (batch) =>
            Effect.map(alerts.bySequence(batch), (some) => {
              for (const sequence of batch) {
                const alert = some.get(sequence)
                if (alert !== undefined && matches(match, alert)) found.push(sequence)
              }
            })
          )
          of += recent.length
          reached = rows.at(-1)?.sequence ?? 0
          const isThrough = rows.length < readAtOnce || recent.length < rows.length
          if (isThrough || of >= mostMatched.examined) {
            const items = yield* show(yield* firstBatch(sql, found.slice(0, mostMatched.shown)))
            return { items, total: found.length, of, more: !isThrough }
          }
          yield* Effect.yieldNow
        }
      })

      return AlertSearch.of({
        get: (id) => read(alerts.get(id)),
        notified: (id) => read(Effect.map(notified([id]), (counts) => counts.get(id) ?? nobody)),
        matching: (match, since) => read(matching(match, since)),
        list: Effect.fnUntraced(function* (filter) {
          const found = yield* find(filter)
          const page = yield* firstBatch(sql, found.sequences.slice(0, filter.limit))
          return {
            items: yield* show(page),
            total: found.total,
            more: found.more,
            next: found.sequences.length > page.length ? page.at(-1) : undefined
          }
        }, read)
      })
    })
  )
}

const nobody: Notified = { delivered: 0, of: 0 }
