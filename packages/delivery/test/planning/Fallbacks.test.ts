import { assert, describe, it } from "@effect/vitest"
import { DestinationGone, PayloadRejected, RateLimited, Unavailable } from "@tocsin/core"
import { Edits, Operators } from "@tocsin/delivery"
import { Deferred, Duration, Effect } from "effect"
import {
  clear,
  conversations,
  deliveries,
  engine,
  integration,
  integrationId,
  outcomes,
  pass,
  raise,
  removeIntegration,
  removeRule,
  rule,
  save,
  settle,
  tick,
  fixture
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"

const gone = { fail: new DestinationGone({ detail: "HTTP 404" }) }
const down = { fail: new Unavailable({ detail: "HTTP 503" }) }
const refused = { fail: new PayloadRejected({ detail: "HTTP 400" }) }

const ops = (changes: Parameters<typeof integration>[1] = {}) =>
  integration("ops", { fallback: integrationId("backup"), ...changes })
const setUp = save(integration("backup"), ops(), rule("all"))

const of = (channel: string) =>
  Effect.map(deliveries, (all) =>
    all
      .filter((one) => one.integration === channel)
      .map(({ cause, kind, status }) => `${kind} ${status}${status === "delivered" ? "" : `: ${cause ?? ""}`}`)
  )

describe("A fallback (D4)", () => {
  it.effect(
    "is notified at once when the integration is broken, and of all later events of those alerts",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        script.always("ops", gone)
        const id = yield* raise("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("backup"), ["Raised"])
        assert.deepStrictEqual(yield* of("ops"), ["Raised diverted: to backup: ops is broken"])
        yield* raise("b")
        yield* tick
        assert.deepStrictEqual(script.kinds("backup"), ["Raised", "Raised"])
        yield* raise("a", { severity: "critical" })
        yield* tick
        yield* clear("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("backup"), ["Raised", "Raised", "Escalated", "Cleared"])
        assert.include((yield* of("ops")).join(), "Cleared superseded: its fallback is told")
        assert.deepStrictEqual(
          (yield* conversations(id)).map(({ integration, state }) => `${integration} ${state}`),
          ["backup closed", "ops closed"]
        )
      })
    )
  )

  it.effect(
    "closes its conversations for an integration that is removed",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        script.always("ops", gone)
        const id = yield* raise("a")
        yield* tick
        const { previewRemoval } = yield* Edits
        const consequences = yield* previewRemoval(integrationId("ops"))
        assert.deepStrictEqual(consequences, [{ integration: integrationId("backup"), raise: 0, clear: 1 }])
        assert.deepStrictEqual(script.kinds("backup"), ["Raised"])
        yield* removeIntegration("ops")
        yield* tick
        assert.deepStrictEqual(
          (yield* conversations(id)).map(({ integration, state }) => `${integration} ${state}`),
          ["backup closed", "ops closed"]
        )
        assert.deepStrictEqual(script.kinds("backup"), ["Raised", "Cleared"])
      })
    )
  )

  it.effect(
    "is used when a busy service asks for a longer pause than the limit",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        script.next("ops", {
          fail: new Unavailable({ detail: "HTTP 503", retryAfter: Duration.hours(2) })
        })
        yield* raise("a")
        yield* pass("6 minutes")
        assert.deepStrictEqual(script.kinds("backup"), ["Raised"])
      })
    )
  )

  it.effect(
    "is used when the service asks for a long pause, also if an earlier attempt arrives after that",
    fixture((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        yield* setUp
        yield* raise("first")
        yield* tick
        script.next("ops", { gate }, { fail: new RateLimited({ detail: "HTTP 429", retryAfter: Duration.hours(2) }) })
        yield* raise("a")
        yield* settle
        yield* raise("b")
        yield* settle
        yield* Deferred.succeed(gate, undefined)
        yield* tick
        yield* raise("c")
        yield* pass("6 minutes")
        assert.deepStrictEqual(script.kinds("backup"), ["Raised", "Raised"])
      })
    )
  )

  it.effect(
    "is used after fallbackAfter when the service answers nothing but 429, without saying for how long",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        script.always("ops", { fail: new RateLimited({ detail: "HTTP 429" }) })
        yield* raise("a")
        yield* pass("4 minutes")
        assert.deepStrictEqual(script.kinds("backup"), [])
        yield* pass("2 minutes")
        assert.deepStrictEqual(script.kinds("backup"), ["Raised"])
        assert.deepStrictEqual(yield* of("ops"), ["Raised diverted: to backup: ops is limited"])
      })
    )
  )

  it.effect(
    "is not used while the service accepts messages between its 429s",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        for (let n = 0; n < 10; n++) {
          script.next("ops", { fail: new RateLimited({ detail: "HTTP 429" }) })
          yield* raise(`${n}`)
          yield* pass("1 minute")
        }
        assert.deepStrictEqual(script.kinds("backup"), [])
        assert.deepStrictEqual(
          yield* of("ops"),
          Array.from({ length: 10 }, () => "Raised delivered")
        )
      })
    )
  )

  it.effect(
    "receives no clear unless the rule of the replaced integration has notifyOnClear",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("backup"), ops(), rule("all", { notifyOnClear: false }))
        script.always("ops", gone)
        yield* raise("a")
        yield* tick
        yield* clear("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("backup"), ["Raised"])
      })
    )
  )

  it.effect(
    "closes with the conversation that it replaces, when an edit closes that",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        script.always("ops", gone)
        yield* raise("a")
        yield* tick
        yield* removeRule("all")
        yield* tick
        assert.deepStrictEqual(script.kinds("backup"), ["Raised", "Cleared"])
        const [notification] = script.to("backup").slice(-1)
        assert.include(JSON.stringify(notification), "alertRuleRemoved")
      })
    )
  )

  it.effect(
    "is notified after some minutes when the integration is unavailable, and no longer when it works again",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        script.always("ops", down)
        yield* raise("a")
        yield* pass("4 minutes")
        assert.deepStrictEqual(script.kinds("backup"), [])
        yield* pass("2 minutes")
        assert.deepStrictEqual(script.kinds("backup"), ["Raised"])
        script.always("ops", "ok")
        yield* raise("b")
        yield* pass("6 minutes")
        yield* raise("c")
        yield* tick
        assert.include(script.kinds("ops").slice(-1), "Raised")
        assert.isAtMost(script.kinds("backup").length, 2)
      })
    )
  )

  it.effect(
    "is notified at once when the service asks for a long pause, and not for a short one",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        const limited = (retryAfter: Duration.Input) => ({
          fail: new RateLimited({ detail: "HTTP 429", retryAfter: Duration.fromInputUnsafe(retryAfter) })
        })
        script.next("ops", limited("4 minutes"))
        yield* raise("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("backup"), [])
        yield* pass("4 minutes")
        assert.lengthOf(script.to("ops"), 2)
        script.next("ops", limited("6 minutes"))
        yield* raise("b")
        yield* tick
        assert.deepStrictEqual(script.kinds("backup"), ["Raised"])
      })
    )
  )

  it.effect(
    "receives messages that were refused in plain form too, and those past their deadline",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("backup"), ops({ delivery: { deadline: 60, fallbackAfter: 86_400 } }), rule("all"))
        script.next("ops", refused, refused)
        yield* raise("a")
        yield* tick
        assert.deepStrictEqual(yield* of("ops"), ["Raised diverted: to backup: PayloadRejected: HTTP 400"])
        script.always("ops", down)
        yield* raise("b")
        yield* pass("10 minutes")
        assert.include((yield* of("ops"))[1], "diverted: to backup: Unavailable: HTTP 503")
        assert.deepStrictEqual(script.kinds("backup"), ["Raised", "Raised"])
      })
    )
  )

  it.effect(
    "receives a pending raise and its clear as one message",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        script.always("ops", down)
        yield* raise("a")
        yield* tick
        yield* clear("a")
        yield* pass("6 minutes")
        assert.deepStrictEqual(script.kinds("backup"), ["RaisedAndCleared"])
        script.always("ops", "ok")
        yield* pass("6 minutes")
        assert.isTrue((yield* outcomes).every((outcome) => /delivered|diverted/.test(outcome)))
      })
    )
  )

  it.effect(
    "keeps the clear for the channel where the raise was sent",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        yield* raise("a")
        yield* tick
        script.next("ops", gone)
        yield* clear("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("backup"), [])
        yield* pass("6 minutes")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Cleared", "Cleared"])
      })
    )
  )

  it.effect(
    "is notified once of an alert that also matches it directly",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("backup"), ops(), rule("all", { to: ["ops", "backup"] }))
        script.always("ops", gone)
        yield* raise("a")
        yield* tick
        yield* clear("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("backup"), ["Raised", "Cleared"])
      })
    )
  )

  it.effect(
    "is ignored when it is broken or disabled, and fallbacks never chain",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("last"), integration("backup", { fallback: integrationId("last") }), ops(), rule("all"))
        script.always("ops", gone)
        script.always("backup", gone)
        yield* raise("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("last"), [])
        assert.deepStrictEqual(yield* of("ops"), ["Raised diverted: to backup: ops is broken"])
        yield* raise("b")
        yield* tick
        assert.include((yield* of("ops"))[1], "pending")
        script.always("backup", "ok")
        script.always("ops", "ok")
        yield* pass("11 minutes")
        assert.isTrue((yield* outcomes).every((outcome) => /delivered|diverted/.test(outcome)))
      })
    )
  )

  it.effect("notifies operators once an hour of a broken integration, and never of their own", () =>
    Effect.gen(function* () {
      const script = new Script()
      yield* Effect.gen(function* () {
        yield* save(integration("ops"), integration("desk"), rule("all", { to: ["ops", "desk"] }))
        script.always("ops", gone)
        yield* raise("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("desk").toSorted(undefined), ["Notice", "Raised"])
        yield* pass("58 minutes")
        assert.lengthOf(script.to("desk"), 2)
        yield* pass("10 minutes")
        assert.lengthOf(script.to("desk"), 3)
        script.always("desk", gone)
        yield* raise("b")
        yield* pass("2 hours")
        assert.isTrue(
          (yield* deliveries).every(({ cause, kind }) => kind !== "Notice" || !cause?.includes("integration desk"))
        )
      }).pipe(Effect.provide(engine(script)), Effect.provideService(Operators, integrationId("desk")))
    })
  )
})
