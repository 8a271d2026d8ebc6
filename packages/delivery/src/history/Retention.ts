/**
 * Removes old history: closed alerts with their conversations and deliveries, event ids, removed rules,
 * ended API keys and the audit log (cases I5 and L). Open alerts and deliveries are never removed.
 */
import { Clock, Context, Duration, Effect, Layer, Schedule, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AlertRules } from "../config/AlertRules.ts"
import { Alerts } from "../records/Alerts.ts"
import { ApiKeys } from "../records/access/ApiKeys.ts"
import { AuditLog } from "../records/access/AuditLog.ts"
import { Conversations } from "../records/Conversations.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { openStatus } from "../records/deliveryRow.ts"
import { countedSince } from "../records/eventCounts.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { ignoreLogged } from "../sql/StoreUnavailable.ts"
import { afterCommit } from "../sql/transactionEnd.ts"

/** How long history is kept after the last change of an alert; 30 days by default. */
export const HistoryKept = Context.Reference<Duration.Duration>("@tocsin/delivery/Retention/HistoryKept", {
  defaultValue: () => Duration.days(30)
})

/** How long the ids of events are recognized (I5). */
const eventIdsKept = Duration.days(7)

/** How many alerts, events or conversations a transaction examines. */
const removedAtOnce = 200

/** Removes old history once an hour, for as long as the layer lives. */
export const layer: Layer.Layer<
  never,
  never,
  GroupCommit | SqlClient.SqlClient | Alerts | AlertRules | ApiKeys | AuditLog | Conversations | Deliveries
> = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const groupCommit = yield* GroupCommit
    const alerts = yield* Alerts
    const alertRules = yield* AlertRules
    const apiKeys = yield* ApiKeys
    const audit = yield* AuditLog
    const conversations = yield* Conversations
    const deliveries = yield* Deliveries
    const kept = yield* HistoryKept

    /** Removes closed alerts, the longest unchanged first. An alert with an open delivery stays. */
    const forgetAlerts = Effect.fnUntraced(function* (before: number) {
      let reached = { last_heard_at: Number.MIN_SAFE_INTEGER, sequence: 0 }
      const step = Effect.gen(function* () {
        const over = yield* sql<{ id: string; last_heard_at: number; sequence: number }>`
          SELECT id, last_heard_at, sequence FROM alerts
          WHERE state = 'cleared' AND last_heard_at < ${before}
            AND (last_heard_at, sequence) > (${reached.last_heard_at}, ${reached.sequence})
          ORDER BY last_heard_at, sequence LIMIT ${removedAtOnce}`
        const last = over.at(-1)
        if (last === undefined) return false
        const busy = yield* sql<{ alert_id: string }>`SELECT DISTINCT alert_id FROM deliveries
          WHERE ${sql.in(
            "alert_id",
            over.map(({ id }) => id)
          )} AND (${sql.literal(openStatus)} OR updated_at >= ${before})`
        const isBusy = new Set(busy.map(({ alert_id }) => alert_id))
        const ids = over.flatMap(({ id }) => (isBusy.has(id) ? [] : [id]))
        if (ids.length > 0) {
          yield* deliveries.removeOfAlerts(ids)
          yield* conversations.removeOfAlerts(ids)
          yield* alerts.remove(ids)
        }
        yield* afterCommit(Effect.sync(() => void (reached = last)))
        return over.length === removedAtOnce
      })
      yield* Effect.repeat(groupCommit.commit(step), { while: (more) => more })
    })

    /** Removes digests and notices, which belong to no alert. */
    const forgetOthers = (before: number) =>
      Effect.repeat(
        groupCommit.commit(
          Effect.gen(function* () {
            const over = sql`SELECT id FROM deliveries WHERE alert_id IS NULL AND created_at < ${before}
              AND NOT (${sql.literal(openStatus)}) ORDER BY created_at, sequence LIMIT ${removedAtOnce}`
            const rows = yield* sql<{ id: string }>`SELECT id FROM (${over}) AS over`
            const ids = rows.map(({ id }) => id)
            if (ids.length === 0) return rows
            yield* deliveries.remove(ids)
            return rows
          })
        ),
        { while: (gone) => gone.length === removedAtOnce }
      )

    const forgetEvents = (which: "IS NULL" | "IS NOT NULL", before: number) =>
      Effect.repeat(
        groupCommit.commit(
          sql<{ sequence: number }>`DELETE FROM events WHERE sequence IN (
            SELECT sequence FROM events WHERE event_id ${sql.literal(which)} AND received_at < ${before}
            ORDER BY received_at LIMIT ${removedAtOnce}) RETURNING sequence`
        ),
        { while: (gone) => gone.length === removedAtOnce }
      )

    /** Removes removed rules that no conversation refers to: until then, their `notifyOnClear` still applies. */
    const forgetRules = Effect.fnUntraced(function* (before: number) {
      const unused = new Map((yield* groupCommit.read(alertRules.removed(before))).map((id) => [String(id), id]))
      let after: Pick<HeldRow, "alert_id" | "integration_id"> = { alert_id: "", integration_id: "" }
      while (unused.size > 0) {
        const page = yield* groupCommit.read(
          sql<HeldRow>`SELECT alert_id, integration_id, held_by FROM conversations
            WHERE (alert_id, integration_id) > (${after.alert_id}, ${after.integration_id})
            ORDER BY alert_id, integration_id LIMIT ${removedAtOnce}`
        )
        for (const row of page) {
          after = row
          for (const matcher of decodeMatchers(row.held_by)) unused.delete(matcher)
        }
        if (page.length < removedAtOnce) break
      }
      if (unused.size === 0) return
      yield* groupCommit.commit(alertRules.erase([...unused.values()], before))
    })

    const sweep = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const before = now - Duration.toMillis(kept)
      yield* forgetAlerts(before)
      yield* forgetOthers(before)
      yield* forgetEvents("IS NOT NULL", now - Duration.toMillis(eventIdsKept))
      yield* forgetEvents("IS NULL", before)
      yield* groupCommit.commit(sql`DELETE FROM event_counts WHERE hour < ${countedSince(now)}`)
      yield* forgetRules(before)
      yield* Effect.repeat(audit.forget(before), { while: (more) => more })
      yield* apiKeys.forget(before)
    })

    yield* sweep.pipe(
      ignoreLogged("Removing old history failed; retrying in an hour."),
      Effect.repeat(Schedule.spaced("1 hour")),
      Effect.forkScoped
    )
  })
)

interface HeldRow {
  readonly alert_id: string
  readonly integration_id: string
  readonly held_by: string
}

const decodeMatchers = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Array(Schema.String)))
