/**
 * Closes alerts that their sources did not clear: by hand, or because nothing was heard of them.
 */
import type { Alert, AlertId } from "@tocsin/core"
import { Clock, Context, DateTime, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Alerts } from "../records/Alerts.ts"
import { Reconciler } from "./Reconciler.ts"
import { alertKey } from "../sql/locks.ts"

/** Closes alerts. Belongs inside a journal's transaction. */
export class AlertCloser extends Context.Service<
  AlertCloser,
  {
    /** Closes a raised alert, and records why; one that has cleared stays as it is. Undefined if there is none of this id. */
    readonly close: (
      id: AlertId,
      because: "byHand" | "expired",
      note: string
    ) => Effect.Effect<Alert | undefined, SqlError.SqlError>
  }
>()("@tocsin/delivery/AlertCloser") {
  static readonly layer: Layer.Layer<AlertCloser, never, SqlClient.SqlClient | Alerts | Reconciler> = Layer.effect(
    AlertCloser,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const alerts = yield* Alerts
      const reconciliation = yield* Reconciler

      return AlertCloser.of({
        close: Effect.fnUntraced(function* (id, because, note) {
          const alert = yield* alerts.get(id)
          if (alert === undefined || alert.state === "cleared") return alert
          const episode = (yield* alerts.latest([alert])).get(alertKey(alert.source, alert.sourceId))
          if (episode === undefined) return undefined
          const cleared: Alert = {
            ...alert,
            state: "cleared",
            clearedAt: yield* DateTime.now,
            clearedBecause: because
          }
          yield* alerts.save([{ ...episode, alert: cleared, clearTimeStated: false }])
          yield* sql`INSERT INTO events ${sql.insert({
            source: alert.source,
            hash: "",
            alert_id: id,
            status: "accepted",
            note,
            received_at: yield* Clock.currentTimeMillis
          })}`
          yield* because === "expired"
            ? reconciliation.expired(cleared)
            : reconciliation.moved([{ alert: cleared, before: alert }])
          return cleared
        })
      })
    })
  )
}
