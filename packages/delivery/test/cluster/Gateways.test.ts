/**
 * Several engines on one PostgreSQL (M1, M2).
 */
import { assert, describe, it } from "@effect/vitest"
import { Lanes, Sources } from "@tocsin/delivery"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { advisoryClass, lockOfMembers } from "../../src/sql/locks.ts"
import { partitionCount } from "../../src/sql/locks.ts"
import { deliveries, engine, integration, outcomes, raise, rule, save, settle } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { newFile, storeIn } from "../harness/store.ts"

const channels = Array.from({ length: 16 }, (_, n) => `channel${n}`)

/** What gateways find out of each other takes real time. */
const until = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(
    TestClock.adjust("1 second").pipe(
      Effect.andThen(Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 20)))),
      Effect.andThen(condition)
    ),
    { until: (isSo) => isSo }
  )

describe("Several gateways on one PostgreSQL", () => {
  it.effect("raise one alert for a source that is quiet, and clear it once", () =>
    Effect.gen(function* () {
      const file = newFile()
      const scripts = [new Script(), new Script()] as const
      const [first] = yield* Effect.forEach(scripts, (script) => Layer.build(engine(script, { file })))
      if (first === undefined) return yield* Effect.die("There is no gateway")
      const kinds = () => scripts.flatMap((script) => script.kinds("ops"))
      yield* Effect.gen(function* () {
        const sources = yield* Sources
        const input = { name: "probe", type: "json", options: { expectEvery: 60 }, secrets: {}, shown: {} }
        yield* save(integration("ops"), rule("all", { to: ["ops"], notifyOnClear: true }))
        yield* sources.save({ ...input, changedCredentials: [], credentials: [] }, "any", () => ({}))
        yield* until(Effect.sync(() => kinds().length > 0))
        // Both have checked again by then.
        yield* TestClock.adjust("2 minutes")
        yield* settle
        const source = yield* sources.get("probe")
        if (source !== undefined) yield* sources.heard(source)
        yield* until(Effect.sync(() => kinds().length > 1))
        assert.deepStrictEqual(kinds(), ["Raised", "Cleared"])
        const sql = yield* SqlClient.SqlClient
        const [count] = yield* sql<{ n: number }>`SELECT count(*) AS n FROM alerts WHERE source = 'tocsin'`
        assert.strictEqual(Number(count?.n), 1)
      }).pipe(Effect.provideContext(first))
    }).pipe(Effect.scoped)
  )

  it.effect("share the lanes, and take over those of a gateway that stops", () =>
    Effect.gen(function* () {
      const file = newFile()
      const scripts = [new Script(), new Script()] as const
      const [first, second] = yield* Effect.forEach(
        scripts,
        Effect.fnUntraced(function* (script) {
          const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
          return { scope, services: yield* Layer.buildWithScope(engine(script, { file }), scope) }
        })
      )
      assert.isDefined(first)
      assert.isDefined(second)
      if (first === undefined || second === undefined) return
      const sizes = () => Effect.forEach([first, second], ({ services }) => Context.get(services, Lanes).size)
      const sent = () => scripts.map((script) => script.sent.length)
      const all = (count: number) => until(Effect.sync(() => sent().reduce((a, b) => a + b) === count))

      yield* Effect.gen(function* () {
        yield* save(...channels.map((channel) => integration(channel)), rule("all", { to: channels }))
        yield* until(Effect.map(sizes(), ([one = 0, two = 0]) => one > 0 && two > 0 && one + two === channels.length))
        yield* raise("a")
        yield* all(channels.length)
        const before = sent()
        assert.deepStrictEqual(before, yield* sizes())

        yield* Scope.close(second.scope, Exit.void)
        yield* raise("b")
        yield* all(2 * channels.length)
        assert.strictEqual(scripts[1].sent.length, before[1])
        for (const channel of channels) {
          const kinds = scripts.flatMap((script) => script.kinds(channel))
          assert.deepStrictEqual(kinds, ["Raised", "Raised"], channel)
        }
        yield* settle
        assert.deepStrictEqual(new Set(yield* outcomes), new Set(["Raised delivered"]))
      }).pipe(Effect.provideContext(first.services))
    }).pipe(Effect.scoped)
  )

  it.effect("record nothing about attempts in flight once another gateway has their locks (M2)", () =>
    Effect.gen(function* () {
      const file = newFile()
      const script = new Script()
      const gate = yield* Deferred.make<void>()
      script.next("ops", { gate })
      yield* Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* settle
        assert.deepStrictEqual(yield* outcomes, ["Raised sending"])

        yield* Effect.gen(function* () {
          yield* takeOver
          yield* Deferred.succeed(gate, undefined)
          yield* settle
          assert.deepStrictEqual(yield* outcomes, ["Raised sending"])
        }).pipe(Effect.scoped, Effect.provide(storeIn(file)))

        yield* until(Effect.map(outcomes, ([only]) => only === "Raised delivered"))
        const [delivery] = yield* deliveries
        assert.include(delivery?.transitions.map(({ cause }) => cause).join(), "may be duplicated")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Raised"])
      }).pipe(Effect.provide(engine(script, { file })))
    })
  )
})

/** Ends the session by which a gateway holds its lanes, and holds them from here while the scope is open. */
const takeOver = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const session = yield* sql.reserve
  const take = `SELECT pg_advisory_lock(${advisoryClass}, n) FROM generate_series(0, ${partitionCount - 1}) AS n`
  // Who waits is the next: else the gateway would have them again.
  const claim = yield* Effect.forkChild(session.execute(take, [], undefined))
  yield* until(
    Effect.map(sql`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`, (rows) => rows.length > 0)
  )
  yield* sql`SELECT pg_terminate_backend(pid, 5000) FROM pg_locks
    WHERE locktype = 'advisory' AND classid = ${advisoryClass} AND objid = ${lockOfMembers}`
  yield* Fiber.join(claim)
  yield* sql`UPDATE partitions SET fence = fence + 1`
})
