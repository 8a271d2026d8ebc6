/**
 * PostgreSQL's statistics of the tables of alerts while these grow fast. It updates them about once a minute. Until then it
 * takes a new table for short, so that of two indexes the wrong one seems as good, and sessions keep such a plan.
 */
import type { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"

/** How many rows inserted since the start precede the first update, and the last; each follows four times as many as before. */
const first = 64
const last = 65_536

/** Returns an effect that counts the rows that a transaction inserted, and updates statistics in time. */
export const keepStatistics = (client: PgClient.PgClient) => {
  let rows = 0
  let next = first
  // Only what rows are found by: the texts take the most time.
  const update = Effect.ignore(client`ANALYZE alerts (id, source, source_id, state),
    conversations (alert_id, integration_id), deliveries (id, alert_id, integration_id, status)`)
  return (inserted: number): Effect.Effect<void> =>
    Effect.suspend(() => {
      rows += inserted
      if (rows < next || next > last) return Effect.void
      while (next <= rows) next *= 4
      return Effect.asVoid(Effect.forkDetach(update))
    })
}
