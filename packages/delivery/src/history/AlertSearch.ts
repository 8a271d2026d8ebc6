/**
 * Lists alerts by filters and words. Only reads.
 */
import {
  type Alert,
  AlertId,
  type AlertRuleId,
  type IntegrationId,
  type Match,
  matches,
  type Severity
} from "@tocsin/core"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { Alerts } from "../records/Alerts.ts"
import { contains } from "../sql/dialect.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { firstBatch, forEachBatch } from "./alertBatches.ts"
import { mayContain, textMatcher, wordsIn } from "./alertText.ts"

/** Which alerts to list, and in which order. */
export interface AlertFilter {
  readonly order?: "newest" | "oldest" | undefined
  readonly state?: Alert["state"] | undefined
  readonly source?: string | undefined
  /** The source's own id. */
  readonly sourceId?: string | undefined
  /** Any of these. */
  readonly severity?: ReadonlyArray<Severity> | undefined
  /** An alert rule that it matched. */
  readonly rule?: AlertRuleId | undefined
  /** An integration that it was sent to. */
  readonly integration?: IntegrationId | undefined
  /** Whether no message about it was delivered anywhere. */
  readonly notNotified?: boolean | undefined
  /** Words that all occur in its texts, in any case of letters. */
  readonly q?: string | undefined
  /** Only those after this sequence number, in the order of the list. */
  readonly after?: number | undefined
  /** How many to leave out first. */
  readonly skip?: number | undefined
  readonly limit: number
}

/** At how many integrations people were notified of an alert, and at how many they should be. */
export interface Notified {
  readonly delivered: number
  readonly of: number
}

/** An alert without its observations, and how far people were notified of it. */
export interface AlertSummary extends Omit<Alert, "observations" | "observationsOmitted"> {
  readonly notified: Notified
}

/** A page of a list of alerts. It ends before its limit when its alerts exceed 4 MiB as they are stored. */
export interface AlertPage {
  readonly items: ReadonlyArray<AlertSummary>
  /** How many match in all, of the alerts that were examined. */
  readonly total: number
  /** Whether there are alerts that were not examined. */
  readonly more: boolean
  /** The `after` of the next page, if there is one. */
  readonly next: number | undefined
}

/** The alerts that a match matches. */
export interface MatchedAlerts {
  /** The newest of them, at most 50, or fewer where they would exceed 4 MiB as they are stored. */
  readonly items: AlertPage["items"]
  readonly total: number
  /** How many were examined. */
  readonly of: number
  /** More came since then than were examined. */
  readonly more: boolean
}

/** How many alerts a match is tried on, and how many of those that it matches are shown. */
const mostMatched = { examined: 10_000, shown: 50 }

/** The most alerts that are examined one by one. */
const maxExamined = 100_000

/** How many alerts one query examines, and how many if it also reads their texts: some milliseconds. */
const examinedAtOnce = { rows: 1000, texts: 250 }

interface Examined {
  readonly sequence: number
  readonly fits: number
}

/** Finds alerts. */
export class AlertSearch extends Context.Service<
  AlertSearch,
  {
    readonly get: (id: AlertId) => Effect.Effect<Alert | undefined, StoreUnavailable>
    readonly list: (filter: AlertFilter) => Effect.Effect<AlertPage, StoreUnavailable>
    /** The alerts that came since a time, in epoch milliseconds, and that the match matches; of the newest 10,000. */
    readonly matching: (match: Match, since: number) => Effect.Effect<MatchedAlerts, StoreUnavailable>
  }
>()("@tocsin/delivery/AlertSearch") {
  static readonly layer: Layer.Layer<AlertSearch, never, SqlClient.SqlClient | GroupCommit | Alerts> = Layer.effect(
    AlertSearch,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { read } = yield* GroupCommit
      const alerts = yield* Alerts

      /** The conditions that an index answers. */
      const indexed = ({ source, sourceId, state }: AlertFilter) => [
        ...(state === undefined ? [] : [sql`state = ${state}`]),
        ...(source === undefined ? [] : [sql`source = ${source}`]),
        ...(sourceId === undefined ? [] : [sql`source_id = ${sourceId}`])
      ]

      /**
       * Whether the alert has such a row in another table. The OFFSET keeps PostgreSQL from reading the whole table instead
       * of a few rows by an index.
       */
      const has = (table: "conversations" | "deliveries", where: Statement.Fragment) =>
        sql`EXISTS (SELECT 1 FROM ${sql.literal(table)} AS its WHERE its.alert_id = alerts.id AND ${where} LIMIT 1 OFFSET 0)`

      /** Written this way, because SQLite would otherwise scan all delivered rows instead of the few of the alert. */
      const isDelivered = sql.literal("NOT (its.status <> 'delivered')")

      /** What must be examined at row by row. */
      const others = ({ integration, notNotified, q, rule, severity = [] }: AlertFilter) => [
        ...(severity.length === 0 ? [] : [sql.in("severity", severity)]),
        ...(integration === undefined ? [] : [has("conversations", sql`its.integration_id = ${integration}`)]),
        ...(rule === undefined ? [] : [has("conversations", contains(sql, "its.held_by", JSON.stringify(rule)))]),
        ...(notNotified === true ? [sql`NOT ${has("deliveries", isDelivered)}`] : []),
        ...mayContain(sql, q)
      ]

      /** Always a bound, so that the order by `sequence` uses the primary key. */
      const beyond = ({ after, order }: AlertFilter) =>
        order === "oldest" ? sql`sequence > ${after ?? 0}` : sql`sequence < ${after ?? Number.MAX_SAFE_INTEGER}`

      const direction = ({ order }: AlertFilter) => sql.literal(order === "oldest" ? "ASC" : "DESC")

      /** Lists by index alone. */
      const byIndex = Effect.fnUntraced(function* (filter: AlertFilter) {
        const { limit, skip = 0, source, sourceId, state } = filter
        const where = indexed(filter)
        const [counted] =
          source === undefined && sourceId === undefined
            ? yield* sql<{ n: number }>`SELECT coalesce(sum(n), 0) AS n FROM alert_counts WHERE ${sql.and(where)}`
            : yield* sql<{ n: number }>`SELECT count(*) AS n FROM alerts WHERE ${sql.and(where)}`
        // The index orders the alerts of a source only within a state.
        const branches =
          source !== undefined && sourceId === undefined && state === undefined
            ? (["raised", "cleared"] as const).map((state) => ({ ...filter, state }))
            : [filter]
        const rows = yield* sql<{ sequence: number }>`SELECT sequence FROM (${sql.join(
          " UNION ALL ",
          false
        )(
          branches.map(
            (branch) => sql`SELECT * FROM (SELECT sequence FROM alerts
              WHERE ${sql.and([...indexed(branch), beyond(filter)])}
              ORDER BY sequence ${direction(filter)} LIMIT ${skip + limit + 1}) AS branch`
          )
        )}) AS found ORDER BY sequence ${direction(filter)} LIMIT ${limit + 1} OFFSET ${skip}`
        return { sequences: rows.map(({ sequence }) => sequence), total: counted?.n ?? 0, more: false }
      })

      /** Those of the alerts that fit, and contain all words. */
      const withWords = Effect.fnUntraced(function* (rows: ReadonlyArray<Examined>, q: string | undefined) {
        const fitting = rows.filter(({ fits }) => fits === 1).map(({ sequence }) => sequence)
        if (wordsIn(q).length === 0) return new Set(fitting)
        const hasWords = textMatcher(q)
        const found = new Set<number>()
        yield* forEachBatch(sql, fitting, (batch) =>
          Effect.map(
            sql<{
              sequence: number
              alert: string
            }>`SELECT sequence, alert FROM alerts WHERE ${sql.in("sequence", batch)}`,
            (texts) => {
              for (const { alert, sequence } of texts) if (hasWords(alert)) found.add(sequence)
            }
          )
        )
        return found
      })

      /** Examines one alert after the other, for conditions without an index. */
      const byScan = Effect.fnUntraced(function* (filter: AlertFilter) {
        const { after, limit, order, q, skip = 0 } = filter
        const many = wordsIn(q).length === 0 ? examinedAtOnce.rows : examinedAtOnce.texts
        const isBeyond = (sequence: number) =>
          after === undefined || (order === "oldest" ? sequence > after : sequence < after)
        const sequences: Array<number> = []
        let [examined, skipped, total] = [0, 0, 0]
        let reached: number | undefined
        for (;;) {
          const rows = yield* sql<Examined>`SELECT sequence,
              CASE WHEN ${sql.and(others(filter))} THEN 1 ELSE 0 END AS fits
            FROM alerts WHERE ${sql.and([...indexed(filter), beyond({ ...filter, after: reached })])}
            ORDER BY sequence ${direction(filter)} LIMIT ${many}`
          const wanted = yield* withWords(rows, q)
          for (const { sequence } of rows) {
            reached = sequence
            if (!wanted.has(sequence)) continue
            total++
            if (!isBeyond(sequence) || sequences.length > limit) continue
            if (skipped < skip) skipped++
            else sequences.push(sequence)
          }
          examined += rows.length
          if (rows.length < many) return { sequences, total, more: false }
          if (examined >= maxExamined) {
            const rest = yield* sql`SELECT sequence FROM alerts
              WHERE ${sql.and([...indexed(filter), beyond({ ...filter, after: reached })])} LIMIT 1`
            return { sequences, total, more: rest.length > 0 }
          }
          yield* Effect.yieldNow
        }
      })

      const notified = Effect.fnUntraced(function* (ids: ReadonlyArray<AlertId>) {
        if (ids.length === 0) return new Map<AlertId, Notified>()
        // A conversation that was diverted to a fallback is not due itself.
        const rows = yield* sql<{ alert_id: string; due: number; delivered: number }>`
          SELECT alert_id, sum(CASE WHEN diverted_to IS NULL THEN 1 ELSE 0 END) AS due,
            sum(CASE WHEN EXISTS (SELECT 1 FROM deliveries its
              WHERE its.conversation_id = conversations.id AND ${isDelivered}) THEN 1 ELSE 0 END) AS delivered
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
          return [{ ...summary, notified: counts.get(alert.id) ?? { delivered: 0, of: 0 } }]
        })
      })

      const matching = Effect.fnUntraced(function* (match: Match, since: number) {
        const found: Array<number> = []
        let of = 0
        let reached = Number.MAX_SAFE_INTEGER
        for (;;) {
          const rows = yield* sql<{ sequence: number; created_at: number }>`SELECT sequence, created_at FROM alerts
            WHERE sequence < ${reached} ORDER BY sequence DESC LIMIT ${examinedAtOnce.texts}`
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
          const isThrough = rows.length < examinedAtOnce.texts || recent.length < rows.length
          if (isThrough || of >= mostMatched.examined) {
            const items = yield* show(yield* firstBatch(sql, found.slice(0, mostMatched.shown)))
            return { items, total: found.length, of, more: !isThrough }
          }
          yield* Effect.yieldNow
        }
      })

      return AlertSearch.of({
        get: (id) => read(alerts.get(id)),
        matching: (match, since) => read(matching(match, since)),
        list: Effect.fnUntraced(function* (filter) {
          const found = yield* others(filter).length === 0 && wordsIn(filter.q).length === 0
            ? byIndex(filter)
            : byScan(filter)
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
