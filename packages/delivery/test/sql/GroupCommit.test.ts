import { assert, describe, it } from "@effect/vitest"
import { GroupCommit } from "@tocsin/delivery"
import { Clock, Context, Deferred, Effect, Exit, Fiber, Layer, Logger, Option, Scope } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { groupsAtOnce, lockFor } from "../../src/sql/dialect.ts"
import { TransactionStart } from "../../src/sql/readOnce.ts"
import { afterCommit, afterRollback, Transaction } from "../../src/sql/transactionEnd.ts"
import { pass } from "../harness/engine.ts"
import { withoutWarning } from "../harness/clock.ts"
import { passOn, watched } from "../harness/idle.ts"
import { occupyWriters, whileTimePasses } from "../harness/writers.ts"
import { filled, isPostgres, migratedStoreIn, newFile, refuse, storeIn, takeAgain } from "../harness/store.ts"

/** On PostgreSQL, a transaction reads tables of ours with its lock. */
const store = (file: string) =>
  Layer.merge(watched, withoutWarning).pipe(
    Layer.provideMerge(GroupCommit.layer),
    Layer.provideMerge(isPostgres ? migratedStoreIn(file) : storeIn(file))
  )
const table = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE t (n integer PRIMARY KEY)`)
const insert = (n: number) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO t VALUES (${n})`)
const all = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(sql<{ n: number }>`SELECT n FROM t ORDER BY n`, (rows) => rows.map(({ n }) => n))
)

/** Commits a part that has all that it needs. */
const commit = <A, E>(part: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const groupCommit = yield* GroupCommit
    return yield* groupCommit.commit(Effect.provideService(part, SqlClient.SqlClient, sql))
  })

describe("GroupCommit", () => {
  it.effect("runs pending writes in shared transactions", () =>
    Effect.gen(function* () {
      yield* table
      const sql = yield* SqlClient.SqlClient
      // What runs after a commit sees all that the commit carried: the number of parts that shared it, at least.
      const seen: Array<number> = []
      const part = (n: number) =>
        Effect.andThen(
          insert(n),
          afterCommit(
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

  it.effect("waits while each turn of the event loop brings another write", () =>
    Effect.gen(function* () {
      yield* table
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const seen: Array<number> = []
      const count = Effect.map(sql`SELECT n FROM t`, (rows) => void seen.push(rows.length))
      const writes: Array<Fiber.Fiber<unknown, unknown>> = []
      for (const n of [1, 2, 3, 4]) {
        const write = Effect.andThen(sql`INSERT INTO t VALUES (${n})`, afterCommit(Effect.orDie(count)))
        writes.push(yield* Effect.forkChild(groupCommit.commit(write, [String(n)])))
        yield* Effect.yieldNow
      }
      yield* Fiber.awaitAll(writes)
      assert.deepStrictEqual(seen, [4, 4, 4, 4])
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect("runs writes with many lock keys in separate transactions", () =>
    Effect.gen(function* () {
      yield* table
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const seen: Array<number> = []
      const count = Effect.map(sql`SELECT n FROM t`, (rows) => void seen.push(rows.length))
      yield* Effect.forEach(
        [1, 2, 3, 4],
        (n) =>
          groupCommit.commit(
            Effect.andThen(sql`INSERT INTO t VALUES (${n})`, afterCommit(Effect.orDie(count))),
            Array.from({ length: 1500 }, (_, one) => `${n} ${one}`)
          ),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(seen, [1, 2, 3, 4])
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect("rolls back a failing write and keeps the others of its group", () =>
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

  it.effect("runs what follows a commit once, even after a bug in it, and undoes what is rolled back", () =>
    Effect.gen(function* () {
      yield* table
      const ran: Array<string> = []
      const noted = (text: string) => Effect.sync(() => void ran.push(text))
      const part = (n: number, end: Effect.Effect<void, string> = Effect.void, follow = noted(`follow ${n}`)) =>
        Effect.all([insert(n), afterCommit(follow), afterRollback(noted(`undo ${n}`)), end])
      yield* Effect.forEach(
        [part(1), part(2, Effect.fail("refused")), part(3, Effect.void, Effect.die("a bug")), part(4)],
        (one) => Effect.exit(commit(one)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(yield* all, [1, 3, 4])
      // All together first, and then behind savepoints.
      assert.deepStrictEqual(ran, ["undo 1", "undo 2", "undo 2", "follow 1", "follow 4"])
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect("undoes the parts that succeeded if their transaction fails", () =>
    Effect.gen(function* () {
      yield* table
      const ran: Array<string> = []
      const noted = (text: string) => Effect.sync(() => void ran.push(text))
      const part = <E = never>(n: number, end: Effect.Effect<void, E> = Effect.void) =>
        Effect.all([insert(n), afterCommit(noted(`follow ${n}`)), afterRollback(noted(`undo ${n}`)), end])
      const full = Effect.fail(
        new SqlError.SqlError({
          reason: new SqlError.UnknownError({
            cause: Object.assign(new Error("full"), isPostgres ? { code: "53100" } : { errcode: 13 })
          })
        })
      )
      yield* Effect.forEach(
        [part(1), part(2, Effect.fail("refused")), part(3, full)],
        (one) => Effect.exit(commit(one)),
        {
          concurrency: "unbounded"
        }
      )
      assert.deepStrictEqual(yield* all, [])
      assert.deepStrictEqual(ran, ["undo 1", "undo 2", "undo 2", "undo 3", "undo 1"])
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect("runs pending items of a batch together, and alone after a failure", () =>
    Effect.gen(function* () {
      yield* table
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const runs: Array<ReadonlyArray<number>> = []
      const add = groupCommit.batch(
        Effect.fnUntraced(function* (numbers: ReadonlyArray<number>) {
          runs.push(numbers)
          for (const n of numbers) yield* sql`INSERT INTO t VALUES (${n})`
          if (numbers.includes(3)) return yield* Effect.die("a bug")
          return (n: number) => n * 10
        })
      )
      const addAll = (numbers: ReadonlyArray<number>) =>
        Effect.forEach(numbers, (n) => Effect.exit(add(n, [String(n)])), { concurrency: "unbounded" })
      assert.deepStrictEqual((yield* addAll([1, 2])).map(Exit.getSuccess).map(Option.getOrNull), [10, 20])
      const apart = groupsAtOnce(sql) > 1
      if (!apart) assert.deepStrictEqual(runs, [[1, 2]])
      const exits = yield* addAll([3, 4, 1, 5])
      assert.deepStrictEqual(exits.map(Exit.getSuccess).map(Option.getOrNull), [null, 40, null, 50])
      // Once more behind savepoints, and then each by itself.
      const again = [3, 4, 1, 5]
      if (!apart) assert.deepStrictEqual(runs.slice(1), [again, again, [3], [4], [1], [5]])
      assert.deepStrictEqual(yield* all, [1, 2, 4, 5])
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect.each([
    [31, 1],
    [32, 2]
  ])("splits %i writes of each of two batches into this many transactions on PostgreSQL: %i", ([size, most]) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const ran: Array<unknown> = []
      const noted = (items: ReadonlyArray<number>) =>
        Effect.map(Transaction, (transaction) => {
          ran.push(...items.map(() => transaction))
          return () => undefined
        })
      const [one, other] = [groupCommit.batch(noted), groupCommit.batch(noted)]
      const gate = yield* Deferred.make<void>()
      const occupied = yield* occupyWriters(gate)
      const numbers = Array.from({ length: size }, (_, n) => n)
      const writes = yield* Effect.forkChild(
        Effect.forEach(numbers, (n) => Effect.all([one(n, [`a${n}`]), other(n, [`b${n}`])], { concurrency: 2 }), {
          concurrency: "unbounded"
        })
      )
      yield* passOn
      yield* Deferred.succeed(gate, undefined)
      yield* whileTimePasses(Fiber.awaitAll([...occupied, writes]))
      assert.lengthOf(ran, 2 * size)
      assert.strictEqual(new Set(ran).size, groupsAtOnce(sql) > 1 ? most : 1)
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect("locks the keys that a batch guesses, and shows it the keys that another transaction holds", () =>
    Effect.gen(function* () {
      const groupCommit = yield* GroupCommit
      const gate = yield* Deferred.make<void>()
      const begun = yield* Deferred.make<void>()
      const other = Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(gate))
      yield* Effect.forkChild(groupCommit.commit(other, ["held"]))
      yield* Deferred.await(begun)
      const seen: Array<boolean> = []
      const guessing = groupCommit.batch(
        () => Effect.map(TransactionStart, (start) => () => [...(start?.locks.own ?? [])]),
        (items: ReadonlyArray<string>, isHeld) => {
          seen.push(isHeld("held"), isHeld("free"))
          return items
        }
      )
      const guessed = yield* Effect.forkChild(guessing("guessed", ["own"]))
      // On SQLite one transaction runs at a time, and locks everything.
      if (!isPostgres) yield* Deferred.succeed(gate, undefined)
      const locks = yield* whileTimePasses(Fiber.join(guessed))
      assert.deepStrictEqual(locks, isPostgres ? ["own", "guessed"] : [])
      assert.deepStrictEqual(seen, [isPostgres, false])
      yield* Deferred.succeed(gate, undefined)
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect("runs writes whose lock keys cannot be guessed", () =>
    Effect.gen(function* () {
      const groupCommit = yield* GroupCommit
      const guessing = groupCommit.batch(
        () => Effect.succeed(() => "written"),
        () => {
          throw new Error("a bug of the guess")
        }
      )
      assert.strictEqual(yield* guessing("item", ["own"]), "written")
    }).pipe(Effect.provide(store(":memory:")))
  )

  // On SQLite one gateway runs.
  if (isPostgres) {
    it.effect("does not wait for a guessed lock key that another gateway holds", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const groupCommit = yield* GroupCommit
        const guessing = groupCommit.batch(
          () => Effect.map(TransactionStart, (start) => () => [...(start?.locks.own ?? [])]),
          () => ["held", "free"]
        )
        const guessed = yield* sql.withTransaction(
          Effect.andThen(lockFor(sql, new Set(["held"])), guessing("item", ["own"]))
        )
        assert.deepStrictEqual(guessed, ["own", "free"])
      }).pipe(Effect.provide(store(":memory:")))
    )
  }

  it.effect("runs writes with more lock keys than a database can hold one by one", () =>
    Effect.gen(function* () {
      const groupCommit = yield* GroupCommit
      const lockKeys = (part: number) => Array.from({ length: 1000 }, (_, n) => `${part} ${n}`)
      yield* Effect.forEach(Array.from({ length: 100 }), (_, part) => groupCommit.commit(Effect.void, lockKeys(part)), {
        concurrency: "unbounded",
        discard: true
      })
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect("fails only the write whose statement is wrong, every time", () =>
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

  it.effect("answers pending and later callers when it stops", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(store(":memory:"), scope)
      const { commit } = Context.get(services, GroupCommit)
      const gate = yield* Deferred.make<void>()
      let hasRun = false
      const run = Effect.sync(() => {
        hasRun = true
      })
      const writing = yield* Effect.provideContext(occupyWriters(gate), services)
      const second = yield* Effect.forkChild(Effect.exit(commit(run)), { startImmediately: true })
      const closed = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.joinAll(writing)
      assert.strictEqual(Exit.isSuccess(yield* Fiber.join(second)), hasRun)
      yield* Fiber.join(closed)
      assert.strictEqual((yield* Effect.flip(commit(Effect.void)))._tag, "StoreUnavailable")
    })
  )

  it.effect("keeps committed writes after it is closed", () =>
    Effect.gen(function* () {
      const file = newFile()
      yield* Effect.andThen(table, commit(insert(1))).pipe(Effect.provide(store(file)))
      assert.deepStrictEqual(yield* all.pipe(Effect.provide(store(file))), [1])
    })
  )

  it.effect("keeps exactly the committed writes when the store is full in the middle of a group", () =>
    Effect.gen(function* () {
      yield* table
      const { big } = yield* filled
      const parts = [insert(1), insert(2), Effect.andThen(insert(3), big), insert(4), insert(5)]
      const exits = yield* Effect.forEach(parts, (part) => Effect.exit(commit(part)), { concurrency: "unbounded" })
      assert.isTrue(exits.some(Exit.isFailure))
      const answered = exits.flatMap((exit, index) => (Exit.isSuccess(exit) ? [index + 1] : []))
      assert.deepStrictEqual(yield* all, answered)
      yield* commit(insert(6))
      assert.deepStrictEqual(yield* all, [...answered, 6])
    }).pipe(Effect.provide(store(":memory:")))
  )

  it.effect("reports a full disk, and resumes when there is space", () =>
    Effect.gen(function* () {
      yield* table
      const { big, makeSpace } = yield* filled
      const error = yield* Effect.flip(commit(big))
      assert.strictEqual(error._tag, "StoreUnavailable")
      assert.strictEqual(error.problem, "DiskFull")
      yield* makeSpace
      yield* commit(big)
      yield* commit(insert(1))
      assert.deepStrictEqual(yield* all, [1])
    }).pipe(Effect.provide(store(newFile())))
  )

  it.effect("fails its check after a full disk until 64 KiB were written, and logs both once (T)", () => {
    const logged: Array<string> = []
    const logger = Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])
    return Effect.gen(function* () {
      yield* table
      yield* probes
      const { availableSince, check } = yield* GroupCommit
      const { big, makeSpace } = yield* filled
      const start = yield* Clock.currentTimeMillis
      assert.strictEqual(availableSince(), start)
      // Of PostgreSQL's disk nothing is full here: it answers so for this table, too.
      if (isPostgres) yield* refuse("write_probes")
      yield* check
      for (let n = 0; n < 3; n++) assert.isTrue(Exit.isFailure(yield* Effect.exit(commit(big))))
      // There is space for little, as for most alerts.
      yield* commit(insert(1))
      assert.strictEqual((yield* Effect.flip(check)).problem, "DiskFull")
      assert.isAbove(availableSince(), start + 1_000_000_000)
      yield* pass("10 seconds")
      assert.strictEqual((yield* Effect.flip(check)).problem, "DiskFull")
      assert.deepStrictEqual(logged, [
        "The store cannot be used (DiskFull). The disk that holds the store is full. Free space on it."
      ])
      yield* makeSpace
      if (isPostgres) yield* takeAgain("write_probes")
      yield* pass("1 second")
      yield* check
      assert.deepStrictEqual(logged.slice(1), ["The store can be used again after 11 seconds."])
      assert.strictEqual(availableSince(), start + 11_000)
    }).pipe(Effect.provide(Layer.provideMerge(store(newFile()), logger)))
  })

  it.effect("fails its check after a statement found the database damaged, until a restart (T)", () => {
    const logged: Array<string> = []
    const logger = Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])
    const file = newFile()
    const damaged = Effect.fail(
      new SqlError.SqlError({
        reason: new SqlError.UnknownError({
          cause: Object.assign(new Error("damaged"), isPostgres ? { code: "XX001" } : { errcode: 11 })
        })
      })
    )
    const layer = () => Effect.provide(Layer.provideMerge(store(file), logger))
    return Effect.gen(function* () {
      yield* Effect.gen(function* () {
        yield* table
        const { check, read } = yield* GroupCommit
        yield* check
        for (let n = 0; n < 2; n++) assert.strictEqual((yield* Effect.flip(read(damaged))).problem, "Corrupt")
        yield* commit(insert(1))
        yield* pass("10 seconds")
        assert.strictEqual((yield* Effect.flip(check)).problem, "Corrupt")
      }).pipe(layer())
      assert.deepStrictEqual(logged, [
        "The store cannot be used (Corrupt). The database is damaged. Stop the gateway and restore the last backup."
      ])
      yield* GroupCommit.use(({ check }) => check).pipe(layer())
    })
  })

  it.effect("logs a statement that fails by itself, without its values", () => {
    const logged: Array<string> = []
    const logger = Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])
    return Effect.gen(function* () {
      yield* table
      yield* commit(insert(1))
      assert.strictEqual((yield* Effect.flip(commit(insert(1)))).problem, "Failed")
      const unknown = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO nowhere VALUES (${"s3cr3t"})`)
      assert.strictEqual((yield* Effect.flip(commit(unknown))).problem, "Failed")
      assert.lengthOf(logged, 2)
      assert.match(logged[0] ?? "", /^A statement failed \((UniqueViolation|ConstraintError), /)
      assert.match(logged[1] ?? "", /^A statement failed \(SqlSyntaxError, .*nowhere/)
      assert.notInclude(logged.join(), "s3cr3t")
    }).pipe(Effect.provide(Layer.provideMerge(store(newFile()), logger)))
  })
})

/** The table of the write that needs space. */
const probes = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`CREATE TABLE IF NOT EXISTS write_probes (data text NOT NULL)`
)
