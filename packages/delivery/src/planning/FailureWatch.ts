/**
 * Notifies operators of integrations whose oldest delivery has been failing for five minutes, whatever the reason
 * (case D4).
 */
import type { IntegrationId } from "@tocsin/core"
import { Clock, Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { Partitions } from "../cluster/Partitions.ts"
import { decodeHistory } from "../records/deliveryHistory.ts"
import { undelivered } from "../records/deliveryRow.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { isRecent, OperatorNotices, Operators } from "./OperatorNotices.ts"

/** How long a delivery fails before operators are notified, in milliseconds. */
const patience = 300_000

/** Checks once a minute, for as long as the layer lives, if operators have an integration. */
export const layer: Layer.Layer<never, never, GroupCommit | SqlClient.SqlClient | Partitions | OperatorNotices> =
  Layer.effectDiscard(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const partitions = yield* Partitions
      const notices = yield* OperatorNotices
      const operators = yield* Operators
      if (operators === undefined) return

      /** The oldest retrying delivery of each integration. */
      const oldest = sql<Oldest>`
        SELECT i.id AS integration, i.broken_reason, i.waiting_until, d.cause, d.next_at, d.history,
          (SELECT max(created_at) FROM deliveries WHERE about = i.id) AS last_notice
        FROM integrations i CROSS JOIN deliveries d
        WHERE i.enabled = 1 AND i.id <> ${operators}
          AND d.id = (SELECT id FROM deliveries
            WHERE integration_id = i.id AND status = 'retrying' AND ${sql.literal(undelivered)} AND kind <> 'DigestList' ORDER BY sequence LIMIT 1)`

      const check = Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const failing = (yield* groupCommit.read(oldest))
          .map((one) => ({ ...one, ...failuresOf(one) }))
          .filter(
            (one) =>
              now - one.firstFailure >= patience &&
              failingUntil(one) - one.firstFailure >= patience &&
              !isRecent(one.last_notice ?? undefined, now)
          )
        if (failing.length === 0) return
        yield* groupCommit.commit(
          Effect.flatMap(partitions.leases(new Set(failing.map(({ integration }) => integration))), (leases) =>
            Effect.forEach(
              failing.filter(({ integration }) => leases.has(integration)),
              ({ broken_reason, cause, firstFailure, integration }) =>
                broken_reason === null
                  ? notices.failing(integration, { cause: cause ?? "", since: firstFailure })
                  : notices.broken(integration, broken_reason),
              { discard: true }
            )
          )
        )
      })

      yield* check.pipe(
        Effect.ignoreCause({
          log: "Error",
          message: "Failing integrations could not be checked; retrying in a minute"
        }),
        Effect.repeat(Schedule.spaced("1 minute")),
        Effect.forkScoped
      )
    })
  )

interface Oldest {
  readonly integration: IntegrationId
  readonly broken_reason: string | null
  readonly waiting_until: number | null
  /** Why its last attempt failed. */
  readonly cause: string | null
  readonly next_at: number
  readonly history: string
  readonly last_notice: number | null
}

/** When an attempt failed first, and last. */
const failuresOf = ({ history }: Oldest) => {
  const times = decodeHistory(history).flatMap(({ at, status }) => (status === "retrying" ? [at] : []))
  return { firstFailure: Math.min(...times), lastFailure: Math.max(...times) }
}

/** Until when the service causes the delay. After that, the delivery waits for our own rate limit, which is no failure. */
const failingUntil = ({
  broken_reason,
  lastFailure,
  next_at,
  waiting_until
}: Oldest & ReturnType<typeof failuresOf>): number =>
  broken_reason === null ? Math.max(lastFailure, next_at, waiting_until ?? 0) : Infinity
