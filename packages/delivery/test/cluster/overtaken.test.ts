import { assert, describe, it } from "@effect/vitest"
import { Edits, Peers } from "@tocsin/delivery"
import { Context, Deferred, Effect, Layer } from "effect"
import { SqlClient, Statement } from "effect/sql"
import { Shortcuts } from "../../src/domain/Shortcuts.ts"
import { Transaction } from "../../src/sql/transactionEnd.ts"
import { engine, integration, outcomes, raise, rule, save, settle, tick } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { passOn } from "../harness/idle.ts"
import { ScriptedPeers } from "../harness/peers.ts"
import { migratedStoreIn } from "../harness/store.ts"
import { whileTimePasses } from "../harness/writers.ts"

/** Something that waits, once it is held, until it is let go. */
interface Held {
  readonly reached: Deferred.Deferred<void>
  readonly go: Deferred.Deferred<void>
}

const held = Effect.all({ reached: Deferred.make<void>(), go: Deferred.make<void>() })

const hold = ({ go, reached }: Held) => Effect.andThen(Deferred.succeed(reached, undefined), Deferred.await(go))

/**
 * A store that holds the answer to the commit of the first claim, and then what is read of the integrations outside of
 * transactions: by then the claim and the edit are on the disk.
 */
const holding = (claim: Held, reading: Held) => {
  let isClaimed = false
  const watching = Layer.succeed(Statement.CurrentTransformer, (statement, _, fiber) => {
    const [text] = statement.compile()
    const isInside = fiber.getRef(Transaction) !== undefined
    if (isInside && /^UPDATE deliveries SET [^]*taken_under = given/.test(text)) isClaimed = true
    const isHeld = isClaimed && !isInside && text.includes("settings_version")
    return Effect.as(isHeld ? hold(reading) : Effect.void, statement)
  })
  const store = Layer.effectContext(
    Effect.map(Layer.build(migratedStoreIn(":memory:")), (context) => {
      const client = Context.get(context, SqlClient.SqlClient)
      const withTransaction: SqlClient.SqlClient["withTransaction"] = (effect) => {
        const wasClaimed = isClaimed
        return Effect.tap(client.withTransaction(effect), () => (isClaimed && !wasClaimed ? hold(claim) : Effect.void))
      }
      const slow = new Proxy(client, {
        get: (target, name, receiver) =>
          name === "withTransaction" ? withTransaction : Reflect.get(target, name, receiver)
      })
      return Context.add(context, SqlClient.SqlClient, slow)
    })
  )
  return { store, watching }
}

describe("A lane that was lost and regained", () => {
  it.effect("does not begin what it claimed before, because that is requeued (M2)", () =>
    Effect.gen(function* () {
      const [claim, reading] = yield* Effect.all([held, held])
      yield* Deferred.succeed(reading.go, undefined)
      const { store, watching } = holding(claim, reading)
      const script = new Script()
      const peers = new ScriptedPeers()
      const shared = Layer.flatMap(store, (context) => Layer.succeedContext(Context.add(context, Peers, peers.service)))
      yield* Effect.gen(function* () {
        yield* settle
        yield* peers.gain
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* Deferred.await(claim.reached)
        yield* peers.lose
        yield* whileTimePasses(peers.gain)
        yield* untilSent(script)
        yield* Deferred.succeed(claim.go, undefined)
        yield* settle
        assert.lengthOf(script.sent, 1)
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered"])
      }).pipe(
        Effect.provide(Layer.provide(engine(script, { store: shared }), [watching, Layer.succeed(Shortcuts, false)]))
      )
    })
  )
})

/** The rate limit takes some of the test's time. */
const untilSent = (script: Script) =>
  whileTimePasses(Effect.repeat(Effect.yieldNow, { until: () => script.sent.length > 0 }))

describe("An edit that disables an integration", () => {
  it.effect("lets nothing begin that was claimed before, as soon as it is answered (O8)", () =>
    Effect.gen(function* () {
      const [claim, reading] = yield* Effect.all([held, held])
      const { store, watching } = holding(claim, reading)
      const script = new Script()
      yield* Effect.gen(function* () {
        const edits = yield* Edits
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* Deferred.await(claim.reached)
        // A few writes wait a while for the transaction that runs.
        yield* whileTimePasses(edits.saveIntegration(integration("ops", { enabled: false }), "any"))
        yield* Deferred.await(reading.reached)
        // The claim is answered before the lane can know of the edit.
        yield* Deferred.succeed(claim.go, undefined)
        yield* passOn
        assert.lengthOf(script.sent, 0)

        yield* Deferred.succeed(reading.go, undefined)
        yield* settle
        assert.lengthOf(script.sent, 0)
        yield* save(integration("ops"))
        yield* tick
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered"])
        assert.lengthOf(script.sent, 1)
      }).pipe(Effect.provide(Layer.provide(engine(script, { store }), [watching, Layer.succeed(Shortcuts, false)])))
    })
  )
})
