/**
 * Finds alerts by a filter, with an index or one by one.
 */
import type { Alert, AlertRuleId, IntegrationId, Severity } from "@tocsin/core"
import { Effect } from "effect"
import type { SqlClient, Statement } from "effect/sql"
import { contains } from "../sql/dialect.ts"
import { forEachBatch } from "./alertBatches.ts"
import { mayContain, type StoredTexts, textMatcher, wordsIn } from "./alertText.ts"

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
  /** How many alerts to skip first. */
  readonly skip?: number | undefined
  readonly limit: number
}

/** The most alerts that are examined one by one. */
const maxExamined = 100_000

/** How many alerts one query examines, and how many if it also reads their texts: some milliseconds. */
const examinedAtOnce = { rows: 1000, texts: 250 }

/** Whether a delivery `its` was delivered. */
export const isDelivered = "its.status = 'delivered'"

/** The sources of all alerts, found by an index however many alerts there are. */
export const everySource = (sql: SqlClient.SqlClient) => sql<{ source: string }>`WITH RECURSIVE named (source) AS (
    SELECT min(source) FROM alerts
    UNION ALL SELECT (SELECT min(source) FROM alerts WHERE alerts.source > named.source) FROM named
      WHERE named.source IS NOT NULL
  ) SELECT source FROM named WHERE source IS NOT NULL`

interface Examined {
  readonly sequence: number
  readonly fits: number
}

/** Finds the sequence numbers of a page of alerts, with one more if another page follows. */
export const finding = (sql: SqlClient.SqlClient) => {
  /** The conditions that an index answers. */
  const indexed = ({ source, sourceId, state }: AlertFilter) => [
    ...(state === undefined ? [] : [sql`state = ${state}`]),
    ...(source === undefined ? [] : [sql`source = ${source}`]),
    ...(sourceId === undefined ? [] : [sql`source_id = ${sourceId}`]),
    // The index is by the source first, and there are few sources.
    ...(sourceId === undefined || source !== undefined ? [] : [sql`source IN (${everySource(sql)})`])
  ]

  /**
   * Whether the alert has such a row in another table. The OFFSET keeps PostgreSQL from reading the whole table instead
   * of a few rows by an index.
   */
  const has = (table: "conversations" | "deliveries", where: Statement.Fragment) =>
    sql`EXISTS (SELECT 1 FROM ${sql.literal(table)} AS its WHERE its.alert_id = alerts.id AND ${where} LIMIT 1 OFFSET 0)`

  /** The conditions that must be examined row by row. */
  const others = ({ integration, notNotified, q, rule, severity = [] }: AlertFilter) => [
    ...(severity.length === 0 ? [] : [sql.in("severity", severity)]),
    ...(integration === undefined ? [] : [has("conversations", sql`its.integration_id = ${integration}`)]),
    ...(rule === undefined ? [] : [has("conversations", contains(sql, "its.held_by", JSON.stringify(rule)))]),
    ...(notNotified === true ? [sql`NOT ${has("deliveries", sql.literal(isDelivered))}`] : []),
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

  /** Returns those of the alerts that match and contain all words. */
  const withWords = Effect.fnUntraced(function* (rows: ReadonlyArray<Examined>, q: string | undefined) {
    const fitting = rows.filter(({ fits }) => fits === 1).map(({ sequence }) => sequence)
    if (wordsIn(q).length === 0) return new Set(fitting)
    const hasWords = textMatcher(q)
    const found = new Set<number>()
    yield* forEachBatch(sql, fitting, (batch) =>
      Effect.map(
        sql<StoredTexts & { sequence: number }>`SELECT sequence, id, source, source_id, alert FROM alerts
          WHERE ${sql.in("sequence", batch)}`,
        (texts) => {
          for (const row of texts) if (hasWords(row)) found.add(row.sequence)
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

  return (filter: AlertFilter) =>
    others(filter).length === 0 && wordsIn(filter.q).length === 0 ? byIndex(filter) : byScan(filter)
}
