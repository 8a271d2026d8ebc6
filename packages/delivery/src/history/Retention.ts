/**
 * Forgets what is over for long: closed alerts with their conversations, deliveries and transitions, event ids, and
 * removed rules (cases I5 and L). What is open is never forgotten.
 */
import { Clock, Context, Duration, Effect, Layer, Schedule, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AlertRules } from "../config/AlertRules.ts"
import { Alerts } from "../records/Alerts.ts"
import { Conversations } from "../records/Conversations.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { openStatus } from "../records/deliveryRow.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { ignoreLogged } from "../sql/StoreUnavailable.ts"

/** How long history is kept after the last that happened to an alert; 30 days unless it is provided. */
export const HistoryKept = Context.Reference<Duration.Duration>("@tocsin/delivery/Retention/HistoryKept", {
  defaultValue: () => Duration.days(30)
})

/** How long the id of an event is known again (I5). */
const eventIdsKept = Duration.days(7)

/** How many alerts, events or conversations a transaction looks at. */
const chunk = 200

/** Looks once an hour, for as long as the layer lives. */
export const layer: Layer.Layer<
  never,
  never,
  GroupCommit | SqlClient.SqlClient | Alerts | AlertRules | Conversations | Deliveries
> = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const groupCommit = yield* GroupCommit
    const alerts = yield* Alerts
    const alertRules = yield* AlertRules
    const conversations = yield* Conversations
    const deliveries = yield* Deliveries
    const kept = yield* HistoryKept

    /** Goes through closed alerts, the longest silent first: one that a room is still owed something about stays. */
    const forgetAlerts = Effect.fnUntraced(function* (before: number) {
      let reached = { last_heard_at: Number.MIN_SAFE_INTEGER, sequence: 0 }
      const step = Effect.gen(function* () {
        const over = yield* sql<{ id: string; last_heard_at: number; sequence: number }>`
          SELECT id, last_heard_at, sequence FROM alerts
          WHERE state = 'cleared' AND last_heard_at < ${before}
            AND (last_heard_at, sequence) > (${reached.last_heard_at}, ${reached.sequence})
          ORDER BY last_heard_at, sequence LIMIT ${chunk}`
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
        yield* sql.afterCommit(Effect.sync(() => void (reached = last)))
        return over.length === chunk
      })
      yield* Effect.repeat(groupCommit.commit(step), { while: (more) => more })
    })

    /** Digests and notices, which belong to no alert. */
    const forgetOthers = (before: number) =>
      Effect.repeat(
        groupCommit.commit(
          Effect.gen(function* () {
            const over = sql`SELECT id FROM deliveries WHERE alert_id IS NULL AND created_at < ${before}
              AND NOT (${sql.literal(openStatus)}) ORDER BY created_at, sequence LIMIT ${chunk}`
            const rows = yield* sql<{ id: string }>`SELECT id FROM (${over}) AS over`
            const ids = rows.map(({ id }) => id)
            if (ids.length === 0) return rows
            yield* deliveries.remove(ids)
            return rows
          })
        ),
        { while: (gone) => gone.length === chunk }
      )

    const forgetEvents = (which: "IS NULL" | "IS NOT NULL", before: number) =>
      Effect.repeat(
        groupCommit.commit(
          sql<{ sequence: number }>`DELETE FROM events WHERE sequence IN (
            SELECT sequence FROM events WHERE event_id ${sql.literal(which)} AND received_at < ${before}
            ORDER BY received_at LIMIT ${chunk}) RETURNING sequence`
        ),
        { while: (gone) => gone.length === chunk }
      )

    /** A removed rule still says whether the clears of those whom it ever told are told: so it goes after them. */
    const forgetRules = Effect.fnUntraced(function* (before: number) {
      const unheld = new Map((yield* groupCommit.read(alertRules.removed(before))).map((id) => [String(id), id]))
      let after = ""
      while (unheld.size > 0) {
        const page = yield* groupCommit.read(
          sql<{ id: string; held_by: string }>`SELECT id, held_by FROM conversations
            WHERE id > ${after} ORDER BY id LIMIT ${chunk}`
        )
        for (const { held_by, id } of page) {
          after = id
          for (const holder of decodeHolders(held_by)) unheld.delete(holder)
        }
        if (page.length < chunk) break
      }
      if (unheld.size === 0) return
      yield* groupCommit.commit(alertRules.erase([...unheld.values()], before))
    })

    const sweep = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const before = now - Duration.toMillis(kept)
      yield* forgetAlerts(before)
      yield* forgetOthers(before)
      yield* forgetEvents("IS NOT NULL", now - Duration.toMillis(eventIdsKept))
      yield* forgetEvents("IS NULL", before)
      yield* forgetRules(before)
    })

    yield* sweep.pipe(
      ignoreLogged("Removing old history failed. It is tried again in an hour."),
      Effect.repeat(Schedule.spaced("1 hour")),
      Effect.forkScoped
    )
  })
)

const decodeHolders = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Array(Schema.String)))
