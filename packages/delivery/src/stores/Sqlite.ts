/**
 * The embedded store: one SQLite file, through `node:sqlite`.
 *
 * Effect's own driver for Node has no release for Effect 4.1 yet; this one is
 * small because `effect/sql` does the rest.
 */
import { Context, Effect, Layer, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import { closeSync, existsSync, mkdirSync, openSync, statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { DatabaseSync, type StatementSync } from "node:sqlite"
import { Peers } from "../cluster/Peers.ts"
import { Backups } from "./Backups.ts"
import { compileAnew } from "./compileAnew.ts"
import { openLog } from "./logSync.ts"
import { copyTo } from "./sqliteBackup.ts"
import { toSqlError } from "./sqliteError.ts"

/**
 * The store in the given file, or in memory for `:memory:` and for a URI such as `file:name?mode=memory&cache=shared`.
 *
 * Every transaction is on the disk before it returns (`logSync.ts`). The file is
 * locked for as long as the layer lives: a second process fails with a
 * `LockTimeoutError` after two seconds, and a crash leaves no lock behind.
 */
export const layer = (filename: string): Layer.Layer<SqlClient.SqlClient | Peers | Backups, SqlError.SqlError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      if (!isInMemory(filename)) yield* attempt("make the folder", () => makeFolder(dirname(filename)))
      const database = yield* Effect.acquireRelease(
        attempt("open", () => open(filename)),
        (database) => Effect.sync(() => database.close())
      )
      const connection = connect(database)
      const isThere = isInMemory(filename) ? () => true : sameFile(filename)
      const synced = isInMemory(filename) ? Effect.void : yield* openLog(database, filename)
      const statements = yield* Semaphore.make(1)
      const acquirers = SqlClient.makeSqliteAcquirers({
        connection: Effect.succeed(connection),
        semaphore: statements,
        isTransaction: () => database.isTransaction
      })
      const client = yield* SqlClient.make({
        ...acquirers,
        compiler: Statement.makeCompilerSqlite(),
        driver: "sqlite-node",
        spanAttributes: [["db.system.name", "sqlite"]],
        beginTransaction: "BEGIN IMMEDIATE",
        // SQLite keeps writing to a removed file, and loses everything with it.
        commit: (connection) =>
          Effect.andThen(
            attempt("find the file", () => {
              if (!isThere()) throw Object.assign(new Error("The file is gone"), { code: "FileMissing" })
            }),
            Effect.andThen(connection.execute("COMMIT", [], undefined), synced)
          ),
        releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
        prepareTransactionControls: true
      })
      return Context.make(SqlClient.SqlClient, compileAnew(client)).pipe(
        Context.add(Peers, Peers.none),
        Context.add(Backups, Backups.of({ copyTo: (file) => copyTo(database, { file, statements }) }))
      )
    })
  ).pipe(Layer.provide(Reactivity.layer))

const isInMemory = (filename: string) => filename === ":memory:" || /^file:.*[?&]mode=memory\b/.test(filename)

const open = (filename: string): DatabaseSync => {
  // SQLite's temporary files, as migrations need, go beside the file: the rest of the disk may be read-only. It reads this
  // once, when it opens its first file (https://www.sqlite.org/tempfiles.html#temporary_file_storage_locations).
  if (!isInMemory(filename)) process.env["SQLITE_TMPDIR"] ??= dirname(resolve(filename))
  // A new file is for its owner only; the write-ahead log gets the same mode.
  if (!isInMemory(filename)) closeSync(openSync(filename, "a", 0o600))
  const database = new DatabaseSync(filename, { timeout: 2000 })
  try {
    // The first read in exclusive mode acquires the lock and keeps it.
    database.exec("PRAGMA locking_mode = EXCLUSIVE")
    database.exec("PRAGMA journal_mode = WAL")
    // Commits are synced by `logSync.ts`.
    database.exec("PRAGMA synchronous = NORMAL")
    database.exec("PRAGMA wal_autocheckpoint = 4000")
    database.exec("PRAGMA foreign_keys = ON")
    database.exec("BEGIN IMMEDIATE; COMMIT")
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Makes a check that the path still names the same file. */
const sameFile = (filename: string): (() => boolean) => {
  const { dev, ino } = statSync(filename)
  return () => {
    const now = statSync(filename, { throwIfNoEntry: false })
    return now?.dev === dev && now.ino === ino
  }
}

/** Node's recursive `mkdir` never returns if an existing parent is reported as missing, as in `/proc`. */
const makeFolder = (folder: string): void => {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder)
}

const connect = (database: DatabaseSync): SqlConnection.Connection => {
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string) => {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    // Statements with parameter lists are many: without a limit, the cache would leak.
    if (statements.size >= 500) statements.clear()
    statements.set(sql, statement)
    return statement
  }
  const rows = (statement: StatementSync, params: ReadonlyArray<unknown>) => statement.all(...params.map(parameter))
  const execute = (sql: string, params: ReadonlyArray<unknown>) => attempt("execute", () => rows(prepare(sql), params))
  const executeValues = (sql: string, params: ReadonlyArray<unknown>) =>
    Effect.map(execute(sql, params), (rows) => rows.map((row) => Object.values(row)))
  return {
    execute,
    executeRaw: execute,
    executeUnprepared: (sql, params) => attempt("execute", () => rows(database.prepare(sql), params)),
    executeValues,
    executeValuesUnprepared: executeValues,
    executeStream: (sql, params) => Stream.unwrap(Effect.map(execute(sql, params), Stream.fromIterable))
  }
}

/** Converts a value to one that SQLite stores. SQLite has no booleans. */
const parameter = (value: unknown): null | number | bigint | string | Uint8Array => {
  if (value === undefined || value === null) return null
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "string") return value
  if (value instanceof Uint8Array) return value
  throw new TypeError(`SQLite cannot store a ${typeof value}`)
}

const attempt = <A>(operation: string, run: () => A): Effect.Effect<A, SqlError.SqlError> =>
  Effect.try({ try: run, catch: toSqlError(operation) })
