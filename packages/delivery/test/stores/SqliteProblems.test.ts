import { assert, describe, it } from "@effect/vitest"
import { Sqlite, storeProblem, storeSentences } from "@tocsin/delivery"
import { Effect } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs"
import { filled, newFile } from "../harness/store.ts"

const problemOf = <A, R>(effect: Effect.Effect<A, SqlError.SqlError, R>) =>
  Effect.map(Effect.flip(effect), (error) => storeProblem(error))

const run = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))

/** Makes a table in the file, with some hundred pages of rows. */
const fill = (file: string) =>
  run("CREATE TABLE t (text text)").pipe(
    Effect.andThen(
      run(`WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 100)
        INSERT INTO t SELECT hex(randomblob(2000)) FROM s`)
    ),
    Effect.provide(Sqlite.layer(file))
  )

describe("The problems of a SQLite store", () => {
  it.effect("each have a complete sentence", () =>
    Effect.sync(() => {
      for (const sentence of Object.values(storeSentences)) assert.match(sentence, /^[A-Z].*\.$/)
    })
  )

  it.effect("name a full disk", () =>
    Effect.gen(function* () {
      const { big } = yield* filled
      assert.strictEqual(yield* problemOf(big), "DiskFull")
    }).pipe(Effect.provide(Sqlite.layer(":memory:")))
  )

  it.effect("name a store that is read-only", () =>
    Effect.gen(function* () {
      yield* run("CREATE TABLE t (n integer)")
      yield* run("PRAGMA query_only = ON")
      assert.strictEqual(yield* problemOf(run("INSERT INTO t VALUES (1)")), "ReadOnly")
    }).pipe(Effect.provide(Sqlite.layer(newFile())))
  )

  it.effect("name a file that is not a database", () =>
    Effect.gen(function* () {
      const file = newFile()
      writeFileSync(file, "no database, but a text of more than one page\n".repeat(1000), { mode: 0o600 })
      assert.strictEqual(yield* problemOf(Effect.provide(run("SELECT 1"), Sqlite.layer(file))), "NotADatabase")
    })
  )

  it.effect("name a damaged database", () =>
    Effect.gen(function* () {
      const file = newFile()
      yield* fill(file)
      const descriptor = openSync(file, "r+")
      writeSync(descriptor, Buffer.alloc(16_384, 0xff), 0, 16_384, 8192)
      closeSync(descriptor)
      const read = Effect.provide(run("SELECT sum(length(text)) FROM t"), Sqlite.layer(file))
      assert.strictEqual(yield* problemOf(read), "Corrupt")
    })
  )

  it.effect("name a file that cannot be created", () =>
    Effect.gen(function* () {
      const open = Effect.provide(run("SELECT 1"), Sqlite.layer("/dev/null/a.db"))
      assert.strictEqual(yield* problemOf(open), "CannotOpen")
    })
  )

  it.effect("name disk errors, by SQLite's result codes", () =>
    Effect.sync(() => {
      const named = (errcode: number) => {
        const cause = Object.assign(new Error("SQLite"), { errcode })
        return storeProblem(new SqlError.SqlError({ reason: new SqlError.UnknownError({ cause }) }))
      }
      // SQLITE_IOERR_WRITE, SQLITE_READONLY_DBMOVED, SQLITE_CORRUPT_INDEX, SQLITE_NOMEM.
      assert.deepStrictEqual([778, 1032, 779, 7].map(named), ["DiskError", "ReadOnly", "Corrupt", "OutOfMemory"])
    })
  )
})
