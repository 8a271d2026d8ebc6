import { assert, describe, it } from "@effect/vitest"
import { AlertId, DestinationGone, PayloadRejected, RateLimited, Unauthorized, Unavailable } from "@tocsin/core"
import { AlertSearch, Configuration, Edits, GroupCommit, Intake, Lanes, Seal } from "@tocsin/delivery"
import { Deferred, Duration, Effect, Exit, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import {
  accept,
  clear,
  conversations,
  deliveries,
  engine,
  event,
  integration,
  integrationId,
  outcomes,
  pass,
  raise,
  realSeal,
  removeIntegration,
  removeRule,
  rule,
  save,
  settle,
  tick,
  time,
  fixture,
  fixtureAt
} from "./harness/engine.ts"
import { Script } from "./harness/FakeChannel.ts"
import { assertKeepsTo } from "./harness/rateLimit.ts"
import { passOn } from "./harness/idle.ts"
import { contents, crashed, newFile, refuse, takeAgain } from "./harness/store.ts"

const down = { fail: new Unavailable({ detail: "HTTP 503" }) }
const unanswered = { fail: new Unavailable({ detail: "ECONNRESET", unanswered: true }) }

const sourceIds = (script: Script) =>
  script.sent.flatMap(({ notification }) => ("alert" in notification ? [notification.alert.sourceId] : []))

describe("Engine", () => {
  it.effect(
    "sends a raise once, and nothing when it is repeated",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        yield* raise("a")
        yield* raise("a", { summary: "still" })
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        yield* clear("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Cleared"])
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Cleared delivered"])
      })
    )
  )

  it.effect(
    "sends no clear unless the rule has notifyOnClear",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all", { notifyOnClear: false }))
        yield* raise("a")
        yield* tick
        yield* clear("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
      })
    )
  )

  const edits = [
    ["alertRuleChanged", save(rule("all", { match: { severity: "critical" } }))],
    ["alertRuleDisabled", save(rule("all", { enabled: false }))],
    ["integrationRemoved", save(rule("all", { to: [] }))],
    ["alertRuleRemoved", removeRule("all")]
  ] as const
  it.effect.each(edits.map(([because, edit]) => ({ because, edit })))(
    "tells the clear when the rule is edited away: $because",
    ({ because, edit }) =>
      fixture((script) =>
        Effect.gen(function* () {
          yield* save(integration("ops"), rule("all"))
          const alert = yield* raise("a")
          yield* tick
          yield* edit
          yield* tick
          assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Cleared"])
          const [conversation] = yield* conversations(alert)
          assert.strictEqual(conversation?.closedBecause, because)
        })
      )()
  )

  it.effect(
    "sends a raise and its clear as one message when the service was down for both",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("ops", down)
        yield* save(integration("ops"), rule("all", { notifyOnClear: false }))
        yield* raise("a")
        yield* settle
        yield* clear("a")
        yield* pass("10 seconds")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "RaisedAndCleared"])
        assert.deepStrictEqual(yield* outcomes, ["RaisedAndCleared delivered"])
      })
    )
  )

  it.effect(
    "sends nothing when an edit ends the match before the raise was sent",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("ops", down)
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* settle
        yield* save(rule("all", { enabled: false }))
        yield* pass("1 hour")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        assert.deepStrictEqual(yield* outcomes, ["Raised superseded: by the edit"])
      })
    )
  )

  it.effect(
    "retries with back-off, and never before the service's Retry-After",
    fixture((script) =>
      Effect.gen(function* () {
        const later = { fail: new RateLimited({ detail: "HTTP 429", retryAfter: Duration.seconds(17) }) }
        script.next("ops", down, down, later)
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* pass("1 minute")
        const [first = 0, ...others] = script.to("ops").map(({ at }) => at)
        assert.deepStrictEqual(
          others.map((at) => at - first),
          [1000, 3000, 20_000]
        )
        const [delivery] = yield* deliveries
        assert.deepStrictEqual(
          delivery?.transitions.map(({ status }) => status),
          ["pending", "sending", "retrying", "sending", "retrying", "sending", "retrying", "sending", "delivered"]
        )
      })
    )
  )

  it.effect(
    "sends a refused message once more in plain form, and then marks it dead",
    fixture((script) =>
      Effect.gen(function* () {
        const refused = { fail: new PayloadRejected({ detail: "invalid_blocks" }) }
        script.next("ops", refused, "ok", refused, refused)
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        yield* raise("b")
        yield* tick
        assert.deepStrictEqual(
          script.to("ops").map(({ form }) => form),
          ["rich", "plain", "rich", "plain"]
        )
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Raised dead: PayloadRejected: invalid_blocks"])
        yield* clear("b")
        yield* tick
        assert.include(yield* outcomes, "Cleared superseded: raise never told")
      })
    )
  )

  it.effect.each([
    { reason: new Unauthorized({ detail: "invalid_token" }) },
    { reason: new DestinationGone({ detail: "no_service" }) }
  ])(
    "stands still when a person must mend it, tries every 5 minutes, and at once after an edit ($reason)",
    ({ reason }) =>
      fixture((script) =>
        Effect.gen(function* () {
          script.always("ops", { fail: reason })
          yield* save(integration("ops"), rule("all"))
          yield* raise("a")
          yield* raise("b")
          yield* pass("4 minutes")
          assert.lengthOf(script.to("ops"), 1)
          const shown = yield* Configuration.use(({ integration }) => integration(integrationId("ops")))
          assert.include(shown?.broken?.reason, reason.detail)
          yield* pass("2 minutes")
          assert.lengthOf(script.to("ops"), 2)
          script.always("ops", "ok")
          yield* save(integration("ops", { name: "fixed" }))
          yield* tick
          assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Raised delivered"])
          assert.isUndefined((yield* Configuration.use(({ integration }) => integration(integrationId("ops"))))?.broken)
        })
      )()
  )

  it.effect(
    "times out an attempt after ten seconds, and delays no other integration meanwhile",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("slow", "hang")
        yield* save(integration("slow"), integration("ops"), rule("all", { to: ["slow", "ops"] }))
        yield* raise("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        yield* pass("20 seconds")
        assert.deepStrictEqual(
          script.to("slow").map(({ at }) => at),
          [0, 11_000]
        )
        const [slow] = (yield* deliveries).filter(({ integration }) => integration === "slow")
        assert.include(
          slow?.transitions.map(({ cause }) => cause),
          "Unavailable: No answer in time"
        )
      })
    )
  )

  it.effect.each(["die", "throw"] as const)("survives a plugin that fails by a bug (%s)", (bug) =>
    fixture((script) =>
      Effect.gen(function* () {
        script.next("ops", bug)
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* pass("10 seconds")
        yield* raise("b")
        yield* pass("10 seconds")
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Raised delivered"])
      })
    )()
  )

  it.effect(
    "sends an escalation for a more severe alert, and nothing when the severity falls again",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a", { severity: "minor" })
        yield* tick
        yield* raise("a", { severity: "critical" })
        yield* tick
        yield* raise("a", { severity: "minor" })
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Escalated"])
      })
    )
  )

  it.effect(
    "marks a delivery dead at the deadline, after an attempt past it",
    fixture((script) =>
      Effect.gen(function* () {
        script.always("ops", down)
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* pass("23 hours")
        assert.deepStrictEqual(yield* outcomes, ["Raised retrying: Unavailable: HTTP 503"])
        yield* pass("2 hours")
        assert.deepStrictEqual(yield* outcomes, ["Raised dead: Unavailable: HTTP 503"])
      })
    )
  )

  it.effect(
    "keeps to the rate limit, also for two integrations that share one",
    fixture((script) =>
      Effect.gen(function* () {
        const settings = { shared: "one hook", messages: 60, burst: 5 }
        yield* save(integration("a", { settings: { channel: "a", ...settings } }))
        yield* save(integration("b", { settings: { channel: "b", ...settings } }), rule("all", { to: ["a", "b"] }))
        for (const name of ["x", "y"]) {
          yield* accept(...Array.from({ length: 30 }, (_, n) => event(`${name}${n}`)))
          yield* pass("2 minutes")
        }
        assert.lengthOf(script.sent, 120)
        assertKeepsTo({ burst: 5, perSecond: 1 }, script.sent)
      })
    )
  )

  it.effect(
    "keeps each alert's order while others are pending",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("ops", down, "ok", down)
        yield* save(integration("ops"), rule("all"))
        for (const id of ["a", "b", "c"]) yield* raise(id)
        yield* tick
        for (const id of ["c", "b", "a"]) yield* clear(id)
        yield* pass("1 minute")
        for (const id of ["a", "b", "c"]) {
          const told = (yield* deliveries).filter(({ status }) => status === "delivered")
          const kinds = script.sent
            .flatMap((sent) =>
              "alert" in sent.notification && sent.notification.alert.sourceId === id ? [sent.kind] : []
            )
            .join(" ")
          assert.match(kinds, /^(Raised )*(Raised Cleared|RaisedAndCleared)$/, `${id} of ${told.length}`)
        }
      })
    )
  )

  it.effect(
    "recognises an event by its eventId: the first body wins",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        const [first] = yield* accept(event("a", { eventId: "e1" }))
        yield* tick
        const [again] = yield* accept(event("a", { eventId: "e1", severity: "critical" }))
        yield* tick
        assert.deepStrictEqual(again, first)
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        const sql = yield* SqlClient.SqlClient
        const remembered = yield* sql<{ event_id: string; note: string }>`SELECT event_id, note FROM events`
        assert.deepStrictEqual(
          remembered.map(({ event_id, note }) => `${event_id} ${note}`),
          ["e1 came again with another body, which was not taken"]
        )
      })
    )
  )

  it.effect(
    "recognises the eventId of an update",
    fixture(() =>
      Effect.gen(function* () {
        yield* accept(event("a", { eventId: "e1", severity: "minor" }))
        const critical = event("a", { eventId: "e2", severity: "critical" })
        const [second] = yield* accept(critical)
        yield* accept(event("a", { eventId: "e3", severity: "minor" }))
        const [again] = yield* accept(critical)
        assert.deepStrictEqual(again, second)
        const alert = yield* AlertSearch.use(({ get }) => get(AlertId.make(second?.id ?? "none")))
        assert.strictEqual(alert?.severity, "minor")
      })
    )
  )

  it.effect(
    "records that an alert was repeated, also by a duplicate, without storing more (I5, I6)",
    fixture(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const id = yield* raise("a")
        yield* accept(event("b", { eventId: "e1" }))
        for (const next of [event("a"), event("a", { summary: "still" }), event("b", { eventId: "e1" })]) {
          yield* tick
          yield* accept(next)
        }
        const heard = yield* sql<{ at: number }>`SELECT last_heard_at AS at FROM alerts ORDER BY sequence`
        assert.deepStrictEqual(
          heard.map(({ at }) => at),
          [2000, 3000]
        )
        assert.lengthOf(yield* sql`SELECT * FROM events WHERE alert_id = ${id}`, 0)
      })
    )
  )

  it.effect(
    "supersedes the deliveries of a removed integration, and opens what matches when one is enabled",
    fixture((script) =>
      Effect.gen(function* () {
        script.always("ops", down)
        yield* save(integration("ops"), integration("dev", { enabled: false }), rule("all", { to: ["ops", "dev"] }))
        yield* raise("a")
        yield* tick
        yield* removeIntegration("ops")
        yield* save(integration("dev"))
        yield* tick
        assert.deepStrictEqual(script.kinds("dev"), ["Raised"])
        assert.deepStrictEqual(yield* outcomes, ["Raised superseded: integration deleted", "Raised delivered"])
      })
    )
  )

  it.effect("resumes after a crash, and records that a message in flight may be duplicated", () =>
    Effect.gen(function* () {
      const file = newFile()
      const first = new Script()
      const gate = yield* Deferred.make<void>()
      first.next("ops", "ok", { gate }, { gate })
      const left = yield* Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        for (const id of ["told", "sending", "sending too"]) yield* raise(id)
        yield* tick
        assert.lengthOf(first.to("ops"), 3)
        yield* Effect.addFinalizer(() => Deferred.succeed(gate, undefined))
        return yield* crashed(file)
      }).pipe(Effect.scoped, Effect.provide(engine(first, { file })))

      const second = new Script()
      yield* Effect.gen(function* () {
        yield* pass("10 seconds")
        assert.deepStrictEqual(sourceIds(second), ["sending", "sending too"])
        const perhapsTwice = (yield* deliveries).map(({ transitions }) =>
          transitions.some(({ cause }) => cause === "the gateway stopped during the attempt: may be duplicated")
        )
        assert.deepStrictEqual(perhapsTwice, [false, true, true])
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Raised delivered", "Raised delivered"])
      }).pipe(Effect.provide(engine(second, { file: left })))
    })
  )

  it.effect("sends the clear of a raise whose outcome is unknown after a crash", () =>
    Effect.gen(function* () {
      const file = newFile()
      const first = new Script()
      const gate = yield* Deferred.make<void>()
      first.next("ops", { gate })
      const left = yield* Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* settle
        yield* save(rule("all", { enabled: false }))
        yield* Effect.addFinalizer(() => Deferred.succeed(gate, undefined))
        return yield* crashed(file)
      }).pipe(Effect.scoped, Effect.provide(engine(first, { file })))
      const second = new Script()
      yield* Effect.gen(function* () {
        yield* tick
        assert.deepStrictEqual(yield* outcomes, ["Raised superseded: by the edit", "Cleared delivered"])
      }).pipe(Effect.provide(engine(second, { file: left })))
    })
  )

  it.effect("finishes the attempt in flight when it stops, and does not repeat it", () =>
    Effect.gen(function* () {
      const file = newFile()
      const script = new Script()
      const gate = yield* Deferred.make<void>()
      script.next("ops", { gate })
      const running = yield* Effect.andThen(save(integration("ops"), rule("all")), raise("a")).pipe(
        Effect.andThen(tick),
        Effect.provide(engine(script, { file })),
        Effect.forkChild
      )
      yield* tick
      assert.isUndefined(running.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(running)
      yield* Effect.andThen(
        pass("1 hour"),
        Effect.flatMap(outcomes, (all) => Effect.sync(() => assert.deepStrictEqual(all, ["Raised delivered"])))
      ).pipe(Effect.provide(engine(script, { file })))
      assert.lengthOf(script.sent, 1)
    })
  )

  it.effect(
    "sends nothing to a removed integration, whatever happens to its alerts",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), integration("dev"), rule("all", { to: ["ops", "dev"] }))
        yield* raise("a", { severity: "minor" })
        yield* tick
        yield* removeIntegration("ops")
        yield* raise("a", { severity: "critical" })
        yield* tick
        yield* clear("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        assert.deepStrictEqual(script.kinds("dev"), ["Raised", "Escalated", "Cleared"])
        const open = (yield* deliveries).filter(({ status }) => status !== "delivered")
        assert.deepStrictEqual(open, [])
      })
    )
  )

  it.effect(
    "does not delay others when a hanging integration is removed",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("slow", "hang")
        yield* save(integration("slow"), integration("ops"), rule("all", { to: ["slow", "ops"] }))
        yield* raise("a")
        yield* tick
        assert.strictEqual(yield* Lanes.use(({ size }) => size), 2)
        yield* removeIntegration("slow")
        yield* raise("b")
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Raised"])
        yield* pass("1 minute")
        assert.strictEqual(yield* Lanes.use(({ size }) => size), 1)
        assert.deepStrictEqual(script.kinds("slow"), ["Raised"])
        assert.include(yield* outcomes, "Raised superseded: integration deleted")
      })
    )
  )

  it.effect(
    "attempts at once with new settings, also if an attempt with the old ones is in flight",
    fixture((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        script.next("ops", { gate, after: { fail: new Unauthorized({ detail: "HTTP 401" }) } })
        yield* save(integration("ops", { settings: { channel: "ops", token: "old" } }), rule("all"))
        yield* raise("a")
        yield* settle
        yield* save(integration("ops", { settings: { channel: "ops", token: "new" } }))
        yield* Deferred.succeed(gate, undefined)
        yield* tick
        assert.deepStrictEqual(script.tokens, ["old", "new"])
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered"])
      })
    )
  )

  it.effect("uses the newest settings, although they changed while the lane was opening the previous ones", () =>
    Effect.gen(function* () {
      const script = new Script()
      const opening = yield* Deferred.make<void>()
      const gate = yield* Deferred.make<void>()
      let opened = 0
      const slowSeal = Layer.succeed(
        Seal,
        Seal.of({
          keyId: "none",
          keyIds: ["none"],
          seal: (text) => Effect.succeed(text),
          // The first opening shows what was saved, the second is the lane's.
          open: (sealed) =>
            ++opened === 2
              ? Effect.as(Effect.andThen(Deferred.succeed(opening, undefined), Deferred.await(gate)), sealed)
              : Effect.succeed(sealed)
        })
      )
      yield* Effect.gen(function* () {
        const edits = yield* Edits
        yield* edits.saveIntegration(integration("ops", { settings: { channel: "ops", token: "old" } }), "any")
        yield* Deferred.await(opening)
        yield* edits.saveIntegration(integration("ops", { settings: { channel: "ops", token: "new" } }), "any")
        yield* passOn
        yield* Deferred.succeed(gate, undefined)
        yield* save(rule("all"))
        yield* raise("a")
        yield* tick
        assert.deepStrictEqual(script.tokens, ["new"])
      }).pipe(Effect.provide(engine(script, { seal: slowSeal })))
    })
  )

  it.effect(
    "pauses the whole lane for as long as the service asks",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("ops", { fail: new RateLimited({ detail: "HTTP 429", retryAfter: Duration.seconds(30) }) })
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* raise("b")
        yield* pass("29 seconds")
        assert.lengthOf(script.sent, 1)
        yield* pass("10 seconds")
        assert.lengthOf(script.sent, 3)
      })
    )
  )

  it.effect(
    "lengthens the lane's pause with each rate-limit answer in a row, whether its Retry-After is too short or missing",
    fixture((script) =>
      Effect.gen(function* () {
        const limited = { fail: new RateLimited({ detail: "HTTP 429" }) }
        const tooShort = { fail: new RateLimited({ detail: "HTTP 429", retryAfter: Duration.seconds(1) }) }
        script.next("ops", limited, tooShort, limited, tooShort, "ok", limited)
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* pass("1 minute")
        const recovered = script.to("ops").length
        yield* raise("b")
        yield* pass("1 minute")
        const times = script.to("ops").map(({ at }) => at)
        const pauses = times.slice(1).map((at, n) => at - (times[n] ?? 0))
        // After a success the pauses start again at one second.
        const least = [1000, 2000, 4000, 8000, 0, 1000]
        assert.strictEqual(recovered, 5)
        assert.lengthOf(pauses, least.length)
        for (const [n, pause] of pauses.entries()) {
          if (n === recovered - 1) continue
          assert.isAtLeast(pause, least[n] ?? Infinity)
          assert.isAtMost(pause, 1.5 * (least[n] ?? 0))
        }
      })
    )
  )

  it.effect(
    "replaces the plugin's rate limit with the operator's, higher or lower",
    fixture((script) =>
      Effect.gen(function* () {
        const declared = { messages: 60, burst: 1 }
        yield* save(
          integration("slow", {
            settings: { channel: "slow", ...declared },
            limits: { messages: 1, perSeconds: 10, burst: 1 }
          }),
          integration("fast", {
            settings: { channel: "fast", ...declared },
            limits: { messages: 10, perSeconds: 1, burst: 1 }
          }),
          rule("all", { to: ["slow", "fast"] })
        )
        yield* accept(...Array.from({ length: 6 }, (_, n) => event(`x${n}`)))
        yield* pass("1 second")
        assert.lengthOf(script.to("fast"), 6)
        yield* pass("19 seconds")
        assert.lengthOf(script.to("slow"), 3)
      })
    )
  )

  it.effect(
    "does not let a removed integration slow those that shared its rate limit",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(
          integration("slow", { settings: { channel: "slow", shared: "hook", messages: 1, burst: 1 } }),
          integration("ops", { settings: { channel: "ops", shared: "hook", messages: 60, burst: 1 } }),
          rule("all")
        )
        yield* raise("first")
        yield* tick
        assert.lengthOf(script.sent, 1)
        yield* removeIntegration("slow")
        yield* accept(...Array.from({ length: 20 }, (_, n) => event(`x${n}`)))
        yield* pass("20 seconds")
        assert.isAtLeast(script.sent.length, 10)
      })
    )
  )

  it.effect(
    "applies the integration's timeout",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("ops", "hang")
        yield* save(integration("ops", { delivery: { timeout: 30, maxBackoff: 1 } }), rule("all"))
        yield* raise("a")
        yield* pass("1 minute")
        assert.deepStrictEqual(
          script.to("ops").map(({ at }) => at),
          [0, 31_000]
        )
      })
    )
  )

  it.effect(
    "keeps the deliveries of a disabled integration until it is enabled, however long that takes",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("ops", "ok", down)
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        yield* clear("a")
        yield* settle
        yield* save(integration("ops", { enabled: false }))
        yield* raise("b")
        yield* pass("48 hours")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Cleared"])
        yield* save(integration("ops"))
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Cleared", "Cleared", "Raised"])
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Cleared delivered", "Raised delivered"])
      })
    )
  )

  it.effect(
    "sends the end of the alert with its time, in the thread of its raise",
    fixtureAt("2026-01-01T10:00:00Z", (script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), integration("dev"), rule("r1"), rule("r2", { to: ["dev"] }))
        yield* raise("a", { severity: "minor" })
        yield* tick
        yield* raise("a", { severity: "critical" })
        yield* tick
        yield* TestClock.setTime(time("2026-01-01T12:00:00Z").epochMilliseconds)
        script.next("ops", down, down)
        yield* removeRule("r1")
        yield* pass("10 seconds")
        yield* clear("a", { clearedAt: time("2026-01-01T11:00:00Z"), clearedBecause: "sourceRuleChanged" })
        yield* tick
        const said = (channel: string) =>
          script.to(channel).map(({ notification, receipt }) => ({ ...notification, receipt }))
        const [raised, escalated, , , cleared] = said("ops")
        assert.deepInclude(raised, { _tag: "Raised", receipt: undefined })
        assert.deepInclude(escalated, { _tag: "Escalated", from: "minor" })
        assert.deepInclude(cleared, {
          _tag: "Cleared",
          because: "alertRuleRemoved",
          clearedAt: time("2026-01-01T12:00:00Z")
        })
        assert.isNumber(cleared?.receipt)
        assert.deepInclude(said("dev").at(-1), {
          _tag: "Cleared",
          because: "sourceRuleChanged",
          clearedAt: time("2026-01-01T11:00:00Z")
        })
      })
    )
  )

  it.effect(
    "accepts the events of one call in their order",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        const accepted = yield* accept(
          event("a"),
          event("a"),
          event("a", { state: "cleared", clearedAt: time("2026-01-01T01:00:00Z") }),
          event("a"),
          event("a", { startedAt: time("2026-01-01T02:00:00Z") })
        )
        yield* tick
        assert.deepStrictEqual(
          accepted.map(({ status }) => status),
          ["accepted", "duplicate", "accepted", "late", "accepted"]
        )
        assert.strictEqual(new Set(accepted.map(({ id }) => id)).size, 2)
        // The first episode was over before it could be told: it is in the message about the second.
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        assert.deepInclude(script.sent[0]?.notification, { flaps: 1 })
      })
    )
  )

  it.effect(
    "sends nothing for a clear without a raise, and remembers it",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        const [cleared] = yield* clear("a", { clearedAt: time("2026-01-01T01:00:00Z") })
        const [raised] = yield* accept(event("a"))
        yield* pass("1 hour")
        assert.strictEqual(cleared?.status, "accepted")
        assert.strictEqual(raised?.status, "late")
        assert.deepStrictEqual(script.sent, [])
        const sql = yield* SqlClient.SqlClient
        const notes = yield* sql<{ note: string | null }>`SELECT note FROM events ORDER BY sequence`
        assert.deepStrictEqual(
          notes.map(({ note }) => note),
          ["nothing owed: never raised here"]
        )
      })
    )
  )

  it.effect(
    "reports that the store is full, sends nothing twice, and recovers",
    fixture((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        script.next("ops", { gate })
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* settle
        // As full as it can be: nothing that an event or an attempt writes finds channel.
        yield* refuse("event_counts")
        yield* refuse("deliveries", "full", "1 = 1", "UPDATE")
        const error = yield* Effect.flip(accept(event("b")))
        assert.strictEqual(error._tag, "StoreUnavailable")
        yield* Deferred.succeed(gate, undefined)
        yield* pass("1 minute")
        assert.lengthOf(script.sent, 1)
        yield* takeAgain("event_counts")
        yield* takeAgain("deliveries")
        yield* pass("10 seconds")
        yield* raise("b")
        yield* pass("10 seconds")
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Raised delivered"])
        assert.lengthOf(script.sent, 2)
      })
    )
  )

  it.effect(
    "sends the clear of a dead raise whose outcome is unknown",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("ops", unanswered)
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* settle
        yield* save(rule("all", { enabled: false }))
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* outcomes, ["Raised superseded: by the edit", "Cleared delivered"])
      })
    )
  )

  it.effect(
    "accepts all alerts of a call or none",
    fixture(() =>
      Effect.gen(function* () {
        const groupCommit = yield* GroupCommit
        const intake = yield* Intake
        const sql = yield* SqlClient.SqlClient
        yield* refuse("alerts", "wrong", "NEW.source_id = 'b'")
        const exit = yield* Effect.exit(intake.accept([event("a"), event("b")]))
        assert.isTrue(Exit.isFailure(exit))
        const [row] = yield* groupCommit.read(sql<{ n: number }>`SELECT count(*) AS n FROM alerts`)
        assert.strictEqual(row?.n, 0)
        yield* intake.accept([event("c", { startedAt: time("2026-01-02T00:00:00Z") })])
      })
    )
  )

  it.live("keeps no secret readable in the files of the store", () =>
    Effect.gen(function* () {
      const file = newFile()
      const canary = "cAnArY-of-this-test"
      const script = new Script()
      yield* save(integration("ops", { settings: { channel: "ops", token: canary } }), rule("all")).pipe(
        Effect.andThen(raise("a")),
        Effect.provide(engine(script, { file, seal: Layer.orDie(realSeal) }))
      )
      const all = yield* contents(file)
      assert.include(all, "monitor")
      assert.notInclude(all, canary)
    })
  )
})
