/**
 * The names of alerts in lists of other things.
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { forEachBatch } from "./alertBatches.ts"

/**
 * Names alerts by their rule, and by their test if they have one: `Disk full: db-1`. The database reads the names, because an
 * alert may have megabytes of observations. An alert that cannot be read has no name.
 */
export const alertNames = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  ids: ReadonlyArray<string>
): Effect.fn.Return<ReadonlyMap<string, string>, SqlError.SqlError> {
  const names = new Map<string, string>()
  if (ids.length === 0) return names
  const json = sql.onDialectOrElse({ pg: () => sql`alert::json`, orElse: () => sql`alert` })
  const rows = yield* sql<{ sequence: number }>`SELECT sequence FROM alerts WHERE ${sql.in("id", [...new Set(ids)])}`
  const sequences = rows.map(({ sequence }) => sequence)
  yield* forEachBatch(sql, sequences, (batch) =>
    Effect.map(
      sql<Named>`SELECT id, ${json}->'rule'->>'name' AS rule, ${json}->'test'->>'name' AS test FROM alerts
        WHERE ${sql.in("sequence", batch)}`,
      (named) => {
        for (const { id, rule, test } of named)
          if (rule !== null) names.set(id, test === null ? rule : `${rule}: ${test}`)
      }
    )
  )
  return names
})

interface Named {
  readonly id: string
  readonly rule: string | null
  readonly test: string | null
}
