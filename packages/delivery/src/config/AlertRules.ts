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
  /** Its place in the order of creation. */
  readonly sequence: number
  readonly rule: AlertRule
  readonly createdAt: number
  /** Increases with every edit, so no two states of a rule share a value. */
  readonly updatedAt: number
}

/** The rules as the planner needs them. */
export interface CurrentRules {
  /** The rules that have not been removed. */
  readonly rules: ReadonlyArray<AlertRule>
  /** Returns the rules that may match an alert, in their order. */
  readonly mayMatch: (alert: Alert) => ReadonlyArray<AlertRule>
  /** The current value, or the last one if the rule was removed. */
  readonly notifyOnClear: (rule: AlertRuleId) => boolean
}

/** Reads and writes alert rules. Writes run inside a transaction of `GroupCommit`. */
export class AlertRules extends Context.Service<
  AlertRules,
  {
    readonly list: Effect.Effect<ReadonlyArray<StoredRule>, SqlError.SqlError>
    readonly get: (id: AlertRuleId) => Effect.Effect<StoredRule | undefined, SqlError.SqlError>
    /** Creates the rule, or replaces the one with this id. */
    readonly save: (rule: AlertRule) => Effect.Effect<void, SqlError.SqlError>
    /** Removes the rule; its `notifyOnClear` stays known until it is erased. */
    readonly remove: (id: AlertRuleId) => Effect.Effect<void, SqlError.SqlError>
    /** Erases those of the rules that were removed before a time, in epoch milliseconds. */
    readonly erase: (ids: ReadonlyArray<AlertRuleId>, removedBefore: number) => Effect.Effect<void, SqlError.SqlError>
    /** The rules that were removed before a time, in epoch milliseconds. */
    readonly removed: (before: number) => Effect.Effect<ReadonlyArray<AlertRuleId>, SqlError.SqlError>
    /** The rules as the planner needs them, cached between edits. */
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
      /** The decoded rules by their texts: an edit changes one of many, and the others need not be decoded again. */
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
