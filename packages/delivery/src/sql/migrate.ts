/**
 * Runs the migrations on a store, and refuses a store of a later version.
 */
import { Effect } from "effect"
import { Migrator, SqlClient, type SqlError } from "effect/sql"
import * as Dialect from "./dialect.ts"
import { migrations } from "./migrations.ts"
import { prepareRewriting, rewritingMigration } from "./rewriting.ts"

/** The number of the last migration that ran on the tables; 0 if there are none. */
export const schemaVersion = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  if (!(yield* Dialect.hasTable("migrations"))) return 0
  const [latest] = yield* sql<{ id: number | null }>`SELECT max(migration_id) AS id FROM migrations`
  return latest?.id ?? 0
})

/** The migration that this version of Tocsin works with. */
export const currentSchema = () => Object.keys(migrations).length

/** The table that exists while the store is being copied from another one. */
export const fillingTable = "filling"

/** Fails if a later version wrote the tables. */
const refuseLater = (schema: number) =>
  schema > currentSchema()
    ? Effect.fail(
        new Migrator.MigrationError({
          kind: "BadState",
          message: `The database was written by a later version of Tocsin (schema ${schema}, this one knows ${currentSchema()}); start that version`
        })
      )
    : Effect.void

/** Returns the schema of the store; fails if it is still being copied from another one, or if a later version wrote it. */
export const usableSchema = Effect.gen(function* () {
  if (yield* Dialect.hasTable(fillingTable)) {
    return yield* new Migrator.MigrationError({
      kind: "BadState",
      message:
        "The database holds only a part of another store: run tocsin migrate-store again with the same two stores; it resumes where it was interrupted"
    })
  }
  const schema = yield* schemaVersion
  yield* refuseLater(schema)
  return schema
})

/**
 * Migrates the tables to this version; fails if a later version wrote them. Gateways that start together take turns.
 */
export const migrateTables: Effect.Effect<void, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient> =
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* Dialect.alone(
      Effect.gen(function* () {
        const schema = yield* schemaVersion
        if (schema >= currentSchema()) return
        if (schema > 0 && schema < rewritingMigration) yield* prepareRewriting(schema)
        // Running gateways lock several tables in another order than a migration does, which can end in a deadlock.
        yield* Dialect.lockFor(sql, undefined)
        yield* Migrator.make({})({ loader: Migrator.fromRecord(migrations), table: "migrations" })
      })
    )
    yield* refuseLater(yield* schemaVersion)
  })

/** Migrates the tables to this version. Refuses a store that is still being copied from another one. */
export const migrate = Effect.andThen(usableSchema, migrateTables)
