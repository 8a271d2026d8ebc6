import { assert, describe, it } from "@effect/vitest"
import { RateLimited, Unavailable } from "@tocsin/core"
import { History, Intake, Redeliveries } from "@tocsin/delivery"
import { Deferred, Duration, Effect, Fiber } from "effect"
import {
  accept,
  clear,
  deliveries,
  engine,
  event,
  integration,
  outcomes,
  pass,
  raise,
  removeIntegration,
  rule,
  save,
  settle,
  tick,
  time,
  fixture
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { newFile, refuse, storeIn, takeAgain } from "../harness/store.ts"

const down = { fail: new Unavailable({ detail: "HTTP 503" }) }

describe("Faults of plugins, services and people", () => {
  it.effect.each(["\u0000", "\ud83d"])(
    "a character that a store does not keep (%j) harms neither its alert nor others",
    (odd) =>
      fixture((script) =>
        Effect.gen(function* () {
          script.next("ops", { fail: new Unavailable({ detail: `HTTP 503 ${odd}` }) })
          yield* save(integration("ops"), rule("all"))
          const strange = event(`b${odd}`, { eventId: `e${odd}`, summary: odd })
          const all = [event("a"), strange, event("c")]
          yield* Effect.forEach(all, (one) => accept(one), { concurrency: "unbounded" })
          yield* pass("1 minute")
          yield* accept(strange)
          yield* accept({ ...strange, eventId: `f${odd}`, state: "cleared" })
          yield* tick
          assert.deepStrictEqual(
            yield* outcomes,
            ["Raised", "Raised", "Raised", "Cleared"].map((kind) => `${kind} delivered`)
          )
          const id = yield* raise("d")
          yield* (yield* Intake).clear(id, odd)
          yield* tick
          const [raised] = (yield* (yield* History).list({ status: ["delivered"], alert: id, limit: 1 })).items
          yield* (yield* Redeliveries).one(raised?.id ?? "", { by: odd, reason: odd })
          const asked = (yield* deliveries).at(-1)?.transitions[0]?.cause
          assert.strictEqual(asked, "delivered again, asked for by \uFFFD: \uFFFD")
          const [{ note } = { note: "" }] = yield* (yield* History).notes(id)
          assert.strictEqual(note, "closed by hand: \uFFFD")
        })
      )()
  )

  it.effect.each([{ give: null }, { give: { link: "not a url" } }, { give: { rateLimits: [{ key: "x" }] } }])(
    "a receipt that is none ($give) does not lose that the message went out",
    (answer) =>
      fixture((script) =>
        Effect.gen(function* () {
          script.next("ops", answer)
          yield* save(integration("ops"), rule("all"))
          yield* raise("a")
          yield* tick
          yield* clear("a")
          yield* tick
          assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Cleared delivered"])
        })
      )()
  )

  it.effect(
    "a plugin that interrupts itself does not end its lane",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("ops", "interrupt")
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* raise("b")
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Raised delivered"])
      })
    )
  )

  it.effect(
    "an endless Retry-After delays a message for at most a day",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("ops", { fail: new RateLimited({ detail: "HTTP 429", retryAfter: Duration.infinity }) })
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        const [delivery] = yield* deliveries
        assert.isAtMost(delivery?.nextAt ?? Infinity, 86_400_000 + 10_000)
        yield* pass("25 hours")
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered"])
      })
    )
  )

  it.effect(
    "an unreadable answer does not repeat a delivered message, and history shows it (D3)",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("ops", { give: { unreadable: "Its headers are longer than 64 KiB" } })
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* pass("1 hour")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        assert.deepStrictEqual(yield* outcomes, [
          "Raised delivered: answer unreadable: Its headers are longer than 64 KiB"
        ])
      })
    )
  )

  it.effect(
    "receipts of one destination are not used at another",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        yield* save(integration("ops", { settings: { channel: "new" } }))
        yield* clear("a")
        yield* tick
        assert.deepStrictEqual(
          script.to("new").map(({ kind, receipt }) => [kind, receipt]),
          [["Cleared", undefined]]
        )
      })
    )
  )

  it.effect(
    "an integration that is removed and created again receives the open alerts",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        yield* removeIntegration("ops")
        yield* save(integration("ops", { settings: { channel: "again" } }), rule("all"))
        yield* tick
        assert.deepStrictEqual(script.kinds("again"), ["Raised"])
      })
    )
  )

  it.effect(
    "an escalation that is over before it was sent is not sent",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a", { severity: "minor" })
        yield* tick
        script.next("ops", down)
        yield* raise("a", { severity: "critical" })
        yield* settle
        yield* raise("a", { severity: "info" })
        yield* pass("1 minute")
        yield* raise("a", { severity: "minor" })
        yield* pass("1 minute")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Escalated"])
        assert.include(yield* outcomes, "Escalated superseded: no longer graver")
      })
    )
  )

  it.effect(
    "an alert closed by hand does not hide the next problem of a sender whose clock is behind",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        const id = yield* raise("a")
        yield* tick
        yield* Intake.use(({ clear }) => clear(id, "a drill"))
        yield* tick
        const [again] = yield* accept(event("a"))
        assert.strictEqual(again?.status, "late")
        const [next] = yield* accept(event("a", { startedAt: time("1969-12-31T23:59:00Z") }))
        assert.strictEqual(next?.status, "accepted")
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Cleared", "Raised"])
      })
    )
  )

  it.effect("a stop does not wait for a store that cannot be written: what was sent is sent again", () =>
    Effect.gen(function* () {
      const file = newFile()
      const script = new Script()
      const gate = yield* Deferred.make<void>()
      const isStopping = yield* Deferred.make<void>()
      script.next("ops", { gate })
      const stopping = yield* Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* settle
        yield* refuse("deliveries", "full", "1 = 1", "UPDATE")
        yield* Deferred.succeed(gate, undefined)
        yield* settle
        yield* Deferred.succeed(isStopping, undefined)
      }).pipe(Effect.provide(engine(script, { file })), Effect.forkChild)
      yield* Deferred.await(isStopping)
      yield* pass("10 seconds")
      yield* Fiber.join(stopping)
      yield* Effect.provide(takeAgain("deliveries"), storeIn(file))
      yield* Effect.gen(function* () {
        yield* tick
        const [delivery] = yield* deliveries
        assert.strictEqual(delivery?.status, "delivered")
        assert.include(delivery?.transitions.map(({ cause }) => cause).join(), "may be duplicated")
      }).pipe(Effect.provide(engine(script, { file })))
      assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Raised"])
    })
  )
})
