import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"

/** The most bytes of alerts that are read at once, as they are stored. */
const maxBytes = 4 * 1024 * 1024

/** Sequence numbers in batches whose alerts have up to 4 MiB as they are stored; each batch has at least one. */
const batches = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, sequences: ReadonlyArray<number>) {
  if (sequences.length === 0) return []
  const rows = yield* sql<{ sequence: number; bytes: number }>`SELECT sequence, octet_length(alert) AS bytes FROM alerts
    WHERE ${sql.in("sequence", sequences)}`
  const sizes = new Map(rows.map(({ bytes, sequence }) => [sequence, bytes]))
  const found: Array<Array<number>> = []
  let total = Infinity
  for (const sequence of sequences) {
    const bytes = sizes.get(sequence) ?? 0
    total += bytes
    if (total <= maxBytes) {
      found.at(-1)?.push(sequence)
    } else {
      found.push([sequence])
      total = bytes
    }
  }
  return found
})

/** The first of the alerts, up to 4 MiB as they are stored; at least one. */
export const firstBatch = (
  sql: SqlClient.SqlClient,
  sequences: ReadonlyArray<number>
): Effect.Effect<ReadonlyArray<number>, SqlError.SqlError> =>
  Effect.map(batches(sql, sequences), ([first = []]) => first)

/** Runs an effect for up to 4 MiB of the alerts after another, and lets other fibers run in between. */
export const forEachBatch = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  sequences: ReadonlyArray<number>,
  use: (batch: ReadonlyArray<number>) => Effect.Effect<void, SqlError.SqlError>
) {
  for (const [n, batch] of (yield* batches(sql, sequences)).entries()) {
    if (n > 0) yield* Effect.yieldNow
    yield* use(batch)
  }
})
