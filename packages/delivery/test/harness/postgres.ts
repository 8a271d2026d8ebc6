import type { TestProject } from "vitest/node"
import { PgClient } from "@effect/sql-pg"
import { startPostgres } from "@tocsin/test-postgres"
import { Effect, Redacted } from "effect"
import { migrateTables } from "../../src/sql/migrate.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** The server where tests of the engine make their databases, and one to copy that has the tables already; undefined if they run on SQLite. */
    readonly postgres: { readonly url: string; readonly migrated: string } | undefined
  }
}

/** One server for all test files: what a crash would lose is tested elsewhere. */
export default async function setup(project: TestProject) {
  const { stop, url } = await startPostgres(
    "fsync=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=4GB",
    "autovacuum=off",
    "jit=off"
  )
  const migrated = "migrated"
  const on = (database: string) => PgClient.layer({ url: Redacted.make(url(database)), maxConnections: 1 })
  await Effect.runPromise(
    PgClient.PgClient.use((sql) => sql`CREATE DATABASE ${sql(migrated)}`).pipe(
      Effect.provide(on("postgres")),
      Effect.andThen(Effect.provide(migrateTables, on(migrated)))
    )
  )
  project.provide("postgres", { url: url("postgres"), migrated })
  return stop
}
