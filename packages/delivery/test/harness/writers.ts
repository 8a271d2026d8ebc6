import { GroupCommit } from "@tocsin/delivery"
import { Deferred, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { groupsAtOnce } from "../../src/sql/dialect.ts"

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
        yield* Deferred.await(begun)
        return fiber
      })
    )
  })
