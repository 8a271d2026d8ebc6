import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { Shortcuts } from "../../src/domain/Shortcuts.ts"
import { deliveries, engine, integration, outcomes, pass, raise, rule, save } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { migratedStoreIn } from "../harness/store.ts"

/** Whether this is inside of a transaction. */
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
      Effect.flatMap(Inside, (isInside) =>
        isInside
          ? client.withTransaction(effect)
          : Effect.tap(client.withTransaction(Effect.provideService(effect, Inside, true)), loseOnce)
      )
    const forgetting = new Proxy(client, {
      get: (target, name, receiver) =>
        name === "withTransaction" ? withTransaction : Reflect.get(target, name, receiver)
    })
    return Context.add(context, SqlClient.SqlClient, forgetting)
  })
)

describe("A lane", () => {
  it.effect.each([
    ["claimed as they were created", true],
    ["claimed by the lane", false]
  ] as const)("sends claimed deliveries once when the store's answer was lost, %s", ([, takesShortcuts]) => {
    const script = new Script()
    return Effect.gen(function* () {
      yield* save(integration("ops"), rule("all"))
      yield* pass("10 seconds")
      // The sender repeats what was not answered.
      yield* Effect.retry(raise("a"), { times: 1 })
      yield* pass("10 seconds")
      assert.lengthOf(script.sent, 1)
      assert.deepStrictEqual(yield* outcomes, ["Raised delivered"])
      const [delivery] = yield* deliveries
      assert.deepStrictEqual(
        delivery?.transitions.map(({ status }) => status),
        ["pending", "sending", "retrying", "sending", "delivered"]
      )
      assert.strictEqual(delivery.attempts, 2)
    }).pipe(
      Effect.provide(Layer.provide(engine(script, { store: forgetful }), Layer.succeed(Shortcuts, takesShortcuts)))
    )
  })
})
