import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** What a later version does first: it adds, and takes nothing away (M3). */
export const later = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE alerts ADD COLUMN owner text`
  yield* sql`ALTER TABLE deliveries ADD COLUMN weight integer NOT NULL DEFAULT 1`
  yield* sql`CREATE TABLE owners (id text PRIMARY KEY NOT NULL)`
  yield* sql`CREATE INDEX deliveries_by_weight ON deliveries (integration_id, weight)`
})
