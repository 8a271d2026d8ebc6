import { GroupCommit } from "@tocsin/delivery"
import { Deferred, Effect } from "effect"
import { TestClock } from "effect/testing"
import { SqlClient } from "effect/sql"
import { groupsAtOnce } from "../../src/sql/dialect.ts"

/** Lets time pass until the effect has ended, which runs meanwhile. */
export const whileTimePasses = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.raceFirst(effect, Effect.forever(Effect.andThen(TestClock.adjust("1 millis"), Effect.yieldNow)))

/** Keeps all writers of the store busy until the gate opens, so that later writes share a transaction. */
export const occupyWriters = (gate: Deferred.Deferred<void>) =>
  Effect.gen(function* () {
    const { commit } = yield* GroupCommit
    const sql = yield* SqlClient.SqlClient
    return yield* Effect.forEach(
      Array.from({ length: groupsAtOnce(sql) }),
      Effect.fnUntraced(function* (_, n) {
        const begun = yield* Deferred.make<void>()
        const write = Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(gate))
        const fiber = yield* Effect.forkChild(commit(write, [`${n}`]))
        // The second one waits a while for the first.
        yield* n === 0 ? Deferred.await(begun) : whileTimePasses(Deferred.await(begun))
        return fiber
      })
    )
  })
