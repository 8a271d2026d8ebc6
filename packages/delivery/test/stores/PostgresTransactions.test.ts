/**
 * What transactions do that run beside each other, as only PostgreSQL lets them.
 */
import { assert, describe, it } from "@effect/vitest"
import { GroupCommit } from "@tocsin/delivery"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { migratedStoreIn, newFile } from "../harness/store.ts"

describe("Transactions", () => {
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
      yield* commit(both(1, 0), ["second"])
      yield* Fiber.join(first)
      // The retry can conflict again.
      assert.isAtLeast(tries, 3)
      assert.deepStrictEqual(yield* sql`SELECT n FROM t ORDER BY id`, [{ n: 2 }, { n: 2 }])
    }).pipe(Effect.provide(GroupCommit.layer.pipe(Layer.provideMerge(migratedStoreIn(newFile())))))
  )
})
