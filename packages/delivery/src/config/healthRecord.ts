/**
 * Records in an integration's row the health that its lane observes.
 */
import type { IntegrationId } from "@tocsin/core"
import { Clock, Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Changes } from "../cluster/Changes.ts"
import type { ShownIntegration } from "../domain/integration.ts"
import { givenAs } from "../sql/bulk.ts"
import { afterCommit } from "../sql/transactionEnd.ts"

/** A success is recorded at most this often, in milliseconds: otherwise all attempts would contend for the row. */
const successPrecision = 1000

/** Records the health of integrations. All of it runs inside a transaction of `GroupCommit`. */
export interface HealthRecord {
  /** A message arrived at each of them: they are not broken, and no longer unavailable. */
  readonly recordSuccesses: (ids: Iterable<IntegrationId>) => Effect.Effect<void, SqlError.SqlError>
  /** The integration is broken until a person fixes it. */
  readonly recordFailure: (id: IntegrationId, reason: string) => Effect.Effect<void, SqlError.SqlError>
  /** An attempt failed, for any reason. */
  readonly recordFailedAttempt: (id: IntegrationId, reason: string) => Effect.Effect<void, SqlError.SqlError>
  /** Nothing is sent for a while. */
  readonly recordPause: (
    id: IntegrationId,
    pause: NonNullable<ShownIntegration["waiting"]>
  ) => Effect.Effect<void, SqlError.SqlError>
  /** The integration works again, although no message was sent. */
  readonly recordRecovery: (id: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
  /** Removes the pauses of these partitions' lanes, because the gateway that recorded them no longer owns the lanes. */
  readonly forgetPauses: (partitions: ReadonlyArray<number>) => Effect.Effect<void, SqlError.SqlError>
}

export const healthRecord = (sql: SqlClient.SqlClient, live: Changes["Service"]): HealthRecord => {
  /** When a success of each integration was recorded here, in epoch milliseconds, unless something else was since then. */
  const successes = new Map<IntegrationId, number>()
  /** How often something else was recorded. */
  let others = 0
  const forget = (id: IntegrationId) =>
    Effect.sync(() => {
      others++
      successes.delete(id)
    })
  const changed = (id: IntegrationId, update: Effect.Effect<unknown, SqlError.SqlError>) =>
    // Twice: transactions run side by side, and the order of their commits is not that of their answers.
    Effect.all([live.changed("integration", [id]), forget(id), afterCommit(forget(id)), update], { discard: true })
  return {
    recordSuccesses: Effect.fnUntraced(function* (ids) {
      const now = yield* Clock.currentTimeMillis
      const isDue = (id: IntegrationId) => (successes.get(id) ?? -Infinity) <= now - successPrecision
      // In a fixed order, so that no two transactions wait for each other.
      const due = [...new Set(ids)].filter(isDue).toSorted()
      if (due.length === 0) return
      const before = others
      const rows = due.map((id) => ({ id }))
      // A message that is accepted meanwhile does not end a pause that the service asked for.
      yield* sql`UPDATE integrations SET broken_reason = NULL, broken_since = NULL,
        last_success_at = ${now}, waiting_because = CASE WHEN waiting_because = 'limited' THEN 'limited' END
        FROM ${givenAs(sql, { id: "text" }, rows)}
        WHERE integrations.id = given.id AND (broken_reason IS NOT NULL OR broken_since IS NOT NULL
          OR waiting_because = 'unavailable' OR last_success_at IS NULL OR last_success_at < ${now - successPrecision})`
      yield* live.changed("integration", due)
      yield* afterCommit(
        Effect.sync(() => {
          if (others === before) for (const id of due) successes.set(id, now)
        })
      )
    }),
    recordFailure: Effect.fnUntraced(function* (id, reason) {
      const now = yield* Clock.currentTimeMillis
      yield* changed(
        id,
        sql`UPDATE integrations SET broken_reason = ${reason}, waiting_because = NULL,
      broken_since = coalesce(broken_since, ${now}) WHERE id = ${id}`
      )
    }),
    recordFailedAttempt: Effect.fnUntraced(function* (id, reason) {
      const now = yield* Clock.currentTimeMillis
      yield* changed(
        id,
        sql`UPDATE integrations SET last_failure_at = ${now}, last_failure_reason = ${reason} WHERE id = ${id}`
      )
    }),
    recordPause: (id, { because, until }) =>
      changed(id, sql`UPDATE integrations SET waiting_because = ${because}, waiting_until = ${until} WHERE id = ${id}`),
    recordRecovery: (id) =>
      changed(
        id,
        // `broken_since` stays until a delivery succeeds: a check that passes proves less.
        sql`UPDATE integrations SET broken_reason = NULL, waiting_because = NULL WHERE id = ${id}`
      ),
    forgetPauses: (partitions) =>
      Effect.asVoid(sql`UPDATE integrations SET waiting_because = NULL
      WHERE ${sql.in("partition", partitions)} AND waiting_because IS NOT NULL`)
  }
}
