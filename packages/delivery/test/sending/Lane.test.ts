import { assert, describe, it } from "@effect/vitest"
import { DestinationGone, PayloadRejected, Unavailable } from "@tocsin/core"
import { Configuration } from "@tocsin/delivery"
import { Deferred, Duration, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import {
  accept,
  clear,
  deliveries,
  engine,
  event,
  integration,
  integrationId,
  outcomes,
  pass,
  raise,
  rule,
  save,
  settle,
  tick,
  time,
  fixture
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { isPostgres, newFile } from "../harness/store.ts"

const down = { fail: new Unavailable({ detail: "HTTP 503" }) }
const refused = { fail: new PayloadRejected({ detail: "HTTP 400" }) }
const gone = { fail: new DestinationGone({ detail: "HTTP 404" }) }

const raiseAll = (count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, n) => `a${n}`),
    (id) => raise(id)
  )

const broken = Effect.map(
  Configuration.use(({ integration }) => integration(integrationId("ops"))),
  (shown) => shown?.broken?.reason
)

describe("A lane", () => {
  it.effect(
    "sets the state of the integration by its last attempt, also among those recorded together",
    fixture((script) =>
      Effect.gen(function* () {
        const gates = [yield* Deferred.make<void>(), yield* Deferred.make<void>()] as const
        const again = yield* Deferred.make<void>()
        script.next("ops", { gate: gates[0], after: gone }, { gate: gates[1] }, { gate: again })
        yield* save(integration("ops"), rule("all"))
        yield* raiseAll(2)
        yield* tick
        for (const gate of gates) yield* Deferred.succeed(gate, undefined)
        yield* settle
        const state = yield* broken
        yield* Deferred.succeed(again, undefined)
        assert.isUndefined(state)
      })
    )
  )

  it.effect(
    "has at most 64 attempts in flight, and is not blocked by one that hangs",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { delivery: { timeout: 120 } }), rule("all"))
        const gate = yield* Deferred.make<void>()
        script.always("ops", { gate })
        yield* raiseAll(100)
        yield* tick
        assert.lengthOf(script.sent, 64)
        const isSending = (yield* deliveries).filter(({ status }) => status === "sending")
        assert.lengthOf(isSending, 64)
        yield* Deferred.succeed(gate, undefined)
      })
    )
  )

  it.effect(
    "makes one attempt at a time, with back-off, after five in a row found the service unavailable (D3)",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.always("ops", down)
        yield* raise("a")
        yield* pass("30 seconds")
        const before = script.sent.length
        yield* raiseAll(50)
        yield* settle
        assert.lengthOf(script.sent, before + 1)
        yield* pass("10 minutes")
        const probes = script.sent.length - before
        assert.isBelow(probes, 10)
        script.always("ops", "ok")
        yield* pass("5 minutes")
        yield* pass("1 second")
        // The first success lets all the others go.
        assert.lengthOf(new Set(script.sent.slice(-51).map(({ notification }) => JSON.stringify(notification))), 51)
        assert.isTrue((yield* outcomes).every((outcome) => outcome === "Raised delivered"))
      })
    )
  )

  it.effect(
    "does not wait longer when many were in flight as the service became unavailable (D3)",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        const gate = yield* Deferred.make<void>()
        script.next("ops", ...Array.from({ length: 40 }, () => ({ gate, after: down })))
        yield* raiseAll(40)
        yield* pass("1 second")
        assert.lengthOf(script.sent, 40)
        yield* Deferred.succeed(gate, undefined)
        // The first back-off is at most a second, and so is that of each delivery.
        yield* pass("3 seconds")
        assert.isTrue((yield* outcomes).every((outcome) => outcome === "Raised delivered"))
      })
    )
  )

  it.effect(
    "waits as long as an unavailable service asks (D2)",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.next("ops", { fail: new Unavailable({ detail: "HTTP 503", retryAfter: Duration.minutes(2) }) })
        yield* raise("a")
        yield* pass("119 seconds")
        assert.lengthOf(script.sent, 1)
        yield* pass("2 seconds")
        assert.lengthOf(script.sent, 2)
      })
    )
  )

  it.effect(
    "is broken by five refusals in a row, and requeues them (D3)",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { limits: { messages: 1, perSeconds: 1, burst: 1 } }), rule("all"))
        script.always("ops", refused)
        yield* raiseAll(8)
        yield* pass("20 seconds")
        assert.include(yield* broken, "PayloadRejected")
        assert.lengthOf(script.sent, 10)
        assert.isFalse((yield* deliveries).some(({ status }) => status === "dead"))
        const before = script.sent.length
        yield* pass("4 minutes")
        assert.lengthOf(script.sent, before)
        script.always("ops", "ok")
        yield* pass("3 minutes")
        assert.isUndefined(yield* broken)
        assert.isTrue((yield* outcomes).every((outcome) => outcome === "Raised delivered"))
      })
    )
  )

  it.effect(
    "uses no rate limit, and continues with others, while an episode of the first alert is in flight (O7)",
    fixture((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const limits = { messages: 60, perSeconds: 60, burst: 4 }
        yield* save(integration("ops", { limits }), rule("all"))
        yield* raise("first")
        yield* pass("10 seconds")
        script.next("ops", { gate })
        yield* raise("a")
        yield* settle
        yield* clear("a")
        yield* raise("a", { startedAt: time("2026-01-01T00:01:00Z") })
        yield* raise("b")
        yield* raise("c")
        yield* raise("d")
        yield* settle
        const sent = script.sent.length
        yield* Deferred.succeed(gate, undefined)
        assert.strictEqual(sent, 5)
      })
    )
  )

  it.effect(
    "stores no receipt of an attempt that began before an edit (O8)",
    fixture((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        yield* save(integration("ops"), rule("all"))
        script.next("ops", { gate })
        yield* raise("a")
        yield* settle
        yield* save(integration("ops", { settings: { channel: "other" } }))
        yield* Deferred.succeed(gate, undefined)
        yield* tick
        yield* clear("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("other"), ["Cleared"])
        assert.isUndefined(script.to("other")[0]?.receipt)
      })
    )
  )

  it.effect(
    "is not broken by refusals with a success between them",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { limits: { messages: 1, perSeconds: 1, burst: 1 } }), rule("all"))
        for (let n = 0; n < 4; n++) script.next("ops", refused, refused)
        script.next("ops", "ok")
        for (let n = 0; n < 4; n++) script.next("ops", refused, refused)
        yield* raiseAll(9)
        yield* pass("30 seconds")
        assert.isUndefined(yield* broken)
        assert.lengthOf(
          (yield* deliveries).filter(({ status }) => status === "dead"),
          8
        )
      })
    )
  )

  it.effect(
    "does not wait longer after the clock was set back (T)",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), integration("other"), rule("all", { to: ["ops", "other"] }))
        yield* TestClock.setTime(86_400_000)
        script.next("ops", down)
        script.next("other", gone)
        yield* raise("a")
        yield* settle
        assert.lengthOf(script.sent, 2)
        yield* TestClock.setTime(0)
        yield* raise("b")
        yield* pass("6 minutes")
        assert.lengthOf(script.to("ops"), 3)
        assert.lengthOf(script.to("other"), 3)
        assert.isTrue((yield* outcomes).every((outcome) => outcome === "Raised delivered"))
      })
    )
  )

  it.effect(
    "marks an unreadable delivery dead, and continues with the others",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { enabled: true }), rule("all"))
        script.next("ops", down)
        const id = yield* raise("a")
        yield* settle
        const sql = yield* SqlClient.SqlClient
        yield* sql`UPDATE alerts SET alert = '{}' WHERE id = ${id}`
        yield* raise("b")
        yield* pass("2 seconds")
        assert.deepStrictEqual(yield* outcomes, ["Raised dead: it cannot be read from the store", "Raised delivered"])
      })
    )
  )

  it.effect("requeues an attempt that a stop cannot wait for, and records that it may be duplicated", () =>
    Effect.gen(function* () {
      const file = newFile()
      const script = new Script()
      script.next("ops", { gate: yield* Deferred.make<void>() })
      const isStopping = yield* Deferred.make<void>()
      const stopping = yield* Effect.gen(function* () {
        yield* save(integration("ops", { delivery: { timeout: 120 } }), rule("all"))
        yield* raise("a")
        yield* settle
        yield* Deferred.succeed(isStopping, undefined)
      }).pipe(Effect.provide(engine(script, { file })), Effect.forkChild)
      yield* Deferred.await(isStopping)
      yield* pass("4 seconds")
      assert.isUndefined(stopping.pollUnsafe())
      yield* pass("2 seconds")
      yield* Fiber.join(stopping)
      yield* Effect.gen(function* () {
        yield* tick
        const [delivery] = yield* deliveries
        assert.strictEqual(delivery?.status, "delivered")
        assert.include(delivery?.transitions.map(({ cause }) => cause).join(), "requeued, because the gateway stopped")
      }).pipe(Effect.provide(engine(script, { file })))
    })
  )

  it.effect("requeues an attempt that a stop interrupts, also past its deadline (D2)", () =>
    Effect.gen(function* () {
      const file = newFile()
      const script = new Script()
      const later = new Unavailable({ detail: "HTTP 503", retryAfter: Duration.minutes(2) })
      script.next("ops", { fail: later }, { gate: yield* Deferred.make<void>() })
      const isStopping = yield* Deferred.make<void>()
      const stopping = yield* Effect.gen(function* () {
        yield* save(integration("ops", { delivery: { timeout: 120, deadline: 60 } }), rule("all"))
        yield* raise("a")
        yield* pass("2 minutes")
        yield* Deferred.succeed(isStopping, undefined)
      }).pipe(Effect.provide(engine(script, { file })), Effect.forkChild)
      yield* Deferred.await(isStopping)
      yield* pass("6 seconds")
      yield* Fiber.join(stopping)
      yield* Effect.gen(function* () {
        yield* tick
        assert.lengthOf(script.sent, 3)
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered"])
      }).pipe(Effect.provide(engine(script, { file })))
    })
  )

  it.effect("keeps to its rate limit when it is stopped at any moment", () =>
    Effect.forEach(moments, (yields) =>
      Effect.gen(function* () {
        const script = new Script()
        yield* Effect.gen(function* () {
          yield* save(integration("ops", { settings: { channel: "ops", messages: 60, burst: 60 } }), rule("all"))
          yield* accept(...Array.from({ length: 40 }, (_, n) => event(`a${n}`)))
          yield* Effect.repeat(Effect.yieldNow, { times: yields })
        }).pipe(Effect.provide(engine(script)))
        // A bucket holds one message after a start, and no time passes here.
        assert.isAtMost(script.sent.length, 1, `after ${yields} yields`)
      })
    )
  )
})

/** After how many yields the engine is stopped. Each moment on PostgreSQL needs a database of its own. */
const moments = Array.from({ length: isPostgres ? 10 : 100 }, (_, n) => (isPostgres ? n * 10 : n))
