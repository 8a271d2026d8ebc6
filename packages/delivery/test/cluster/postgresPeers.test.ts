import type { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Latch } from "effect"
import { TestClock } from "effect/testing"
import { peersOn } from "../../src/cluster/postgresPeers.ts"
import { lockOfMembers, partitionCount } from "../../src/sql/locks.ts"
import { passOn } from "../harness/idle.ts"

/** The session of a gateway that is alone, whose pings are answered while the latch is open. */
const sessionOf = (answering: Latch.Latch) => {
  const locked = new Set<number>()
  const execute = ([text = ""]: TemplateStringsArray, ...values: ReadonlyArray<unknown>) => {
    if (text.includes("pg_try_advisory_lock")) {
      const tried: ReadonlyArray<string> = JSON.parse(String(values[1]))
      return Effect.succeed(tried.map((lock) => ({ lock: Number(lock), got: locked.add(Number(lock)).size > 0 })))
    }
    const held = () => [lockOfMembers, ...locked].map((lock) => ({ lock }))
    return text.includes("pg_locks") ? Effect.andThen(answering.await, Effect.sync(held)) : Effect.succeed([])
  }
  return Effect.succeed(execute as unknown as PgClient.PgClient)
}

describe("A gateway on PostgreSQL", () => {
  it.effect("keeps its partitions while a ping is answered late, and gives them up if it is not answered (M2)", () =>
    Effect.gen(function* () {
      const answering = yield* Latch.make(true)
      const session = sessionOf(answering)
      const peers = yield* peersOn(yield* Effect.scoped(session), session, yield* Clock.Clock)
      const moves: Array<string> = []
      const moved = (how: string) => (partitions: ReadonlyArray<number>) =>
        Effect.sync(() => void moves.push(`${how} ${partitions.length}`))
      yield* Effect.forkScoped(peers.own({ gained: moved("gained"), released: moved("released"), lost: moved("lost") }))
      const pass = (time: string & Parameters<typeof TestClock.adjust>[0]) =>
        Effect.andThen(TestClock.adjust(time), passOn)
      yield* pass("1 second")
      assert.deepStrictEqual(moves, [`gained ${partitionCount}`])

      yield* answering.close
      yield* pass("4 seconds")
      yield* answering.open
      yield* pass("1 second")
      assert.deepStrictEqual(moves, [`gained ${partitionCount}`])
      assert.isTrue(peers.isOwned(0))

      yield* answering.close
      yield* pass("6 seconds")
      assert.deepStrictEqual(moves, [`gained ${partitionCount}`, `lost ${partitionCount}`])
      assert.isFalse(peers.isOwned(0))
    })
  )
})
