/**
 * What a lane sends at once, and reads, while another gateway accepts alerts for it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import { Statement } from "effect/sql"
import { LaneState } from "../../src/sending/LaneState.ts"
import {
  deliveries,
  engine,
  type Fixture,
  integration,
  integrationId,
  raise,
  rule,
  save,
  settle,
  tick
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { passOn } from "../harness/idle.ts"
import { ScriptedPeers, sharedStore } from "../harness/peers.ts"

/** The statement with which a lane reads its backlog. */
const look = /UNION ALL SELECT \* FROM \(SELECT id, sequence/
const lookOfFull = /^\s*SELECT id, sequence, kind[^]*WHERE about = /

/** Two gateways on one store; the first holds all lanes, and has sent one alert. The test can hold what reads a backlog. */
const two = Effect.gen(function* () {
  const store = yield* sharedStore
  let held: Effect.Effect<void> | undefined
  const statements: Array<string> = []
  const transformer = Layer.succeed(Statement.CurrentTransformer, (statement) => {
    const [text] = statement.compile()
    statements.push(text)
    const isLook = look.test(text) || lookOfFull.test(text)
    return Effect.as(isLook && held !== undefined ? held : Effect.void, statement)
  })
  const gateway = Effect.gen(function* () {
    const peers = new ScriptedPeers()
    const script = new Script()
    const context = yield* Layer.build(Layer.provide(engine(script, { store: store(peers) }), transformer))
    const here = <A, E>(effect: Effect.Effect<A, E, Fixture>) => Effect.provideContext(effect, context)
    return { peers, script, here }
  })
  const first = yield* gateway
  const second = yield* gateway
  yield* settle
  yield* first.peers.gain
  yield* first.here(save(integration("ops"), rule("all")))
  yield* tick
  yield* first.here(raise("before"))
  yield* settle
  assert.lengthOf(first.script.to("ops"), 1)
  /** Reads of backlogs wait from here on, until the result is run. */
  const hold = Effect.map(Deferred.make<void>(), (gate) => {
    held = Deferred.await(gate)
    return Effect.andThen(
      Effect.sync(() => (held = undefined)),
      Deferred.succeed(gate, undefined)
    )
  })
  return { first, second, hold, statements }
})

describe("A lane for which another gateway accepts an alert", () => {
  it.effect("sends what is accepted here while it reads what that is", () =>
    Effect.gen(function* () {
      const { first, hold, second } = yield* two
      yield* second.here(raise("there"))
      const goOn = yield* hold
      yield* first.peers.work(integrationId("ops"))
      yield* passOn
      yield* first.here(raise("here"))
      yield* passOn
      assert.lengthOf(first.script.to("ops"), 2)
      yield* goOn
      yield* settle
      assert.lengthOf(first.script.to("ops"), 3)
    }).pipe(Effect.scoped)
  )

  it.effect("reads again if attempts end while it reads, for which it had no slot", () =>
    Effect.gen(function* () {
      const { first, hold, second } = yield* two
      const gate = yield* Deferred.make<void>()
      first.script.next("ops", ...Array.from({ length: 64 }, () => ({ gate })))
      for (let n = 0; n < 64; n++) yield* first.here(raise(`here ${n}`))
      yield* settle
      assert.lengthOf(first.script.to("ops"), 65)
      yield* second.here(raise("there"))
      const goOn = yield* hold
      yield* first.peers.work(integrationId("ops"))
      yield* passOn
      yield* Deferred.succeed(gate, undefined)
      const delivered = Effect.map(first.here(deliveries), (all) => all.filter(({ status }) => status === "delivered"))
      yield* Effect.repeat(Effect.andThen(passOn, delivered), { until: (all) => all.length === 65 })
      yield* passOn
      yield* goOn
      yield* settle
      assert.lengthOf(first.script.to("ops"), 66)
    }).pipe(Effect.scoped)
  )

  it.effect("reads its backlog once if it claims all of it, and what a claim needs with one statement", () =>
    Effect.gen(function* () {
      const { first, second, statements } = yield* two
      for (const id of ["a", "b", "c"]) yield* second.here(raise(id))
      yield* settle
      statements.length = 0
      yield* first.peers.work(integrationId("ops"))
      yield* settle
      assert.lengthOf(first.script.to("ops"), 4)
      assert.lengthOf(
        statements.filter((text) => look.test(text)),
        1
      )
      assert.lengthOf(
        statements.filter((text) => /CROSS JOIN deliveries asked/.test(text)),
        1
      )
      assert.deepStrictEqual(
        statements.filter((text) => /FROM (alerts|deliveries) WHERE id IN|JOIN conversations c\s+LEFT/.test(text)),
        []
      )
    }).pipe(Effect.scoped)
  )
})

describe("A lane that claims", () => {
  const claiming = (deliveries: number, ofAll: number | undefined) => {
    const lane = new LaneState(integrationId("ops"), "1")
    lane.allDue = ofAll
    lane.claim(deliveries)
    return lane
  }

  it("all that waits can send at once what comes meanwhile, in the slots that are left", () => {
    const lane = claiming(60, 60)
    lane.inFlight.add("another")
    assert.deepStrictEqual([lane.isCaughtUp, lane.freeSlots], [true, 3])
    lane.claimed(60)
    assert.deepStrictEqual([lane.isCaughtUp, lane.hasClaimedAll, lane.freeSlots], [true, true, 63])
  })

  it("a part of what waits cannot, nor one that claims less than it wanted, or was signalled meanwhile", () => {
    for (const ofAll of [undefined, 3]) assert.isFalse(claiming(2, ofAll).isCaughtUp)
    const less = claiming(2, 2)
    less.claimed(1)
    assert.deepStrictEqual([less.isCaughtUp, less.hasClaimedAll], [false, false])
    const signalled = claiming(2, 2)
    signalled.hasNews = true
    signalled.claim(2)
    assert.isFalse(signalled.isCaughtUp)
  })

  it("without an answer may have stored what it does not send", () => {
    const lane = claiming(2, 2)
    lane.claimed(undefined)
    assert.deepStrictEqual([lane.isCaughtUp, lane.hasClaimedAll, lane.mayHaveUnsent], [false, false, true])
    lane.allDue = 1
    lane.claim(1)
    lane.claimed(1)
    assert.isFalse(lane.mayHaveUnsent)
  })
})
