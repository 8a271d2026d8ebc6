import { assert, describe, it } from "@effect/vitest"
import { Journal, Sqlite } from "@tocsin/delivery"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdtempSync, renameSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

const newFile = () => join(mkdtempSync(join(tmpdir(), "tocsin-journal-")), "a.db")
const store = (file: string) => Journal.layer.pipe(Layer.provideMerge(Sqlite.layer(file)))
const table = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE t (n integer PRIMARY KEY)`)
const insert = (n: number) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO t VALUES (${n})`)
const all = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(sql<{ n: number }>`SELECT n FROM t ORDER BY n`, (rows) => rows.map(({ n }) => n))
)

/** Commits a part that has all that it needs. */
const commit = <A, E>(part: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const journal = yield* Journal
    return yield* journal.commit(Effect.provideService(part, SqlClient.SqlClient, sql))
  })

describe("Journal", () => {
  it.effect("shares transactions among those that wait", () =>
    Effect.gen(function* () {
      yield* table
      const sql = yield* SqlClient.SqlClient
      // What runs after a commit sees all that the commit carried: the number of parts that shared it, at least.
      const seen: Array<number> = []
      const part = (n: number) =>
        Effect.andThen(
          insert(n),
          sql.afterCommit(
            Effect.map(
              Effect.orDie(Effect.provideService(all, SqlClient.SqlClient, sql)),
              (rows) => void seen.push(rows.length)
            )
          )
        )
      yield* Effect.forEach(
        Array.from({ length: 100 }, (_, n) => n),
        (n) => commit(Effect.provideService(part(n), SqlClient.SqlClient, sql)),
        {
          concurrency: "unbounded"
        }
      )
      assert.lengthOf(seen, 100)
      assert.isBelow(new Set(seen).size, 10)
      assert.lengthOf(yield* all, 100)
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect("takes a failing part back and keeps the others of its group", () =>
    Effect.gen(function* () {
      yield* table
      const failing = Effect.andThen(insert(2), Effect.fail("refused" as const))
      const dying = Effect.andThen(insert(3), Effect.die("a bug"))
      const exits = yield* Effect.forEach(
        [insert(1), failing, dying, insert(1), insert(4)],
        (part) => Effect.exit(commit(part)),
        {
          concurrency: "unbounded"
        }
      )
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, false, false, true])
      assert.deepStrictEqual(yield* all, [1, 4])
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect("fails a part whose statement is wrong alone, every time", () =>
    Effect.gen(function* () {
      yield* table
      const sql = yield* SqlClient.SqlClient
      const noTable = sql`INSERT INTO nowhere VALUES (1)`
      const noType = Effect.andThen(insert(2), sql`INSERT INTO t VALUES (${true})`)
      const tooBig = sql`SELECT zeroblob(2000000000)`
      const parts = [insert(1), noTable, noType, tooBig, insert(4)]
      const exits = yield* Effect.forEach(parts, (part) => Effect.exit(commit(part)), { concurrency: "unbounded" })
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, false, false, false, true])
      assert.deepStrictEqual(yield* all, [1, 4])
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect("answers who still waits when it ends, and who comes after that", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(store(":memory:"), scope)
      const { commit } = Context.get(services, Journal)
      const gate = yield* Deferred.make<void>()
      const first = yield* Effect.forkChild(commit(Deferred.await(gate)), { startImmediately: true })
      yield* Effect.yieldNow
      const second = yield* Effect.forkChild(Effect.exit(commit(Effect.void)), { startImmediately: true })
      const closed = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(first)
      assert.isTrue(Exit.isFailure(yield* Fiber.join(second)))
      yield* Fiber.join(closed)
      assert.strictEqual((yield* Effect.flip(commit(Effect.void)))._tag, "StoreUnavailable")
    })
  )

  it.effect("keeps what it answered and nothing else when the store is full in the middle of a group", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* table
      yield* sql`CREATE TABLE big (text text)`
      const [pages] = yield* sql<{ page_count: number }>`PRAGMA page_count`
      yield* sql.unsafe(`PRAGMA max_page_count = ${(pages?.page_count ?? 0) + 1}`)
      const big = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO big VALUES (${"x".repeat(100_000)})`)
      const parts = [insert(1), insert(2), Effect.andThen(insert(3), big), insert(4), insert(5)]
      const exits = yield* Effect.forEach(parts, (part) => Effect.exit(commit(part)), { concurrency: "unbounded" })
      assert.isTrue(exits.some(Exit.isFailure))
      const answered = exits.flatMap((exit, index) => (Exit.isSuccess(exit) ? [index + 1] : []))
      assert.deepStrictEqual(yield* all, answered)
      yield* commit(insert(6))
      assert.deepStrictEqual(yield* all, [...answered, 6])
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect("keeps what it answered, over a close", () =>
    Effect.gen(function* () {
      const file = newFile()
      yield* Effect.andThen(table, commit(insert(1))).pipe(Effect.provide(store(file)))
      assert.deepStrictEqual(yield* all.pipe(Effect.provide(store(file))), [1])
    })
  )

  it.effect("answers that the store is not available when it is full, and goes on when it is not", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE t (n integer PRIMARY KEY)`
      yield* sql`CREATE TABLE big (text text)`
      const [pages] = yield* sql<{ page_count: number }>`PRAGMA page_count`
      yield* sql.unsafe(`PRAGMA max_page_count = ${(pages?.page_count ?? 0) + 1}`)
      const big = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO big VALUES (${"x".repeat(100_000)})`)
      const error = yield* Effect.flip(commit(big))
      assert.strictEqual(error._tag, "StoreUnavailable")
      yield* sql.unsafe("PRAGMA max_page_count = 1000000")
      yield* commit(big)
      yield* commit(insert(1))
      assert.deepStrictEqual(yield* all, [1])
    }).pipe(Effect.provide(store(newFile())))
  )

  it.effect("takes nothing while its file is gone, and goes on when it is back (T)", () =>
    Effect.gen(function* () {
      const file = newFile()
      yield* Effect.gen(function* () {
        yield* table
        yield* commit(insert(1))
        renameSync(file, `${file}-elsewhere`)
        assert.strictEqual((yield* Effect.flip(commit(insert(2))))._tag, "StoreUnavailable")
        renameSync(`${file}-elsewhere`, file)
        yield* commit(insert(3))
        assert.deepStrictEqual(yield* all, [1, 3])
      }).pipe(Effect.provide(store(file)))
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
      ).pipe(Effect.provide(store(file)))
      assert.strictEqual(other().status, 0)
    })
  )
})

describe("Sqlite", () => {
  it.effect("makes its files for their owner only, and leaves the mode of a file that is there", () =>
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

  it.effect("makes the folders of its file, and says so where it cannot", () =>
    Effect.gen(function* () {
      const folder = join(dirname(newFile()), "some", "where")
      yield* Effect.provide(table, Sqlite.layer(join(folder, "a.db")))
      assert.isTrue(existsSync(folder))
      // Node's own recursive mkdir hangs there.
      const { reason } = yield* Effect.flip(Effect.provide(table, Sqlite.layer("/proc/tocsin/data/a.db")))
      assert.strictEqual(reason.message, "could not make the folder")
    })
  )

  it.effect("lets no second layer open its file, and the next one when it is closed (M3)", () =>
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

  it.effect("is not available where it may not write, and says so", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(table, Sqlite.layer("/dev/null/a.db")))
      assert.isTrue(error._tag === "SqlError")
    })
  )
})
