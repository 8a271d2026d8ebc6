import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as Dialect from "../dialect.ts"

/** Adds API keys, configured sources, the audit log, and the key that a session was started with. */
export const accessTables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE api_keys (
    ${Dialect.sequence(sql)},
    id text NOT NULL UNIQUE,
    kind text NOT NULL,
    name text NOT NULL,
    secret_hash text NOT NULL UNIQUE,
    scopes text NOT NULL,
    source text,
    created_by text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    last_used_at bigint,
    revoked_at bigint,
    replaced_by text
  )`
  yield* sql`CREATE INDEX api_keys_by_source ON api_keys (source) WHERE source IS NOT NULL`
  yield* sql`CREATE TABLE sources (
    ${Dialect.sequence(sql)},
    name text NOT NULL UNIQUE,
    type text NOT NULL,
    options text NOT NULL,
    sealed_secret text,
    key_id text,
    last_heard_at bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
  )`
  yield* sql`CREATE TABLE audit (
    ${Dialect.sequence(sql)},
    actor text NOT NULL,
    key_id text,
    address text NOT NULL,
    action text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    before text,
    after text,
    at bigint NOT NULL
  )`
  yield* sql`CREATE INDEX audit_by_subject ON audit (kind, subject, sequence)`
  yield* sql`CREATE INDEX audit_by_time ON audit (at)`
  yield* sql`ALTER TABLE sessions ADD COLUMN key_id text`
  yield* sql`ALTER TABLE sessions ADD COLUMN actor text`
})
