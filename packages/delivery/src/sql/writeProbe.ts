/**
 * A test write that needs space on the disk.
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { randomBytes } from "node:crypto"

/** In bytes: more than most alerts need with their deliveries. */
const size = 64 * 1024

/** Writes 64 KiB and removes them, in two transactions: within one, SQLite would write nothing. */
export const writeProbe = (sql: SqlClient.SqlClient): ReadonlyArray<Effect.Effect<unknown, SqlError.SqlError>> => [
  // Random, so that PostgreSQL cannot compress it.
  Effect.suspend(
    () => sql`INSERT INTO write_probes ${sql.insert({ data: randomBytes((size / 4) * 3).toString("base64") })}`
  ),
  sql`DELETE FROM write_probes`
]
