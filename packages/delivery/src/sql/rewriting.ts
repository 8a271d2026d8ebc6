/**
 * What must hold before a migration that rewrites tables: no gateway of an earlier version runs, there is space for it,
 * and there is a backup. It is the exception to case M3.
 */
import { Context, Effect } from "effect"
import { Migrator, SqlClient } from "effect/sql"
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statfsSync } from "node:fs"
import { dirname } from "node:path"
import { advisoryClass, lockOfMembers } from "./locks.ts"

/** The last migration that rewrites tables. Gateways whose last migration is an earlier one cannot use the tables after it. */
export const rewritingMigration = 17

/**
 * Whether there is a backup; false by default. Without it an upgrade that rewrites the tables of a PostgreSQL database with
 * alerts is refused, and one of a SQLite file makes a backup first.
 */
export const BackupTaken = Context.Reference<boolean>("@tocsin/delivery/BackupTaken", { defaultValue: () => false })

/** Tells how many bytes a user can write to the file system of a folder. Tests replace it. */
export const FreeSpace = Context.Reference<(folder: string) => number>("@tocsin/delivery/FreeSpace", {
  defaultValue: () => (folder) => {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  }
})

/** How much space the new tables take, and a backup, as multiples of the store. */
const spaceNeeded = { tables: 1.5, backup: 1 }

/** Refuses to rewrite the tables of this schema while that would be unsafe, and makes a backup of a SQLite file. */
export const prepareRewriting = Effect.fnUntraced(function* (schema: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.onDialectOrElse({
    pg: () => preparePostgres(sql),
    orElse: () => prepareSqlite(sql, schema)
  })
})

const refuse = (message: string) => Effect.fail(new Migrator.MigrationError({ kind: "BadState", message }))

const preparePostgres = Effect.fnUntraced(function* (sql: SqlClient.SqlClient) {
  // Kept until the migration is committed: a gateway that starts meanwhile waits for the migration first.
  const [members] = yield* sql<{ alone: boolean }>`
    SELECT pg_try_advisory_xact_lock(${advisoryClass}, ${lockOfMembers}) AS alone`
  if (members?.alone !== true) {
    return yield* refuse(
      "Gateways of an earlier version run on the database, and cannot use the tables of this one: stop them all, then start one of this version. Nothing was changed"
    )
  }
  const [history] = yield* sql<{ any: boolean; bytes: number }>`
    SELECT EXISTS (SELECT 1 FROM alerts) AS any, pg_database_size(current_database()) AS bytes`
  if (history?.any === true && !(yield* BackupTaken)) {
    return yield* refuse(
      `This version rewrites the tables, and an earlier one cannot use them afterwards: back up the database (pg_dump), see that its disk has ${sizeOf(2 * history.bytes)} of free space, and start again with TOCSIN_BACKUP_TAKEN=yes. Nothing was changed`
    )
  }
  yield* Effect.logInfo("Rewriting the tables. The gateway starts when that is done.")
})

const prepareSqlite = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, schema: number) {
  const [main] = yield* sql<{ file: string }>`SELECT file FROM pragma_database_list WHERE name = 'main'`
  if (main === undefined || main.file === "") return
  const [size] = yield* sql<{ bytes: number }>`SELECT page_count * page_size AS bytes
    FROM pragma_page_count, pragma_page_size`
  const isBackedUp = yield* BackupTaken
  const needed = (spaceNeeded.tables + (isBackedUp ? 0 : spaceNeeded.backup)) * (size?.bytes ?? 0)
  const free = (yield* FreeSpace)(dirname(main.file))
  if (free < needed) {
    return yield* refuse(
      `This version rewrites the tables of ${main.file}, for which ${sizeOf(needed)} must be free beside it${isBackedUp ? "" : ", with a backup"}: ${sizeOf(free)} are. Free space, or move the file to a larger disk, then start again. Nothing was changed`
    )
  }
  if (isBackedUp) return yield* Effect.logInfo("Rewriting the tables. The gateway starts when that is done.")
  const backup = `${main.file}.schema-${schema}`
  yield* backUp(sql, backup)
  yield* Effect.logInfo(
    `Rewriting the tables. ${backup} is a backup of them as they were. The gateway starts when that is done.`
  )
})

/** Copies the database to a file for its owner only, which is complete if it has its name. */
const backUp = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, file: string) {
  const partial = `${file}.partial`
  rmSync(partial, { force: true })
  closeSync(openSync(partial, "wx", 0o600))
  yield* sql`VACUUM INTO ${partial}`
  const copy = openSync(partial, "r+")
  fsyncSync(copy)
  closeSync(copy)
  renameSync(partial, file)
  const folder = openSync(dirname(file), "r")
  fsyncSync(folder)
  closeSync(folder)
})

const sizeOf = (bytes: number): string =>
  bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
