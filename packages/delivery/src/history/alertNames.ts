/**
 * The names of alerts in lists of other things.
 */
import { Effect, Option, Schema } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { forEachBatch } from "./alertBatches.ts"

/**
 * Names alerts by their rule, and by their test if they have one: `Disk full: db-1`. Reads up to 4 MiB of alerts at once,
 * because one may have megabytes of observations. An alert that cannot be read has no name.
 */
export const alertNames = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  ids: ReadonlyArray<string>
): Effect.fn.Return<ReadonlyMap<string, string>, SqlError.SqlError> {
  const names = new Map<string, string>()
  if (ids.length === 0) return names
  const rows = yield* sql<{ sequence: number }>`SELECT sequence FROM alerts WHERE ${sql.in("id", [...new Set(ids)])}`
  const sequences = rows.map(({ sequence }) => sequence)
  yield* forEachBatch(sql, sequences, (batch) =>
    Effect.map(
      sql<{ id: string; alert: string }>`SELECT id, alert FROM alerts WHERE ${sql.in("sequence", batch)}`,
      (stored) => {
        for (const { alert, id } of stored) {
          Option.map(decode(alert), ({ rule, test }) =>
            names.set(id, test === undefined ? rule.name : `${rule.name}: ${test.name}`)
          )
        }
      }
    )
  )
  return names
})

const WithName = Schema.Struct({ name: Schema.String })
const decode = Schema.decodeOption(
  Schema.fromJsonString(Schema.Struct({ rule: WithName, test: Schema.optionalKey(WithName) }))
)
