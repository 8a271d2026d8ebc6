import { assert, describe, it } from "@effect/vitest"
import { DestinationGone } from "@tocsin/core"
import { Configuration } from "@tocsin/delivery"
import { Clock, Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient, Statement } from "effect/sql"
import {
  deliveries,
  engine,
  integration,
  integrationId,
  outcomes,
  pass,
  raise,
  rule,
  save,
  settle,
  type Fixture
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { passOn } from "../harness/idle.ts"
import { ScriptedPeers, sharedStore } from "../harness/peers.ts"
import { assertKeepsTo } from "../harness/rateLimit.ts"

/** Two gateways on one store; the first holds all lanes. */
const two = Effect.gen(function* () {
  const store = yield* sharedStore
  const gateway = Effect.gen(function* () {
    const peers = new ScriptedPeers()
    const script = new Script()
    const context = yield* Layer.build(engine(script, { store: store(peers) }))
    const here = <A, E>(effect: Effect.Effect<A, E, Fixture>) => Effect.provideContext(effect, context)
    return { peers, script, here }
  })
  const first = yield* gateway
  const second = yield* gateway
  yield* settle
  yield* first.peers.gain
  return { first, second }
})

describe("Lanes", () => {
  it.effect("apply an edit although the signal of another gateway was lost", () =>
    Effect.gen(function* () {
      const { first, second } = yield* two
      yield* first.here(save(integration("ops"), rule("all")))
      yield* first.here(raise("a"))
      yield* settle
      assert.lengthOf(first.script.to("ops"), 1)
      yield* second.here(save(integration("ops", { settings: { channel: "other" } })))
      yield* first.peers.sweep
      yield* first.here(raise("b"))
      yield* pass("2 minutes")
      assert.lengthOf(first.script.to("ops"), 1)
      assert.lengthOf(first.script.to("other"), 1)
    }).pipe(Effect.scoped)
  )

  it.effect("are released when their attempts have ended, whoever stopped them", () =>
    Effect.forEach(
      Array.from({ length: 12 }, (_, yields) => yields),
      (yields) =>
        Effect.gen(function* () {
          const { first, second } = yield* two
          yield* first.here(save(integration("ops"), rule("all")))
          const gate = yield* Deferred.make<void>()
          first.script.next("ops", { gate })
          yield* first.here(raise("a"))
          yield* settle
          assert.lengthOf(first.script.sent, 1)
          yield* Effect.forkChild(first.peers.sweep)
          yield* Effect.repeat(Effect.yieldNow, { times: yields })
          const moved = yield* Effect.forkChild(Effect.andThen(first.peers.release, second.peers.gain))
          yield* settle
          yield* Deferred.succeed(gate, undefined)
          yield* Fiber.join(moved)
          yield* pass("5 seconds")
          assert.lengthOf([...first.script.sent, ...second.script.sent], 1, `after ${yields} yields`)
          assert.deepStrictEqual(yield* first.here(outcomes), ["Raised delivered"])
        }).pipe(Effect.scoped)
    )
  )

  it.effect("are released when their attempts have ended, also where they were lost and regained in an outage", () =>
    Effect.gen(function* () {
      const { first, second } = yield* two
      yield* first.here(save(integration("ops"), rule("all")))
      const gates = [yield* Deferred.make<void>(), yield* Deferred.make<void>()] as const
      first.script.next("ops", { gate: gates[0] }, { gate: gates[1] })
      yield* first.here(raise("a"))
      yield* settle
      const sql = yield* first.here(SqlClient.SqlClient)
      yield* sql`ALTER TABLE settings_version RENAME TO out_of_reach`
      yield* first.peers.lose
      yield* settle
      yield* sql`ALTER TABLE out_of_reach RENAME TO settings_version`
      yield* first.peers.gain
      yield* first.here(raise("b"))
      yield* pass("2 seconds")
      yield* Deferred.succeed(gates[0], undefined)
      yield* pass("2 seconds")
      const moved = yield* Effect.forkChild(Effect.andThen(first.peers.release, second.peers.gain))
      yield* settle
      yield* Deferred.succeed(gates[1], undefined)
      yield* Fiber.join(moved)
      yield* pass("5 seconds")
      // Once it was perhaps sent.
      assert.lengthOf([...first.script.sent, ...second.script.sent], 3)
      assert.deepStrictEqual(yield* first.here(outcomes), ["Raised delivered", "Raised delivered"])
    }).pipe(Effect.scoped)
  )

  it.effect("keep one rate limit for two integrations that share it, also after each takeover (B1, B2)", () =>
    Effect.gen(function* () {
      const { first, second } = yield* two
      const settings = { shared: "one hook", messages: 60, burst: 5 }
      yield* first.here(save(integration("a", { settings: { channel: "a", ...settings } })))
      yield* first.here(save(integration("b", { settings: { channel: "b", ...settings } })))
      yield* first.here(save(rule("all", { to: ["a", "b"] })))
      const takeovers: Array<number> = []
      const move = Effect.fnUntraced(function* (from: typeof first, to: typeof first) {
        // Meanwhile the bucket of the gateway that owned the lanes before fills.
        yield* pass("1 minute")
        for (let n = 0; n < 30; n++) yield* from.here(raise(`${takeovers.length}${n}`))
        yield* pass("20 seconds")
        yield* from.peers.release
        takeovers.push(yield* Clock.currentTimeMillis)
        yield* to.peers.gain
        yield* pass("2 minutes")
      })
      yield* move(first, second)
      yield* move(second, first)
      const sent = [...first.script.sent, ...second.script.sent]
      assert.lengthOf(sent, 120)
      assertKeepsTo({ burst: 5, perSecond: 1 }, sent, takeovers)
    }).pipe(Effect.scoped)
  )

  it.effect("record no health for settings that were replaced at another gateway (O8)", () =>
    Effect.gen(function* () {
      const { first, second } = yield* two
      yield* first.here(save(integration("ops"), rule("all")))
      const gate = yield* Deferred.make<void>()
      first.script.next("ops", { gate, after: { fail: new DestinationGone({ detail: "HTTP 404" }) } })
      yield* first.here(raise("a"))
      yield* settle
      yield* second.here(save(integration("ops", { settings: { channel: "other" } })))
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      const shown = yield* first.here(Configuration.use(({ integration }) => integration(integrationId("ops"))))
      assert.isUndefined(shown?.broken)
    }).pipe(Effect.scoped)
  )

  it.effect("send nothing that was still connecting when they were no longer certainly owned (M2)", () =>
    Effect.gen(function* () {
      const { first } = yield* two
      yield* first.here(save(integration("ops"), rule("all")))
      const connected = yield* Deferred.make<void>()
      first.script.next("ops", { connected })
      yield* first.here(raise("a"))
      yield* settle
      yield* first.peers.doubt
      yield* Deferred.succeed(connected, undefined)
      yield* settle
      const [delivery] = yield* first.here(deliveries)
      assert.strictEqual(delivery?.status, "retrying")
      assert.include(delivery.cause, "not sent: its lane moved")
      yield* first.peers.confirm
      yield* pass("2 seconds")
      assert.deepStrictEqual(yield* first.here(outcomes), ["Raised delivered"])
    }).pipe(Effect.scoped)
  )

  it.effect(
    "keep what was sent, and leave pending what they were claiming with its record, when they are lost (M2)",
    () => {
      let isPausing = false
      const paused = Deferred.makeUnsafe<void>()
      const resumed = Deferred.makeUnsafe<void>()
      const pause = Effect.andThen(Deferred.succeed(paused, undefined), Deferred.await(resumed))
      const claimed = /^UPDATE deliveries SET [^]*taken_under = given/
      return Effect.gen(function* () {
        const { first } = yield* two
        yield* first.here(save(integration("ops"), rule("all")))
        yield* pass("1 minute")
        const gate = yield* Deferred.make<void>()
        const others = { gate: yield* Deferred.make<void>() }
        first.script.next("ops", { gate }, ...Array.from({ length: 63 }, () => others))
        for (let n = 0; n < 70; n++) yield* first.here(raise(`a${n}`))
        yield* settle
        assert.lengthOf(first.script.sent, 64)
        isPausing = true
        yield* Deferred.succeed(gate, undefined)
        yield* Deferred.await(paused)
        yield* first.peers.lose
        yield* passOn
        yield* Deferred.succeed(resumed, undefined)
        yield* settle
        assert.strictEqual((yield* first.here(deliveries))[0]?.status, "delivered")
        yield* first.peers.gain
        yield* Deferred.succeed(others.gate, undefined)
        yield* pass("10 seconds")
        const all = yield* first.here(deliveries)
        const steps = all.map(({ transitions }) => transitions.map(({ status }) => status).join(" > "))
        const once = Array.from({ length: 6 }, () => "pending > sending > delivered")
        assert.deepStrictEqual(steps.slice(64), once)
        assert.lengthOf(first.script.sent, 70 + 63)
      }).pipe(
        Effect.scoped,
        Effect.provideService(Statement.CurrentTransformer, (statement) =>
          Effect.as(isPausing && claimed.test(statement.compile()[0]) ? pause : Effect.void, statement)
        )
      )
    }
  )

  it.effect("mark no claimed delivery dead at its deadline without an attempt (D2, M2)", () =>
    Effect.forEach(
      Array.from({ length: 12 }, (_, yields) => yields),
      (yields) =>
        Effect.gen(function* () {
          const { first } = yield* two
          yield* first.here(save(integration("ops", { delivery: { deadline: 60 } }), rule("all")))
          yield* first.peers.lose
          yield* first.here(raise("a"))
          yield* pass("2 minutes")
          yield* Effect.forkChild(first.peers.gain)
          yield* Effect.repeat(Effect.yieldNow, { times: yields })
          yield* first.peers.doubt
          yield* pass("1 second")
          yield* first.peers.confirm
          yield* pass("1 minute")
          assert.deepStrictEqual(yield* first.here(outcomes), ["Raised delivered"], `after ${yields} yields`)
        }).pipe(Effect.scoped)
    )
  )
})
