import { assert, describe, it } from "@effect/vitest"
import { PayloadRejected, Unavailable } from "@tocsin/core"
import { DateTime, Deferred, Effect } from "effect"
import {
  accept,
  clear,
  deliveries,
  event,
  integration,
  outcomes,
  pass,
  raise,
  removeRule,
  rule,
  save,
  settle,
  tick,
  time,
  fixture
} from "../harness/engine.ts"
import type { Sent } from "../harness/FakeChannel.ts"

const down = { fail: new Unavailable({ detail: "HTTP 503" }) }
const refused = { fail: new PayloadRejected({ detail: "HTTP 400" }) }

/** Five messages in a minute. */
const limits = { messages: 5, perSeconds: 60, burst: 1 }
const setUp = save(integration("ops", { limits }), rule("all"))

const storm = (count: number, changes: Parameters<typeof event>[1] = {}) =>
  accept(...Array.from({ length: count }, (_, n) => event(`a${n}`, changes)))

/** How many alerts a message speaks of. */
const alertsIn = ({ notification }: Sent) =>
  notification._tag === "Digest" ? notification.raised + notification.cleared : 1

describe("A storm (D5)", () => {
  it.effect(
    "is sent in few messages, every alert once, and each delivery names its digest",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        yield* storm(200)
        yield* pass("1 minute")
        assert.isAtMost(script.sent.length, 6)
        assert.strictEqual(
          script.sent.reduce((sum, sent) => sum + alertsIn(sent), 0),
          200
        )
        const all = yield* deliveries
        const digests = all.filter(({ kind }) => kind === "Digest")
        assert.isAbove(digests.length, 0)
        const told = all.filter(({ kind }) => kind !== "Digest")
        assert.lengthOf(told, 200)
        assert.isTrue(told.every(({ status }) => status === "delivered"))
        const carried = told.filter(({ cause }) => digests.some(({ id }) => cause === `in ${id}`))
        assert.lengthOf(carried, 200 - script.sent.filter(({ kind }) => kind !== "Digest").length)
      })
    )
  )

  it.effect(
    "lists alerts by rule, the most severe first, and clears likewise",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        yield* accept(
          ...Array.from({ length: 30 }, (_, n) => event(`a${n}`, { severity: "minor" })),
          ...Array.from({ length: 12 }, (_, n) => event(`b${n}`, { rule: { name: "disk" }, severity: "critical" }))
        )
        yield* pass("1 minute")
        const [digest] = script.sent.filter(({ kind }) => kind === "Digest")
        assert(digest?.notification._tag === "Digest")
        const { groups, severity } = digest.notification
        assert.strictEqual(severity, "critical")
        assert.deepStrictEqual(
          groups.map(({ rule, total }) => `${rule} ${total}`),
          ["disk 12", "errors 30"]
        )
        script.sent.length = 0
        yield* accept(...Array.from({ length: 30 }, (_, n) => event(`a${n}`, { state: "cleared" })))
        yield* pass("1 minute")
        const cleared = script.sent.flatMap(({ notification }) =>
          notification._tag === "Digest" ? [notification.cleared] : []
        )
        assert.isAbove(Math.max(...cleared), 20)
        assert.isTrue((yield* outcomes).every((outcome) => outcome.includes("delivered")))
      })
    )
  )

  it.effect(
    "sends a critical alert that arrives in the middle within two sends",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        yield* storm(2000)
        yield* pass("20 seconds")
        const before = script.sent.length
        yield* raise("grave", { severity: "critical" })
        yield* pass("25 seconds")
        const said = script.sent
          .slice(before, before + 2)
          .some(({ notification }) => notification._tag === "Raised" && notification.alert.sourceId === "grave")
        assert.isTrue(said)
      })
    )
  )

  it.effect(
    "does not change deliveries in a digest in flight when a rule is edited: the clear follows",
    fixture((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        yield* setUp
        script.next("ops", { gate })
        yield* storm(20)
        yield* settle
        yield* removeRule("all")
        yield* Deferred.succeed(gate, undefined)
        yield* pass("1 minute")
        assert.deepStrictEqual(script.kinds("ops"), ["Digest", "Digest"])
        const shown = yield* outcomes
        assert.lengthOf(
          shown.filter((outcome) => outcome.startsWith("Raised delivered: in ")),
          20
        )
        assert.lengthOf(
          shown.filter((outcome) => outcome.startsWith("Cleared delivered: in ")),
          20
        )
      })
    )
  )

  it.effect(
    "leaves out an alert while a message about an earlier episode is in flight",
    fixture((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        yield* save(integration("ops", { limits, delivery: { timeout: 60 } }), rule("all"))
        script.next("ops", { gate })
        yield* raise("a0")
        yield* settle
        yield* clear("a0")
        yield* storm(20, { startedAt: time("2026-01-01T00:01:00Z") })
        yield* pass("12 seconds")
        const before = script.sent.map(alertsIn)
        yield* Deferred.succeed(gate, undefined)
        yield* pass("2 minutes")
        assert.deepStrictEqual(before, [1, 19])
        assert.isTrue((yield* outcomes).every((outcome) => outcome.includes("delivered")))
      })
    )
  )

  it.effect(
    "requeues all deliveries when a digest fails, and composes it again",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        script.next("ops", down)
        yield* storm(20)
        yield* settle
        yield* clear("a5")
        yield* pass("1 minute")
        const digests = script.sent.filter(({ kind }) => kind === "Digest")
        assert.lengthOf(digests, 2)
        const last = digests[1]?.notification
        assert(last?._tag === "Digest")
        assert.strictEqual(last.cleared, 1)
        const shown = yield* outcomes
        assert.include(shown.join("\n"), "Digest superseded: requeued: Unavailable: HTTP 503")
        assert.lengthOf(
          shown.filter((outcome) => outcome.includes("delivered")),
          21
        )
      })
    )
  )

  it.effect(
    "includes half as many when it is refused in plain form too, down to one",
    fixture((script) =>
      Effect.gen(function* () {
        yield* setUp
        script.next("ops", refused, refused, refused, refused)
        yield* storm(21)
        yield* pass("5 minutes")
        const sizes = script.sent.map((sent) => `${alertsIn(sent)} ${sent.form}`)
        assert.deepStrictEqual(sizes.slice(0, 5), ["21 rich", "21 plain", "10 rich", "10 plain", "5 rich"])
        assert.isTrue((yield* deliveries).every(({ kind, status }) => kind === "Digest" || status === "delivered"))
      })
    )
  )
})

describe("Flapping (O7)", () => {
  it.effect(
    "coalesces into one message with the count, while the service cannot be reached",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.always("ops", down)
        for (let n = 0; n < 4; n++) {
          const startedAt = event("x").startedAt
          const at = (seconds: number) => ({ startedAt: startedAt.pipe((time) => DateTime.add(time, { seconds })) })
          yield* raise("a", at(n * 10))
          yield* clear("a", at(n * 10))
        }
        yield* raise("a", { startedAt: DateTime.add(event("x").startedAt, { seconds: 100 }) })
        yield* tick
        script.always("ops", "ok")
        script.sent.length = 0
        yield* pass("10 minutes")
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
        assert.deepInclude(script.sent[0]?.notification, { flaps: 4 })
        assert.isTrue((yield* outcomes).every((outcome) => outcome.includes("delivered")))
      })
    )
  )

  it.effect(
    "sends the clear of a raise that was coalesced into the next one",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        script.next("ops", down)
        yield* clear("a")
        yield* settle
        yield* raise("a", { startedAt: DateTime.add(event("x").startedAt, { seconds: 100 }) })
        yield* pass("1 minute")
        assert.strictEqual(script.kinds("ops").at(-1), "Raised")
        assert.deepInclude(script.sent.at(-1)?.notification, { flaps: 1 })
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", (yield* outcomes)[1] ?? "", "Raised delivered"])
        assert.match((yield* outcomes)[1] ?? "", /^Cleared delivered: in /)
      })
    )
  )
})
