/**
 * What follows the ends of attempts, while a lane or another transaction does something at the same time.
 */
import { assert, describe, it } from "@effect/vitest"
import { GroupCommit, RateLimiter } from "@tocsin/delivery"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient, Statement } from "effect/sql"
import { TestClock } from "effect/testing"
import { groupsAtOnce, lockFor } from "../../src/sql/dialect.ts"
import { alertKey } from "../../src/sql/locks.ts"
import { Transaction } from "../../src/sql/transactionEnd.ts"
import {
  accept,
  clear,
  deliveries,
  engine,
  event,
  integration,
  integrationId,
  pass,
  raise,
  rule,
  save,
  settle
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { passOn } from "../harness/idle.ts"
import { isPostgres } from "../harness/store.ts"
import { whileTimePasses } from "../harness/writers.ts"

const looked = /^\s*SELECT id, sequence, kind/
const claimed = /^UPDATE deliveries SET [^]*taken_under = given/
const recorded = /^UPDATE conversations SET/

/** A write that has begun, and lasts until it is let go. */
const lasting = Effect.gen(function* () {
  const begun = yield* Deferred.make<void>()
  const gate = yield* Deferred.make<void>()
  yield* Effect.addFinalizer(() => Deferred.succeed(gate, undefined))
  return {
    write: Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(gate)),
    begun: Deferred.await(begun),
    end: Deferred.succeed(gate, undefined)
  }
})

/** Starts a write of its own transaction. */
const hold = Effect.fnUntraced(function* (...lockKeys: ReadonlyArray<string>) {
  const { commit } = yield* GroupCommit
  const other = yield* lasting
  yield* Effect.forkChild(commit(other.write, lockKeys))
  yield* passOn
  // A few writes wait so long for the transaction that runs.
  yield* TestClock.adjust("20 millis")
  yield* other.begun
  return other
})

/** Accepts an alert in a transaction that lasts. */
const acceptSlowly = Effect.fnUntraced(function* (id: string) {
  const { commit } = yield* GroupCommit
  const sql = yield* SqlClient.SqlClient
  const writers = yield* Effect.forEach(Array.from({ length: groupsAtOnce(sql) }), (_, n) => hold(`${n}`))
  yield* Effect.forkChild(raise(id))
  yield* passOn
  const last = yield* lasting
  yield* Effect.forkChild(commit(last.write, ["last"]))
  yield* passOn
  yield* openAll(writers.map(({ end }) => end))
  yield* last.begun
  return last
})

/** Attempts that last until their gates open. */
const gates = Effect.fnUntraced(function* (script: Script, count: number) {
  const all = yield* Effect.forEach(Array.from({ length: count }), () => Deferred.make<void>())
  script.next("ops", ...all.map((gate) => ({ gate })))
  const opening = all.map((gate) => Deferred.succeed(gate, undefined))
  yield* Effect.addFinalizer(() => openAll(opening))
  return opening
})

const openAll = (all: ReadonlyArray<Effect.Effect<boolean>>) => Effect.all(all, { discard: true })

/** The source's ids of the alerts that were sent. */
const sent = (script: Script) =>
  script.to("ops").map(({ notification }) => ("alert" in notification ? notification.alert.sourceId : ""))

/** Waits, without any time passing, until so many were sent. */
const untilSent = (script: Script, count: number) =>
  Effect.repeat(Effect.yieldNow, { until: () => script.to("ops").length >= count })

/** Lets alerts be sent to `ops`. */
const start = Effect.fnUntraced(function* (settings: object = {}) {
  yield* save(integration("ops", { settings: { channel: "ops", ...settings } }), rule("all"))
  yield* pass("2 minutes")
})

/** Attempts of a full lane, and alerts that wait for it. */
const full = Effect.fnUntraced(function* (script: Script, waiting: number, more = 0) {
  const all = yield* gates(script, 64 + more)
  yield* start()
  for (let n = 0; n < 64 + waiting; n++) yield* raise(`a${n}`)
  yield* settle
  assert.lengthOf(script.to("ops"), 64)
  return all
})

/** The texts of the statements of each transaction; what a lane reads begins after `reading`. */
const transactions = (reading: Effect.Effect<unknown> = Effect.void) => {
  const all = new Map<unknown, Array<string>>()
  const layer = Layer.succeed(Statement.CurrentTransformer, (statement, _, fiber) => {
    const transaction = fiber.getRef(Transaction)
    const text = statement.compile()[0]
    all.set(transaction, [...(all.get(transaction) ?? []), text])
    return Effect.as(transaction === undefined && looked.test(text) ? reading : Effect.void, statement)
  })
  /** Those that ran a statement. */
  const that = (statement: RegExp) => [...all.values()].filter((texts) => texts.some((text) => statement.test(text)))
  return { layer, that, forget: () => all.clear() }
}

describe("What follows the ends of attempts, at the same time", () => {
  it.effect.each([
    { inFlight: 20, waiting: 95, limits: {}, begun: 84, all: 117 },
    { inFlight: 40, waiting: 100, limits: {}, begun: 104, all: 142 },
    { inFlight: 20, waiting: 95, limits: { messages: 100, burst: 100 }, begun: 84, all: 100 },
    { inFlight: 40, waiting: 90, limits: { messages: 100, burst: 100 }, begun: 100, all: 100 }
  ])("takes the slots and permits that are free, while the lane reads ($inFlight in flight, $all in all)", (given) => {
    const { all, begun, inFlight, limits, waiting } = given
    const script = new Script()
    let isPausing = false
    const paused = Deferred.makeUnsafe<void>()
    const resumed = Deferred.makeUnsafe<void>()
    const decided = Deferred.makeUnsafe<void>()
    const pause = Effect.andThen(Deferred.succeed(paused, undefined), Deferred.await(resumed))
    const watching = Layer.succeed(Statement.CurrentTransformer, (statement, _, fiber) => {
      if (fiber.getRef(Transaction) !== undefined || !looked.test(statement.compile()[0]))
        return Effect.succeed(statement)
      if (Deferred.isDoneUnsafe(resumed)) Deferred.doneUnsafe(decided, Effect.void)
      if (!isPausing) return Effect.succeed(statement)
      isPausing = false
      return Effect.as(pause, statement)
    })
    return Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { commit } = yield* GroupCommit
      const first = yield* gates(script, inFlight)
      const others = yield* gates(script, 200)
      yield* start(limits)
      for (let n = 0; n < inFlight; n++) yield* raise(`a${n}`)
      yield* settle
      isPausing = true
      // An alert that comes twice is not claimed at once, nor is anything that comes with it.
      yield* accept(event("b0"), event("b1"), event("z", { state: "cleared" }), event("z", { state: "cleared" }))
      yield* Deferred.await(paused)
      yield* accept(...Array.from({ length: waiting }, (_, n) => event(`c${n}`)))
      assert.lengthOf(script.to("ops"), inFlight)
      // The ends are recorded in one transaction, which lasts.
      const writers = yield* Effect.forEach(Array.from({ length: groupsAtOnce(sql) }), (_, n) => hold(`${n}`))
      yield* openAll(first)
      yield* passOn
      const last = yield* lasting
      yield* Effect.forkChild(commit(last.write, ["last"]))
      yield* passOn
      yield* openAll(writers.map(({ end }) => end))
      yield* last.begun
      yield* Deferred.succeed(resumed, undefined)
      // On SQLite the lane waits for the transaction.
      if (isPostgres && inFlight === 40) yield* Deferred.await(decided)
      yield* last.end
      yield* settle
      assert.lengthOf(script.to("ops"), begun)
      yield* openAll(others)
      yield* settle
      assert.lengthOf(script.to("ops"), all)
    }).pipe(Effect.scoped, Effect.provide(Layer.provide(engine(script), watching)))
  })

  it.effect("gives back the permits of a claim that failed", () => {
    const script = new Script()
    let isFailing = false
    const failing = Layer.succeed(Statement.CurrentTransformer, (statement, sql) => {
      if (!isFailing || !claimed.test(statement.compile()[0])) return Effect.succeed(statement)
      isFailing = false
      return Effect.succeed(sql`SELECT wrong`)
    })
    return Effect.gen(function* () {
      const first = yield* gates(script, 64)
      yield* start({ messages: 100, burst: 100 })
      for (let n = 0; n < 110; n++) yield* raise(`a${n}`)
      yield* settle
      isFailing = true
      yield* openAll(first)
      yield* settle
      assert.isFalse(isFailing)
      assert.lengthOf(script.to("ops"), 100)
    }).pipe(Effect.scoped, Effect.provide(Layer.provide(engine(script), failing)))
  })

  // On SQLite one gateway runs, and one transaction at a time.
  if (isPostgres) {
    it.effect("does not wait for an alert that another gateway has locked", () => {
      const script = new Script()
      return Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const all = yield* full(script, 6)
        const other = yield* lasting
        const locking = Effect.andThen(lockFor(sql, new Set([alertKey("monitor", "a65")])), other.write)
        const fiber = yield* Effect.forkChild(sql.withTransaction(locking))
        yield* other.begun
        yield* openAll(all)
        yield* untilSent(script, 69)
        assert.notInclude(sent(script), "a65")
        yield* other.end
        yield* Fiber.join(fiber)
        yield* settle
        assert.lengthOf(script.to("ops"), 70)
      }).pipe(Effect.scoped, Effect.provide(engine(script)))
    })

    it.effect("is not an alert that another transaction writes, but those after it", () => {
      const script = new Script()
      const { forget, layer, that } = transactions()
      return Effect.gen(function* () {
        const [first = Effect.void, ...others] = yield* full(script, 6)
        const other = yield* hold(alertKey("monitor", "a64"))
        forget()
        yield* first
        // The lane waits for the other transaction, if it claims.
        yield* passOn
        yield* TestClock.adjust("20 millis")
        yield* untilSent(script, 65)
        assert.strictEqual(sent(script)[64], "a65")
        assert.lengthOf(that(claimed), 1)
        assert.deepStrictEqual(that(claimed), that(recorded))
        yield* other.end
        yield* openAll(others)
        yield* settle
        assert.lengthOf(script.to("ops"), 70)
      }).pipe(Effect.scoped, Effect.provide(Layer.provide(engine(script), layer)))
    })

    it.effect("goes past a delivery that another transaction is claiming", () => {
      const script = new Script()
      const { forget, layer, that } = transactions()
      return Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const [first = Effect.void, ...others] = yield* full(script, 6)
        // As if the other transaction had taken its raise from memory, and the last alert had ended elsewhere.
        yield* sql`UPDATE deliveries SET id = 'claimed' WHERE alert_id = (SELECT id FROM alerts WHERE source_id = 'a64')`
        yield* sql`DELETE FROM deliveries WHERE alert_id = (SELECT id FROM alerts WHERE source_id = 'a69')`
        const other = yield* hold(alertKey("monitor", "a64"))
        forget()
        yield* first
        yield* passOn
        yield* TestClock.adjust("20 millis")
        yield* untilSent(script, 65)
        assert.strictEqual(sent(script)[64], "a65")
        assert.deepStrictEqual(that(claimed), that(recorded))
        yield* other.end
        yield* openAll(others)
        yield* settle
        assert.lengthOf(script.to("ops"), 69)
      }).pipe(Effect.scoped, Effect.provide(Layer.provide(engine(script), layer)))
    })

    it.effect("is what comes after the deliveries that the lane is claiming, in one transaction with them", () => {
      const script = new Script()
      let isPausing = false
      const paused = Deferred.makeUnsafe<void>()
      const resumed = Deferred.makeUnsafe<void>()
      const pause = Effect.andThen(Deferred.succeed(paused, undefined), Deferred.await(resumed))
      const { forget, layer, that } = transactions(Effect.suspend(() => (isPausing ? pause : Effect.void)))
      return Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const { allowance } = yield* RateLimiter
        const available = Effect.map(allowance(integrationId("ops")), ({ available }) => available)
        yield* start()
        yield* raise("x")
        yield* settle
        const [first = Effect.void, ...others] = yield* gates(script, 70)
        for (let n = 0; n < 62; n++) yield* raise(`a${n}`)
        yield* settle
        isPausing = true
        // Memory knows no clear. An alert that comes twice is not claimed at once, nor is anything that comes with it.
        const twice = event("z", { state: "cleared" })
        yield* accept(event("x", { state: "cleared" }), event("b"), twice, twice)
        yield* Deferred.await(paused)
        yield* raise("c")
        const writers = yield* Effect.forEach(Array.from({ length: groupsAtOnce(sql) }), (_, n) => hold(`${n}`))
        yield* first
        yield* passOn
        const before = yield* available
        yield* Deferred.succeed(resumed, undefined)
        // Then the lane claims two.
        yield* Effect.repeat(Effect.andThen(Effect.yieldNow, available), { until: (now) => now === before - 2 })
        yield* passOn
        forget()
        yield* openAll(writers.map(({ end }) => end))
        yield* whileTimePasses(untilSent(script, 66))
        assert.sameMembers(sent(script).slice(63), ["x", "b", "c"])
        assert.lengthOf(that(recorded), 1)
        assert.deepStrictEqual(new Set(that(recorded)), new Set(that(claimed)))
        yield* openAll(others)
        yield* settle
        assert.lengthOf(script.to("ops"), 66)
      }).pipe(Effect.scoped, Effect.provide(Layer.provide(engine(script), layer)))
    })

    it.effect("is known from memory, while another transaction accepts an alert", () => {
      const script = new Script()
      const { forget, layer, that } = transactions()
      return Effect.gen(function* () {
        const [first = Effect.void, ...others] = yield* full(script, 6)
        const accepting = yield* acceptSlowly("c")
        forget()
        yield* first
        yield* passOn
        yield* TestClock.adjust("20 millis")
        yield* untilSent(script, 65)
        assert.strictEqual(sent(script)[64], "a64")
        assert.lengthOf(that(claimed), 1)
        assert.deepStrictEqual(that(claimed), that(recorded))
        assert.deepStrictEqual(that(looked), [])
        yield* accepting.end
        yield* openAll(others)
        yield* settle
        assert.lengthOf(script.to("ops"), 71)
      }).pipe(Effect.scoped, Effect.provide(Layer.provide(engine(script), layer)))
    })

    it.effect("is the first that waits, although another transaction accepts as many as memory does not know", () => {
      const script = new Script()
      return Effect.gen(function* () {
        yield* start()
        yield* raise("x")
        yield* settle
        const [first = Effect.void, ...others] = yield* gates(script, 64)
        for (let n = 0; n < 64; n++) yield* raise(`a${n}`)
        yield* settle
        yield* clear("x")
        for (let n = 64; n < 70; n++) yield* raise(`a${n}`)
        yield* settle
        assert.lengthOf(script.to("ops"), 65)
        const accepting = yield* acceptSlowly("c")
        yield* first
        yield* whileTimePasses(untilSent(script, 66))
        assert.strictEqual(sent(script)[65], "x")
        yield* accepting.end
        yield* openAll(others)
        yield* settle
        assert.lengthOf(script.to("ops"), 73)
      }).pipe(Effect.scoped, Effect.provide(engine(script)))
    })
  }

  /** One attempt ends in a transaction that also accepts so many alerts and has this write: the oldest alert is sent next. */
  const oldestFirst = (accepted: number, write: Effect.Effect<unknown> = Effect.void) => {
    const script = new Script()
    return Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { commit } = yield* GroupCommit
      const [first = Effect.void, ...others] = yield* full(script, 6)
      const writers = yield* Effect.forEach(Array.from({ length: groupsAtOnce(sql) }), (_, n) => hold(`${n}`))
      yield* Effect.forkChild(accept(...Array.from({ length: accepted }, (_, n) => event(`c${n}`))))
      yield* passOn
      yield* Effect.forkChild(Effect.exit(commit(write, ["other"])))
      yield* passOn
      yield* first
      yield* passOn
      yield* openAll(writers.map(({ end }) => end))
      yield* whileTimePasses(untilSent(script, 65))
      assert.strictEqual(sent(script)[64], "a64")
      yield* openAll(others)
      yield* settle
    }).pipe(Effect.scoped, Effect.provide(engine(script)))
  }

  it.effect.each([
    ["few alerts are accepted", 100],
    ["more are accepted than have a lock each", 600]
  ] as const)("is the oldest alert, although %s in their transaction", ([, accepted]) => oldestFirst(accepted))

  it.effect("is the oldest alert, although another write of their transaction fails", () =>
    oldestFirst(20, Effect.die(new Error("bug")))
  )

  it.effect("is claimed again in their transaction, after alerts that ended elsewhere were forgotten", () => {
    const script = new Script()
    const { forget, layer, that } = transactions()
    return Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const all = yield* full(script, 3, 8)
      yield* sql`UPDATE deliveries SET status = 'superseded' WHERE status = 'pending'`
      for (let n = 0; n < 8; n++) yield* raise(`b${n}`)
      yield* settle
      for (const open of all.slice(0, 4)) {
        yield* open
        yield* settle
      }
      assert.lengthOf(script.to("ops"), 68)
      forget()
      for (const open of all.slice(4, 8)) {
        yield* open
        yield* settle
      }
      assert.lengthOf(script.to("ops"), 72)
      assert.lengthOf(that(claimed), 4)
      assert.deepStrictEqual(that(claimed), that(recorded))
      yield* openAll(all)
      yield* settle
      assert.strictEqual((yield* deliveries).filter(({ status }) => status === "delivered").length, 72)
    }).pipe(Effect.scoped, Effect.provide(Layer.provide(engine(script), layer)))
  })
})
