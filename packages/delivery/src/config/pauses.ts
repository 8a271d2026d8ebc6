/**
 * Pauses of integrations: the columns that hold the current one, and the table `pauses` that is their history.
 */
import type { IntegrationId } from "@tocsin/core"
import { Clock, Effect } from "effect"
import { SqlClient } from "effect/sql"

/** A pause or a resumption: who asked for it, and why. */
export interface PauseChange {
  readonly paused: boolean
  readonly reason: string
  readonly by: string
}

/** Pauses or resumes an integration, and records it in history. */
export const writePause = Effect.fnUntraced(function* (id: IntegrationId, { by, paused, reason }: PauseChange) {
  const sql = yield* SqlClient.SqlClient
  const at = yield* Clock.currentTimeMillis
  const columns = paused
    ? { paused_since: at, paused_reason: reason, paused_by: by }
    : { paused_since: null, paused_reason: null, paused_by: null }
  yield* sql`UPDATE integrations SET ${sql.update(columns)}, updated_at = updated_at + 1 WHERE id = ${id}`
  const action = paused ? "paused" : "resumed"
  yield* sql`INSERT INTO pauses ${sql.insert({ integration_id: id, action, reason, caller: by, at })}`
})
