import { assert, describe, it } from "@effect/vitest"
import { DestinationGone, PayloadRejected, RateLimited, Unauthorized, Unavailable } from "@tocsin/core"
import { Integrations, GroupCommit, NotReady, type TestOutcome, TestSends } from "@tocsin/delivery"
import { Deferred, Duration, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { integration, integrationId, pass, raise, rule, save, settle, tick, fixture } from "../harness/engine.ts"

const unauthorized = { fail: new Unauthorized({ detail: "HTTP 403" }) }
const slower = (retryAfter: Duration.Input) => ({
  fail: new RateLimited({ detail: "HTTP 429", retryAfter: Duration.fromInputUnsafe(retryAfter) })
})

/** Starts a test of the stored integration. */
const test = Effect.fnUntraced(function* (id = "ops") {
  const ready = yield* (yield* GroupCommit).read((yield* Integrations).ready(integrationId(id)))
  if (ready === undefined) return yield* new NotReady({ detail: "there is none" })
  return yield* Effect.forkScoped((yield* TestSends).send(ready, { saved: true }))
})

const said = Effect.fnUntraced(function* (fiber: Fiber.Fiber<ReadonlyArray<TestOutcome>>) {
  return (yield* Fiber.join(fiber)).map(({ reason, ...outcome }) => ({
    ...outcome,
    ...(reason && { reason: reason._tag })
  }))
})

const shown = Effect.flatMap(Integrations, (integrations) => integrations.get(integrationId("ops")))

const both: ReadonlyArray<Omit<TestOutcome, "reason"> & { readonly reason?: string }> = [
  { of: "Raised", status: "delivered", form: "rich" },
  { of: "Cleared", status: "delivered", form: "rich" }
]

describe("TestSends (D6)", () => {
  it.effect(
    "sends a raised and a cleared test, the second with the first one's receipt, and leaves no delivery",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"))
        const fiber = yield* test()
        yield* tick
        assert.deepStrictEqual(yield* said(fiber), both)
        assert.deepStrictEqual(
          script.sent.map(({ notification, receipt }) => [notification._tag === "Test" && notification.of, receipt]),
          [
            ["Raised", undefined],
            ["Cleared", 1]
          ]
        )
        const sql = yield* SqlClient.SqlClient
        assert.lengthOf(yield* sql`SELECT * FROM deliveries`, 0)
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "goes before all that waits, and spends the rate limit",
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
        yield* said(fiber)
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
    "is sent by a disabled integration, whose alerts still wait",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.next("ops", { fail: new Unavailable({ detail: "HTTP 503" }) })
        yield* raise("a")
        yield* settle
        yield* save(integration("ops", { enabled: false }))
        const fiber = yield* test()
        yield* tick
        assert.deepStrictEqual(yield* said(fiber), both)
        yield* pass("1 hour")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Test", "Test"])
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "is sent by a broken integration, and mends it when it succeeds",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.next("ops", unauthorized, unauthorized)
        yield* raise("a")
        yield* tick
        assert.include((yield* shown)?.broken?.reason, "Unauthorized")
        const failing = yield* test()
        yield* tick
        assert.deepStrictEqual(yield* said(failing), [
          { of: "Raised", status: "failed", form: "rich", reason: "Unauthorized" },
          { of: "Cleared", status: "skipped", form: "rich" }
        ])
        assert.include((yield* shown)?.broken?.reason, "Unauthorized")
        const fiber = yield* test()
        yield* tick
        assert.deepStrictEqual(yield* said(fiber), both)
        assert.isUndefined((yield* shown)?.broken)
        assert.deepStrictEqual(script.kinds("ops").at(-1), "Raised")
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "answers after 15 seconds until when the service wants to be left alone, and goes on",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.next("ops", slower("1 minute"))
        const fiber = yield* test()
        yield* pass("15 seconds")
        assert.deepStrictEqual(yield* said(fiber), [
          { of: "Raised", status: "trying", form: "rich", reason: "RateLimited", until: 60_000 },
          { of: "Cleared", status: "trying", form: "rich" }
        ])
        // The lane is left alone too, because it spends the same rate limit.
        yield* raise("a")
        yield* pass("44 seconds")
        assert.deepStrictEqual(script.kinds("ops"), ["Test"])
        yield* pass("3 seconds")
        assert.deepStrictEqual(script.kinds("ops").slice(0, 3), ["Test", "Test", "Test"])
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "fails at once where it would have to wait for longer than it goes on, and then holds up nobody",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.next("ops", slower("1 hour"))
        const fiber = yield* test()
        yield* tick
        assert.deepStrictEqual(yield* said(fiber), [
          { of: "Raised", status: "failed", form: "rich", reason: "RateLimited", until: 3_600_000 },
          { of: "Cleared", status: "skipped", form: "rich" }
        ])
        yield* raise("a")
        yield* pass("61 minutes")
        assert.deepStrictEqual(script.kinds("ops"), ["Test", "Raised"])
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "says that only the plain form was taken, and that a plugin failed",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"))
        const rejected = { fail: new PayloadRejected({ detail: "HTTP 400" }) }
        script.next("ops", rejected, "ok", rejected, "die")
        const fiber = yield* test()
        yield* tick
        assert.deepStrictEqual(yield* said(fiber), [
          { of: "Raised", status: "delivered", form: "plain", reason: "PayloadRejected" },
          { of: "Cleared", status: "failed", form: "plain", reason: "PayloadRejected" }
        ])
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "with settings that are not saved stores nothing, and spends the rate limit of whoever shares it",
    fixture((script) =>
      Effect.gen(function* () {
        const settings = { room: "ops", shared: "hook", messages: 12, burst: 1 }
        yield* save(integration("ops", { settings }), rule("all"))
        const unsaved = integration("other", { settings: { ...settings, room: "new" } })
        const ready = yield* (yield* GroupCommit).read((yield* Integrations).check(unsaved))
        const fiber = yield* Effect.forkScoped((yield* TestSends).send(ready, { saved: false }))
        yield* settle
        yield* raise("a")
        yield* pass("12 seconds")
        assert.deepStrictEqual(yield* said(fiber), both)
        assert.deepStrictEqual(
          script.sent.map(({ kind, room }) => `${kind} ${room}`),
          ["Test new", "Test new", "Raised ops"]
        )
        assert.isUndefined(yield* (yield* Integrations).get(integrationId("other")))
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "says nothing of an integration that was edited meanwhile (O8)",
    fixture((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        yield* save(integration("ops"), rule("all"))
        script.next("ops", { gate })
        const fiber = yield* test()
        yield* settle
        script.always("other", { fail: new DestinationGone({ detail: "HTTP 404" }) })
        yield* save(integration("ops", { settings: { room: "other" } }))
        yield* raise("a")
        yield* settle
        yield* Deferred.succeed(gate, undefined)
        yield* tick
        yield* Fiber.join(fiber)
        assert.lengthOf(script.to("other"), 1)
        assert.isDefined((yield* shown)?.broken)
      }).pipe(Effect.scoped)
    )
  )
})
