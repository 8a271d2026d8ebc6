/**
 * Closes alerts that their sources did not clear: by hand, or because they expired.
 */
import type { Alert, AlertId } from "@tocsin/core"
import { Clock, Context, DateTime, Effect, Latch, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Alerts } from "../records/Alerts.ts"
import { Reconciler } from "./Reconciler.ts"
import { alertKey } from "../sql/locks.ts"

/** Closes alerts. Runs inside a transaction of `GroupCommit`. */
export class AlertCloser extends Context.Service<
  AlertCloser,
  {
    /**
     * Closes a raised alert and records why. A cleared alert stays as it is. Returns undefined if there is no such alert.
     * `isSilent` sends no message.
     */
    readonly close: (
      id: AlertId,
      because: "byHand" | "expired",
      note: string,
      options?: { readonly isSilent: boolean }
    ) => Effect.Effect<Alert | undefined, SqlError.SqlError>
    /** Open when there may be alerts that expire unless their source repeats them. */
    readonly mayExpire: Latch.Latch
  }
>()("@tocsin/delivery/AlertCloser") {
  static readonly layer: Layer.Layer<AlertCloser, never, SqlClient.SqlClient | Alerts | Reconciler> = Layer.effect(
    AlertCloser,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const alerts = yield* Alerts
      const reconciler = yield* Reconciler
      const mayExpire = yield* Latch.make(true)

      return AlertCloser.of({
        mayExpire,
        close: Effect.fnUntraced(function* (id, because, note, { isSilent } = { isSilent: false }) {
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
          yield* isSilent
            ? reconciler.expired(cleared)
            : reconciler.moved([{ alert: cleared, before: alert }], { mayClaim: false })
          return cleared
        })
      })
    })
  )
}
