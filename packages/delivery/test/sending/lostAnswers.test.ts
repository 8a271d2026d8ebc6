import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { deliveries, engine, integration, outcomes, pass, raise, rule, save } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { migratedStoreIn } from "../harness/store.ts"

/** Whether a transaction is inside of another one. */
const Inside = Context.Reference("test/Inside", { defaultValue: () => false })

const lost = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({ cause: undefined, message: "connection lost", operation: "commit" })
})

/** A store that commits the first transaction after which something is being sent, and does not say so. */
const forgetful = Layer.effectContext(
  Effect.gen(function* () {
    const context = yield* Layer.build(migratedStoreIn(":memory:"))
    const client = Context.get(context, SqlClient.SqlClient)
    let isLost = false
    const loseOnce = Effect.gen(function* () {
      if (isLost) return
      const rows = yield* client`SELECT id FROM deliveries WHERE status = 'sending'`
      if (rows.length === 0) return
      isLost = true
      return yield* lost
    })
    const withTransaction: SqlClient.SqlClient["withTransaction"] = (effect) =>
      Effect.flatMap(Inside, (isInside) => {
        const done = client.withTransaction(Effect.provideService(effect, Inside, true))
        return isInside ? done : Effect.tap(done, loseOnce)
      })
    const forgetting = new Proxy(client, {
      get: (target, name, receiver) =>
        name === "withTransaction" ? withTransaction : Reflect.get(target, name, receiver)
    })
    return Context.add(context, SqlClient.SqlClient, forgetting)
  })
)

describe("A lane", () => {
  it.effect("sends claimed deliveries once when the store's answer was lost", () => {
    const script = new Script()
    return Effect.gen(function* () {
      yield* save(integration("ops"), rule("all"))
      yield* raise("a")
      yield* pass("10 seconds")
      assert.lengthOf(script.sent, 1)
      assert.deepStrictEqual(yield* outcomes, ["Raised delivered"])
      assert.strictEqual((yield* deliveries)[0]?.attempts, 2)
    }).pipe(Effect.provide(engine(script, { store: forgetful })))
  })
})
