import { assert, describe, it } from "@effect/vitest"
import { DestinationGone, PayloadRejected, RateLimited, Unauthorized, Unavailable } from "@tocsin/core"
import { Configuration, NotReady, type StoreUnavailable, type TestOutcome, TestSends } from "@tocsin/delivery"
import { Deferred, Duration, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import {
  accept,
  deliveries,
  event,
  fixture,
  integration,
  integrationId,
  outcomes,
  pass,
  raise,
  rule,
  save,
  settle,
  tick
} from "../harness/engine.ts"

const unauthorized = { fail: new Unauthorized({ detail: "HTTP 403" }) }
const rejected = { fail: new PayloadRejected({ detail: "HTTP 400" }) }
const slower = (retryAfter: Duration.Input) => ({
  fail: new RateLimited({ detail: "HTTP 429", retryAfter: Duration.fromInputUnsafe(retryAfter) })
})

/** Starts a test of the stored integration. */
const test = Effect.fnUntraced(function* (id = "ops") {
  const ready = yield* (yield* Configuration).ready(integrationId(id))
  if (ready === undefined) return yield* new NotReady({ detail: "there is none" })
  return yield* Effect.forkScoped((yield* TestSends).send(ready))
})

/** Starts a test of settings that are not saved. */
const testUnsaved = Effect.fnUntraced(function* (settings: { readonly [key: string]: string | number }) {
  const unsaved = integration("other", { settings })
  const ready = yield* (yield* Configuration).check(unsaved)
  return yield* Effect.forkScoped((yield* TestSends).sendUnsaved(ready))
})

/** Lets time pass until the send has ended, which takes 15 seconds at most. */
const ended = Effect.fnUntraced(function* (fiber: Fiber.Fiber<ReadonlyArray<TestOutcome>, StoreUnavailable>) {
  while (fiber.pollUnsafe() === undefined) yield* tick
  return (yield* Fiber.join(fiber)).map(({ reason, ...outcome }) => ({
    ...outcome,
    ...(reason && { reason: `${reason._tag}: ${reason.detail}` })
  }))
})

const shown = Configuration.use(({ integration }) => integration(integrationId("ops")))

const both: ReadonlyArray<Omit<TestOutcome, "reason"> & { readonly reason?: string }> = [
  { of: "Raised", status: "delivered", form: "rich" },
  { of: "Cleared", status: "delivered", form: "rich" }
]

describe("A test send (D6)", () => {
  it.effect(
    "sends a raised and a cleared test, the second with the receipt of the first, and history shows both",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"))
        const fiber = yield* test()
        yield* tick
        assert.deepStrictEqual(yield* ended(fiber), both)
        assert.deepStrictEqual(
          script.sent.map(({ notification, receipt }) => [notification._tag === "Test" && notification.of, receipt]),
          [
            ["Raised", undefined],
            ["Cleared", 1]
          ]
        )
        assert.deepStrictEqual(yield* outcomes, ["Test delivered", "Test delivered"])
        assert.include((yield* deliveries)[1]?.text, "cleared")
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "is sent before all pending deliveries, within the rate limit",
    fixture((script) =>
      Effect.gen(function* () {
        // One message in five seconds, and none saved up.
        const limits = { messages: 12, perSeconds: 60, burst: 1 }
        yield* save(integration("ops", { limits }), rule("all"))
        for (const id of ["a", "b", "c"]) yield* raise(id)
        yield* settle
        const fiber = yield* test()
        yield* pass("14 seconds")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Test", "Test"])
        assert.deepStrictEqual(yield* ended(fiber), both)
        yield* pass("10 seconds")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Test", "Test", "Raised", "Raised"])
        const gaps = script.sent.slice(1).map(({ at }, n) => at - (script.sent[n]?.at ?? 0))
        assert.isTrue(
          gaps.every((gap) => gap >= 5000),
          gaps.join()
        )
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "is sent before a storm",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { limits: { messages: 6, perSeconds: 60, burst: 1 } }), rule("all"))
        yield* accept(...Array.from({ length: 20 }, (_, n) => event(`a${n}`)))
        yield* settle
        yield* accept(...Array.from({ length: 20 }, (_, n) => event(`b${n}`)))
        yield* test()
        yield* pass("31 seconds")
        assert.deepStrictEqual(script.kinds("ops"), ["Digest", "Test", "Test", "Digest"])
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "is sent by a disabled integration, whose alerts stay pending",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.next("ops", { fail: new Unavailable({ detail: "HTTP 503" }) })
        yield* raise("a")
        yield* settle
        yield* save(integration("ops", { enabled: false }))
        const fiber = yield* test()
        yield* tick
        assert.deepStrictEqual(yield* ended(fiber), both)
        yield* pass("1 hour")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Test", "Test"])
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "is sent by a broken integration, which recovers if it succeeds",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.next("ops", unauthorized, unauthorized)
        yield* raise("a")
        yield* tick
        assert.include((yield* shown)?.broken?.reason, "Unauthorized")
        const failing = yield* test()
        yield* tick
        assert.deepStrictEqual(yield* ended(failing), [
          { of: "Raised", status: "failed", form: "rich", reason: "Unauthorized: HTTP 403" },
          { of: "Cleared", status: "skipped", form: "rich" }
        ])
        assert.include((yield* shown)?.broken?.reason, "Unauthorized")
        const fiber = yield* test()
        yield* tick
        assert.deepStrictEqual(yield* ended(fiber), both)
        assert.isUndefined((yield* shown)?.broken)
        assert.include(script.kinds("ops").slice(-2), "Raised")
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "returns the end of the pause after 15 seconds, and continues",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.next("ops", slower("1 minute"))
        const fiber = yield* test()
        yield* pass("16 seconds")
        assert.deepStrictEqual(yield* ended(fiber), [
          { of: "Raised", status: "trying", form: "rich", reason: "RateLimited: HTTP 429", until: 60_000 },
          { of: "Cleared", status: "trying", form: "rich" }
        ])
        // The lane waits too, because it has the same rate limit.
        yield* raise("a")
        yield* pass("43 seconds")
        assert.deepStrictEqual(script.kinds("ops"), ["Test"])
        yield* pass("3 seconds")
        assert.deepStrictEqual(script.kinds("ops").slice(0, 3), ["Test", "Test", "Test"])
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "fails at once if the service asks to wait for more than five minutes",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.next("ops", slower("1 hour"))
        const fiber = yield* test()
        yield* tick
        assert.deepStrictEqual(yield* ended(fiber), [
          { of: "Raised", status: "failed", form: "rich", reason: "RateLimited: HTTP 429" },
          { of: "Cleared", status: "skipped", form: "rich" }
        ])
        yield* raise("a")
        yield* pass("61 minutes")
        assert.deepStrictEqual(script.kinds("ops"), ["Test", "Raised"])
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "is not sent after five minutes",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { limits: { messages: 1, perSeconds: 3600, burst: 1 } }), rule("all"))
        yield* raise("a")
        yield* tick
        yield* test()
        yield* pass("2 hours")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Test superseded: expired"])
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "reports that only the plain form was accepted, and that a plugin failed",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"))
        script.next("ops", rejected, "ok", rejected, "die")
        const fiber = yield* test()
        yield* tick
        assert.deepStrictEqual(yield* ended(fiber), [
          { of: "Raised", status: "delivered", form: "plain", reason: "PayloadRejected: HTTP 400" },
          { of: "Cleared", status: "failed", form: "plain", reason: "PluginFailed: Error in deliver" }
        ])
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "does not affect an integration that was edited meanwhile (O8)",
    fixture((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        yield* save(integration("ops"), rule("all"))
        script.next("ops", { gate })
        yield* test()
        yield* settle
        script.always("other", { fail: new DestinationGone({ detail: "HTTP 404" }) })
        yield* save(integration("ops", { settings: { channel: "other" } }))
        yield* raise("a")
        yield* settle
        yield* Deferred.succeed(gate, undefined)
        yield* settle
        assert.isDefined((yield* shown)?.broken)
      }).pipe(Effect.scoped)
    )
  )
})

describe("A test send of settings that are not saved (D6)", () => {
  it.effect(
    "stores nothing, and keeps to a shared rate limit",
    fixture((script) =>
      Effect.gen(function* () {
        const settings = { channel: "ops", shared: "hook", messages: 12, burst: 1 }
        yield* save(integration("ops", { settings }), rule("all"))
        const fiber = yield* testUnsaved({ ...settings, channel: "new" })
        yield* settle
        yield* raise("a")
        yield* pass("12 seconds")
        assert.deepStrictEqual(yield* ended(fiber), both)
        assert.sameMembers(
          script.sent.map(({ kind, channel }) => `${kind} ${channel}`),
          ["Test new", "Test new", "Raised ops"]
        )
        assert.isUndefined(yield* (yield* Configuration).integration(integrationId("other")))
        const sql = yield* SqlClient.SqlClient
        assert.lengthOf(yield* sql`SELECT * FROM deliveries WHERE kind = 'Test'`, 0)
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "reports the plain form, and fails if the service asks to wait",
    fixture((script) =>
      Effect.gen(function* () {
        script.next("new", rejected, "ok", slower("1 minute"))
        const fiber = yield* testUnsaved({ channel: "new" })
        yield* tick
        assert.deepStrictEqual(yield* ended(fiber), [
          { of: "Raised", status: "delivered", form: "plain", reason: "PayloadRejected: HTTP 400" },
          { of: "Cleared", status: "failed", form: "rich", reason: "RateLimited: HTTP 429" }
        ])
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "fails after 15 seconds if the rate limit does not allow it, with the end of the pause",
    fixture((script) =>
      Effect.gen(function* () {
        const settings = { channel: "new", messages: 1, burst: 1 }
        const first = yield* testUnsaved(settings)
        yield* tick
        assert.deepStrictEqual(yield* ended(first), [
          { of: "Raised", status: "delivered", form: "rich" },
          { of: "Cleared", status: "failed", form: "rich", until: 60_000 }
        ])
        assert.lengthOf(script.sent, 1)
      }).pipe(Effect.scoped)
    )
  )
})
