/**
 * What only a store in a file does.
 */
import { assert, describe, it } from "@effect/vitest"
import { GroupCommit, Sqlite } from "@tocsin/delivery"
import { Effect, Exit, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, renameSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { newFile } from "../harness/store.ts"

const table = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE t (n integer PRIMARY KEY)`)
const all = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(sql<{ n: number }>`SELECT n FROM t ORDER BY n`, (rows) => rows.map(({ n }) => n))
)
const insert = (n: number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    return yield* GroupCommit.use(({ commit }) => commit(sql`INSERT INTO t VALUES (${n})`))
  })

describe("Sqlite", () => {
  it.effect("creates its files for their owner only, and keeps the mode of an existing file", () =>
    Effect.gen(function* () {
      const file = newFile()
      const mode = (suffix = "") => statSync(`${file}${suffix}`).mode & 0o777
      yield* Effect.gen(function* () {
        yield* table
        assert.deepStrictEqual([mode(), mode("-wal")], [0o600, 0o600])
      }).pipe(Effect.provide(Sqlite.layer(file)))
      chmodSync(file, 0o640)
      yield* Effect.provide(all, Sqlite.layer(file))
      assert.strictEqual(mode(), 0o640)
    })
  )

  it.effect("creates no file for a named store in memory", () =>
    Effect.gen(function* () {
      const name = "file:named-in-memory?mode=memory&cache=shared"
      yield* Effect.gen(function* () {
        yield* table
        yield* insert(1)
        assert.deepStrictEqual(yield* all, [1])
        assert.isFalse(existsSync(name))
      }).pipe(Effect.provide(GroupCommit.layer.pipe(Layer.provideMerge(Sqlite.layer(name)))))
    })
  )

  it.effect("creates the folders of its file, or reports that it cannot", () =>
    Effect.gen(function* () {
      const folder = join(dirname(newFile()), "some", "where")
      yield* Effect.provide(table, Sqlite.layer(join(folder, "a.db")))
      assert.isTrue(existsSync(folder))
      // Node's own recursive mkdir hangs there.
      const { reason } = yield* Effect.flip(Effect.provide(table, Sqlite.layer("/proc/tocsin/data/a.db")))
      assert.strictEqual(reason.message, "could not make the folder")
    })
  )

  it.effect("refuses a second layer on its file until it is closed (M3)", () =>
    Effect.gen(function* () {
      const file = newFile()
      const open = Effect.exit(Effect.provide(table, Sqlite.layer(file)))
      yield* Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.provide(table, Sqlite.layer(file)))
        assert.strictEqual(error.reason._tag, "LockTimeoutError")
      }).pipe(Effect.provide(Sqlite.layer(file)))
      assert.isTrue(Exit.isSuccess(yield* open))
    })
  )

  it.effect("reports a file that it may not write", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(table, Sqlite.layer("/dev/null/a.db")))
      assert.isTrue(error._tag === "SqlError")
    })
  )

  it.effect("accepts nothing while its file is missing, and resumes when it is back (T)", () =>
    Effect.gen(function* () {
      const file = newFile()
      yield* Effect.gen(function* () {
        yield* table
        yield* insert(1)
        renameSync(file, `${file}-elsewhere`)
        assert.strictEqual((yield* Effect.flip(insert(2)))._tag, "StoreUnavailable")
        renameSync(`${file}-elsewhere`, file)
        yield* insert(3)
        assert.deepStrictEqual(yield* all, [1, 3])
      }).pipe(Effect.provide(GroupCommit.layer.pipe(Layer.provideMerge(Sqlite.layer(file)))))
    })
  )

  it.effect("locks its file against another process (M3)", () =>
    Effect.gen(function* () {
      const file = newFile()
      const open = `const d = new (require("node:sqlite").DatabaseSync)(${JSON.stringify(file)});
        d.exec("PRAGMA busy_timeout = 0; CREATE TABLE other (n)")`
      const other = () => spawnSync(process.execPath, ["-e", open], { encoding: "utf8" })
      yield* Effect.andThen(
        table,
        Effect.sync(() => assert.include(other().stderr, "database is locked"))
      ).pipe(Effect.provide(Sqlite.layer(file)))
      assert.strictEqual(other().status, 0)
    })
  )
})
