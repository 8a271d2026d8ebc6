/**
 * What transactions do that run beside each other, as only PostgreSQL lets them.
 */
import { assert, describe, it } from "@effect/vitest"
import { GroupCommit } from "@tocsin/delivery"
import { Clock, Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { passOn } from "../harness/idle.ts"
import { migratedStoreIn, newFile } from "../harness/store.ts"
import { whileTimePasses } from "../harness/writers.ts"

describe("Transactions", () => {
  /** Begins a write that waits for the gate, and then reads the number of its transaction. */
  const numbered = Effect.fnUntraced(function* (gate?: Effect.Effect<void>) {
    const sql = yield* SqlClient.SqlClient
    const { commit } = yield* GroupCommit
    const begun = yield* Deferred.make<void>()
    const number = Effect.map(sql<{ id: string }>`SELECT pg_current_xact_id()::text AS id`, ([row]) => row?.id)
    const steps = Effect.all([Deferred.succeed(begun, undefined), gate ?? Effect.void, number])
    const write = yield* Effect.forkChild(Effect.map(commit(steps, []), ([, , number]) => number))
    return { begun: Deferred.await(begun), number: Fiber.join(write) }
  })

  it.effect("of few writes wait for the one that runs, and share the next one", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const first = yield* numbered(Deferred.await(gate))
      yield* first.begun
      const second = yield* numbered()
      yield* passOn
      const third = yield* numbered()
      yield* passOn
      yield* Deferred.succeed(gate, undefined)
      const [number, ...others] = yield* Effect.all([first.number, second.number, third.number])
      assert.notStrictEqual(others[0], number)
      assert.deepStrictEqual(others, [others[0], others[0]])
    }).pipe(Effect.provide(GroupCommit.layer.pipe(Layer.provideMerge(migratedStoreIn(newFile())))))
  )

  it.effect("of many writes do not wait for the one that runs", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const first = yield* numbered(Deferred.await(gate))
      yield* first.begun
      const others = yield* Effect.forEach(Array.from({ length: 16 }), () => numbered())
      yield* Effect.forEach(others, ({ number }) => number)
      yield* Deferred.succeed(gate, undefined)
      yield* first.number
    }).pipe(Effect.provide(GroupCommit.layer.pipe(Layer.provideMerge(migratedStoreIn(newFile())))))
  )

  it.effect("of few writes begin after 20 ms, while the one that runs waits for a lock", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { commit } = yield* GroupCommit
      yield* sql`CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL)`
      yield* sql`INSERT INTO t VALUES (1, 0), (2, 0)`
      const add = (id: number) => sql`UPDATE t SET n = n + 1 WHERE id = ${id} RETURNING n`
      const other = yield* sql.reserve
      const there = (statement: string) => other.executeUnprepared(statement, [], undefined)
      yield* there("SET idle_in_transaction_session_timeout = 0")
      yield* there("BEGIN")
      yield* there("UPDATE t SET n = 10 WHERE id = 1")
      const begun = yield* Deferred.make<void>()
      const blocked = yield* Effect.forkChild(
        commit(Effect.andThen(Deferred.succeed(begun, undefined), add(1)), ["first"])
      )
      yield* Deferred.await(begun)
      const before = yield* Clock.currentTimeMillis
      const after = yield* whileTimePasses(commit(Effect.andThen(add(2), Clock.currentTimeMillis), ["second"]))
      assert.isAtLeast(after - before, 20)
      assert.deepStrictEqual(yield* sql`SELECT n FROM t ORDER BY id`, [{ n: 0 }, { n: 1 }])
      yield* there("COMMIT")
      assert.deepStrictEqual(yield* Fiber.join(blocked), [{ n: 11 }])
    }).pipe(Effect.scoped, Effect.provide(GroupCommit.layer.pipe(Layer.provideMerge(migratedStoreIn(newFile())))))
  )

  it.effect("are retried after a conflict (O6)", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { commit } = yield* GroupCommit
      yield* sql`CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL)`
      yield* sql`INSERT INTO t VALUES (1, 0), (2, 0)`
      // A statement that returns a row is waited for.
      const add = (id: number) => sql`UPDATE t SET n = n + 1 WHERE id = ${id} RETURNING n`
      const hasBegun = [yield* Deferred.make<void>(), yield* Deferred.make<void>()] as const
      let tries = 0
      /** Takes one row, and then the one that the other has taken. */
      const both = (own: 0 | 1, other: 0 | 1) =>
        Effect.gen(function* () {
          tries++
          yield* add(own + 1)
          yield* Deferred.succeed(hasBegun[own], undefined)
          yield* Deferred.await(hasBegun[other])
          yield* add(other + 1)
        })
      const first = yield* Effect.forkChild(commit(both(0, 1), ["first"]))
      yield* Deferred.await(hasBegun[0])
      yield* whileTimePasses(commit(both(1, 0), ["second"]))
      yield* Fiber.join(first)
      // The retry can conflict again.
      assert.isAtLeast(tries, 3)
      assert.deepStrictEqual(yield* sql`SELECT n FROM t ORDER BY id`, [{ n: 2 }, { n: 2 }])
    }).pipe(Effect.provide(GroupCommit.layer.pipe(Layer.provideMerge(migratedStoreIn(newFile())))))
  )
})
