/**
 * The alert rules in the store.
 */
import { type Alert, AlertRule, type AlertRuleId } from "@tocsin/core"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { ruleIndex } from "../domain/ruleIndex.ts"
import { Changes } from "../cluster/Changes.ts"
import { ConfigCache } from "./ConfigCache.ts"

/** An alert rule as it is stored. */
export interface StoredRule {
  /** Its place in the order in which they were made. */
  readonly sequence: number
  readonly rule: AlertRule
  readonly createdAt: number
  /** Grows with every edit, so it tells two states of one rule apart. */
  readonly updatedAt: number
}

/** What planning needs of all rules. */
export interface CurrentRules {
  /** The rules in use. */
  readonly rules: ReadonlyArray<AlertRule>
  /** Those of them that may match an alert, in their order. */
  readonly mayMatch: (alert: Alert) => ReadonlyArray<AlertRule>
  /** As saved now, or as it last was if the rule was removed. */
  readonly notifyOnClear: (rule: AlertRuleId) => boolean
}

/** Reads and writes alert rules. Writes belong inside a journal's transaction. */
export class AlertRules extends Context.Service<
  AlertRules,
  {
    readonly list: Effect.Effect<ReadonlyArray<StoredRule>, SqlError.SqlError>
    readonly get: (id: AlertRuleId) => Effect.Effect<StoredRule | undefined, SqlError.SqlError>
    /** Makes the rule, or replaces the one of this id. */
    readonly save: (rule: AlertRule) => Effect.Effect<void, SqlError.SqlError>
    /** Takes the rule out of use; what it last said of clears is still known. */
    readonly remove: (id: AlertRuleId) => Effect.Effect<void, SqlError.SqlError>
    /** Removes for good those of the rules that were taken out of use before a time. */
    readonly erase: (ids: ReadonlyArray<AlertRuleId>, removedBefore: number) => Effect.Effect<void, SqlError.SqlError>
    /** The rules that were taken out of use before a time. */
    readonly removed: (before: number) => Effect.Effect<ReadonlyArray<AlertRuleId>, SqlError.SqlError>
    /** What planning needs, remembered between edits. */
    readonly current: Effect.Effect<CurrentRules, SqlError.SqlError>
  }
>()("@tocsin/delivery/AlertRules") {
  static readonly layer: Layer.Layer<AlertRules, never, SqlClient.SqlClient | ConfigCache | Changes> = Layer.effect(
    AlertRules,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const version = yield* ConfigCache
      const live = yield* Changes

      const rows = (where = sql`1 = 1`) => sql<Row>`SELECT * FROM rules WHERE ${where} ORDER BY sequence`
      const inUse = sql`deleted_at IS NULL`
      /** The rules that were current last, by their texts: an edit changes one of many. */
      let decoded: ReadonlyMap<string, AlertRule> = new Map()

      return AlertRules.of({
        list: Effect.map(rows(inUse), (rows) => rows.map(fromRow)),
        get: (id) =>
          Effect.map(rows(sql`id = ${id} AND ${inUse}`), ([row]) => (row === undefined ? undefined : fromRow(row))),
        save: Effect.fnUntraced(function* (rule) {
          const now = yield* Clock.currentTimeMillis
          const json = encode(rule)
          yield* version.changed
          yield* sql`INSERT INTO rules ${sql.insert({ id: rule.id, rule: json, created_at: now, updated_at: now })}
            ON CONFLICT (id) DO UPDATE SET rule = ${json}, deleted_at = NULL,
              created_at = CASE WHEN rules.deleted_at IS NULL THEN rules.created_at ELSE ${now} END,
              updated_at = CASE WHEN rules.updated_at < ${now} THEN ${now} ELSE rules.updated_at + 1 END`
          yield* live.changed("rule", [rule.id])
        }),
        remove: Effect.fnUntraced(function* (id) {
          const now = yield* Clock.currentTimeMillis
          yield* version.changed
          yield* sql`UPDATE rules SET deleted_at = ${now} WHERE id = ${id}`
          yield* live.changed("rule", [id])
        }),
        erase: Effect.fnUntraced(function* (ids, removedBefore) {
          yield* version.changed
          yield* sql`DELETE FROM rules WHERE ${sql.in("id", ids)} AND deleted_at < ${removedBefore}`
        }),
        removed: (before) => Effect.map(rows(sql`deleted_at < ${before}`), (rows) => rows.map(({ id }) => id)),
        current: version.remember(
          Effect.map(rows(), (rows): CurrentRules => {
            decoded = new Map(rows.map(({ rule }) => [rule, decoded.get(rule) ?? decode(rule)]))
            const known = [...decoded.values()]
            const notifying = new Set(known.flatMap(({ id, notifyOnClear }) => (notifyOnClear ? [id] : [])))
            const removed = new Set(rows.flatMap(({ deleted_at, id }) => (deleted_at === null ? [] : [id])))
            const rules = known.filter(({ id }) => !removed.has(id))
            return {
              rules,
              mayMatch: ruleIndex(rules),
              notifyOnClear: (rule) => notifying.has(rule)
            }
          })
        )
      })
    })
  )
}

interface Row {
  readonly sequence: number
  readonly id: AlertRuleId
  readonly rule: string
  readonly deleted_at: number | null
  readonly created_at: number
  readonly updated_at: number
}

const RuleJson = Schema.fromJsonString(Schema.toCodecJson(AlertRule))
const encode = Schema.encodeSync(RuleJson)
const decode = Schema.decodeSync(RuleJson)

const fromRow = (row: Row): StoredRule => ({
  sequence: row.sequence,
  rule: decode(row.rule),
  createdAt: row.created_at,
  updatedAt: row.updated_at
})
