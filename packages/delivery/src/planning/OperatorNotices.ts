/**
 * Notices to operators: an integration is broken or keeps failing (case D4), or a source sends an unreadable body.
 */
import type { IntegrationId, Notification } from "@tocsin/core"
import { Clock, Context, DateTime, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Integrations } from "../config/Integrations.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { Signals } from "../cluster/Signals.ts"
import { afterCommit } from "../sql/transactionEnd.ts"

/** The integration that notifies operators. Without it nobody is notified. */
export const Operators = Context.Reference<IntegrationId | undefined>("@tocsin/delivery/OperatorNotices/Operators", {
  defaultValue: () => undefined
})

/** Operators are notified of one integration or source at most this often, in milliseconds. */
const pause = 3_600_000

/** Whether operators were notified so recently that the next notice would come too soon; in epoch milliseconds. */
export const isRecent = (lastNotice: number | undefined, now: number): boolean =>
  lastNotice !== undefined && lastNotice <= now && lastNotice > now - pause

/** Enqueues notices, at most one per integration or source and hour, and none about the operators' own integration. */
export class OperatorNotices extends Context.Service<
  OperatorNotices,
  {
    /** Notifies operators that the integration is broken. Runs inside a transaction of `GroupCommit`. */
    readonly broken: (integration: IntegrationId, because: string) => Effect.Effect<void, SqlError.SqlError>
    /**
     * Notifies operators that the integration's oldest delivery has been failing since then, in epoch milliseconds.
     * Runs inside a transaction of `GroupCommit`.
     */
    readonly failing: (
      integration: IntegrationId,
      options: { readonly cause: string; readonly since: number }
    ) => Effect.Effect<void, SqlError.SqlError>
    /**
     * Notifies operators that a delivery ended at its deadline because the plugin failed at each attempt: at most one notice
     * per integration and hour. Runs inside a transaction of `GroupCommit`.
     */
    readonly undelivered: (
      integration: IntegrationId,
      options: { readonly delivery: string; readonly cause: string }
    ) => Effect.Effect<void, SqlError.SqlError>
    /**
     * Notifies operators that the source sent a body that cannot be read, with the number of such bodies that were kept
     * since the last notice. Runs inside a transaction of `GroupCommit`, after the body was kept.
     */
    readonly unreadable: (source: string, why: string) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@tocsin/delivery/OperatorNotices") {
  static readonly layer: Layer.Layer<
    OperatorNotices,
    never,
    SqlClient.SqlClient | Deliveries | Integrations | Signals
  > = Layer.effect(
    OperatorNotices,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const deliveries = yield* Deliveries
      const integrations = yield* Integrations
      const signals = yield* Signals
      const operators = yield* Operators

      /** Enqueues a notice about `about`. `compose` writes it, and gets the time of the last one. */
      const enqueue = Effect.fnUntraced(function* (
        about: string,
        compose: (
          last: number | undefined
        ) => Effect.Effect<(Omit<Notice, "_tag"> & { readonly cause: string }) | undefined, SqlError.SqlError>
      ) {
        if (operators === undefined) return
        const now = yield* Clock.currentTimeMillis
        const [last] = yield* sql<{ created_at: number }>`SELECT created_at FROM deliveries
          WHERE about = ${about} ORDER BY sequence DESC LIMIT 1`
        if (isRecent(last?.created_at, now)) return
        if ((yield* integrations.get(operators)) === undefined) return
        const composed = yield* compose(last?.created_at)
        if (composed === undefined) return
        const { cause, ...notice } = composed
        yield* deliveries.enqueue([
          {
            integration: operators,
            kind: "Notice",
            status: "pending",
            cause,
            about,
            notification: { _tag: "Notice", ...notice }
          }
        ])
        yield* afterCommit(signals.send([operators], "work"))
      })

      const notify = (
        integration: IntegrationId,
        compose: (name: string) => Omit<Notice, "_tag"> & { readonly cause: string },
        about: string = integration
      ) =>
        operators === integration
          ? Effect.void
          : enqueue(about, () => Effect.map(integrations.get(integration), (found) => found && compose(found.name)))

      return OperatorNotices.of({
        broken: (integration, because) =>
          notify(integration, (name) => ({
            cause: `integration ${integration} is broken`,
            severity: "critical",
            headline: `The integration ${name} is broken`,
            lines: [because, `Its id is ${integration}. Its deliveries wait, or go to its fallback.`]
          })),
        failing: (integration, { cause, since }) =>
          notify(integration, (name) => ({
            cause: `deliveries to ${integration} are failing`,
            severity: "critical",
            headline: `Deliveries to the integration ${name} are failing`,
            lines: [
              cause,
              `Its id is ${integration}. Its oldest delivery has been failing since ${DateTime.formatIso(DateTime.makeUnsafe(since))}. Tocsin keeps retrying it.`
            ]
          })),
        undelivered: (integration, { cause, delivery }) =>
          notify(
            integration,
            (name) => ({
              cause: `deliveries to ${integration} ended at their deadline`,
              severity: "critical",
              headline: `A delivery to the integration ${name} was not sent before its deadline`,
              lines: [
                cause,
                `Its id is ${delivery}. The log has the plugin's error. Install a fixed version of the plugin, then redeliver the dead deliveries of ${integration}.`
              ]
            }),
            // Beside the notice that the integration is broken. No integration's id has a colon.
            `dead:${integration}`
          ),
        unreadable: (source, why) =>
          enqueue(`source:${source}`, (last = 0) =>
            Effect.map(
              sql<{ kept: number }>`SELECT count(*) AS kept FROM unreadable
                WHERE source = ${source} AND received_at > ${last}`,
              ([{ kept } = { kept: 1 }]) => ({
                cause: `source ${source} sent an unreadable body`,
                severity: "major",
                headline:
                  kept > 1
                    ? `${kept} bodies from the source ${source} are unreadable`
                    : `A body from the source ${source} is unreadable`,
                lines: [
                  why,
                  "Their alerts are not delivered. GET /v1/sources/unreadable lists them, with the reason of each. Correct the format at the source."
                ]
              })
            )
          )
      })
    })
  )
}

type Notice = Extract<Notification, { readonly _tag: "Notice" }>
