/**
 * The table `audit`: every change that a caller made.
 */
import { AlertRuleId } from "@tocsin/core"
import { Clock, Context, Effect, Layer, type Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { storable } from "../../domain/storableText.ts"
import { GroupCommit } from "../../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../../sql/StoreUnavailable.ts"

/** Who makes a change, and from where. */
export interface Author {
  /** A name: that of an API key or of a user, or how the caller was let in. */
  readonly actor: string
  /** The id of the API key that was used. */
  readonly keyId?: string | undefined
  /** The caller's network address. */
  readonly address: string
}

/** The author of the changes that a fiber makes. */
export const CurrentAuthor = Context.Reference<Author>("@tocsin/delivery/AuditLog/CurrentAuthor", {
  defaultValue: () => ({ actor: "the gateway", address: "" })
})

/** The kinds of things that a change is about. */
export type AuditKind =
  | "alert"
  | "backup"
  | "delivery"
  | "integration"
  | "key"
  | "rule"
  | "session"
  | "source"
  | "unreadable"

/** A change, without secrets. */
export interface AuditedChange {
  /** What was done, such as `created`. */
  readonly action: string
  readonly kind: AuditKind
  /** The id of the thing; empty if there were many. */
  readonly subject: string
  /** The thing before and after the change, as JSON without secrets. */
  readonly before?: unknown
  readonly after?: unknown
}

/** A recorded change. */
export interface AuditEntry extends Omit<AuditedChange, "before" | "after"> {
  readonly before?: Schema.Json
  readonly after?: Schema.Json
  readonly sequence: number
  readonly author: Author
  /** Epoch milliseconds. */
  readonly at: number
}

/** A recorded edit of a rule; `at` is in epoch milliseconds. */
export interface RuleEdit {
  readonly rule: AlertRuleId
  readonly by: string
  readonly at: number
}

/** Records a change. Runs inside the transaction of the change. */
export type Record = (change: AuditedChange) => Effect.Effect<void, SqlError.SqlError>

/** Writes and reads the audit log. */
export class AuditLog extends Context.Service<
  AuditLog,
  {
    /** Returns how to record changes of the current author: transactions run on another fiber. */
    readonly recorder: Effect.Effect<Record>
    /** Records something of the current author that has no transaction of its own. */
    readonly record: (change: AuditedChange) => Effect.Effect<void, StoreUnavailable>
    /** The recorded changes, newest first. */
    readonly list: (options: {
      readonly kind?: string | undefined
      readonly subject?: string | undefined
      readonly before?: number | undefined
      readonly limit: number
    }) => Effect.Effect<
      { readonly items: ReadonlyArray<AuditEntry>; readonly total: number; readonly next: number | undefined },
      StoreUnavailable
    >
    /** The replacements of rules between two times, in epoch milliseconds, oldest first; at most the last 500. */
    readonly ruleEdits: (options: {
      readonly rules: ReadonlyArray<AlertRuleId>
      readonly since: number
      readonly until: number
    }) => Effect.Effect<ReadonlyArray<RuleEdit>, StoreUnavailable>
    /** Removes what was recorded before a time, in epoch milliseconds; returns whether there may be more. */
    readonly forget: (before: number) => Effect.Effect<boolean, StoreUnavailable>
  }
>()("@tocsin/delivery/AuditLog") {
  static readonly layer: Layer.Layer<AuditLog, never, GroupCommit | SqlClient.SqlClient> = Layer.effect(
    AuditLog,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit

      const write = Effect.fnUntraced(function* (
        { actor, address, keyId }: Author,
        { action, after, before, kind, subject }: AuditedChange
      ) {
        yield* sql`INSERT INTO audit ${sql.insert({
          actor: storable(actor),
          key_id: keyId ?? null,
          address,
          action,
          kind,
          subject: storable(subject),
          before: before === undefined ? null : storable(JSON.stringify(before)),
          after: after === undefined ? null : storable(JSON.stringify(after)),
          at: yield* Clock.currentTimeMillis
        })}`
      })

      const recorder = Effect.map(
        CurrentAuthor,
        (author): Record =>
          (change) =>
            write(author, change)
      )

      const list = Effect.fnUntraced(function* ({
        before = Number.MAX_SAFE_INTEGER,
        kind,
        limit,
        subject
      }: Parameters<AuditLog["Service"]["list"]>[0]) {
        const where = sql.and([
          ...(kind === undefined ? [] : [sql`kind = ${kind}`]),
          ...(subject === undefined ? [] : [sql`subject = ${subject}`])
        ])
        const [counted] = yield* sql<{ total: number }>`SELECT count(*) AS total FROM audit WHERE ${where}`
        const rows = yield* sql<Row>`SELECT * FROM audit WHERE ${where} AND sequence < ${before}
          ORDER BY sequence DESC LIMIT ${limit + 1}`
        const page = rows.slice(0, limit)
        return {
          items: page.map(fromRow),
          total: Number(counted?.total ?? 0),
          next: rows.length > limit ? page.at(-1)?.sequence : undefined
        }
      })

      return AuditLog.of({
        recorder,
        record: (change) => Effect.flatMap(recorder, (record) => groupCommit.commit(record(change), [])),
        list: (options) => groupCommit.read(list(options)),
        ruleEdits: Effect.fnUntraced(function* ({ rules, since, until }) {
          if (rules.length === 0) return []
          const rows = yield* sql<Row>`SELECT * FROM audit
            WHERE kind = 'rule' AND ${sql.in("subject", rules)} AND action = 'replaced' AND at >= ${since} AND at <= ${until}
            ORDER BY sequence DESC LIMIT 500`
          return rows.toReversed().map(({ actor, address, at, subject }) => ({
            rule: AlertRuleId.make(subject),
            by: `${actor} at ${address}`,
            at
          }))
        }, groupCommit.read),
        forget: (before) =>
          groupCommit.commit(
            Effect.map(
              sql`DELETE FROM audit WHERE sequence IN (
                SELECT sequence FROM audit WHERE at < ${before} ORDER BY at LIMIT ${forgottenAtOnce}) RETURNING sequence`,
              (gone) => gone.length === forgottenAtOnce
            ),
            []
          )
      })
    })
  )
}

/** How many rows a transaction removes. */
const forgottenAtOnce = 200

interface Row {
  readonly sequence: number
  readonly actor: string
  readonly key_id: string | null
  readonly address: string
  readonly action: string
  readonly kind: AuditKind
  readonly subject: string
  readonly before: string | null
  readonly after: string | null
  readonly at: number
}

const fromRow = ({ action, actor, address, after, at, before, key_id, kind, sequence, subject }: Row): AuditEntry => ({
  sequence,
  author: { actor, address, ...(key_id !== null && { keyId: key_id }) },
  action,
  kind,
  subject,
  ...(before !== null && { before: JSON.parse(before) }),
  ...(after !== null && { after: JSON.parse(after) }),
  at
})
