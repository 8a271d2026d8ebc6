import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as Dialect from "../dialect.ts"

/**
 * Adds the tables and columns for the console: sessions, pauses of integrations, their last failure, and the links of
 * delivered messages.
 */
export const consoleTables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE sessions (
    ${Dialect.sequence(sql)},
    id text NOT NULL UNIQUE,
    secret_hash text NOT NULL UNIQUE,
    scopes text NOT NULL,
    address text NOT NULL,
    browser text,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint
  )`
  yield* sql`CREATE TABLE pauses (
    ${Dialect.sequence(sql)},
    integration_id text NOT NULL,
    action text NOT NULL,
    reason text NOT NULL,
    caller text NOT NULL,
    at bigint NOT NULL
  )`
  yield* sql`CREATE INDEX pauses_by_integration ON pauses (integration_id, sequence)`
  yield* sql`ALTER TABLE integrations ADD COLUMN paused_since bigint`
  yield* sql`ALTER TABLE integrations ADD COLUMN paused_reason text`
  yield* sql`ALTER TABLE integrations ADD COLUMN paused_by text`
  yield* sql`ALTER TABLE integrations ADD COLUMN last_failure_at bigint`
  yield* sql`ALTER TABLE integrations ADD COLUMN last_failure_reason text`
  yield* sql`ALTER TABLE deliveries ADD COLUMN link text`
})
