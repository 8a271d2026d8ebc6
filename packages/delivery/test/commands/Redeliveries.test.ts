import { assert, describe, it } from "@effect/vitest"
import { Unavailable } from "@tocsin/core"
import { Redeliveries } from "@tocsin/delivery"
import { Effect } from "effect"
import {
  clear,
  deliveries,
  integration,
  integrationId,
  outcomes,
  pass,
  raise,
  removeIntegration,
  removeRule,
  rule,
  save,
  tick,
  fixture
} from "../harness/engine.ts"

const down = { fail: new Unavailable({ detail: "HTTP 503" }) }
const impatient = { deadline: 60, maxBackoff: 30 }

const again = (id: string, reason?: string) => Effect.flatMap(Redeliveries, ({ one }) => one(id, { by: "Ada", reason }))

const refusal = (id: string, reason?: string) => Effect.flip(again(id, reason))

const first = Effect.map(deliveries, ([delivery]) => delivery?.id ?? "")

describe("Redeliveries (D7)", () => {
  it.effect(
    "sends a dead letter again, as a new delivery that names the old one and the caller",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { delivery: impatient }), rule("all"))
        script.always("ops", down)
        yield* raise("a")
        yield* pass("5 minutes")
        const dead = yield* first
        script.always("ops", "ok")
        const made = yield* again(dead)
        yield* tick
        const [old, redelivered] = yield* deliveries
        assert.strictEqual(old?.status, "dead")
        assert.include(redelivered, { id: made, redeliveryOf: dead, status: "delivered", kind: "Raised" })
        assert.include(redelivered?.transitions[0]?.cause, "asked for by Ada")
        // From here on all is as if it had been told at once.
        yield* clear("a")
        yield* tick
        assert.strictEqual(script.kinds("ops").at(-1), "Cleared")
      })
    )
  )

  it.effect(
    "sends the clear of a redelivered raise whose outcome is unknown, after an edit had ended it",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { delivery: impatient }), rule("all"))
        script.always("ops", down)
        yield* raise("a")
        yield* pass("5 minutes")
        yield* removeRule("all")
        script.always("ops", "ok")
        script.next("ops", { fail: new Unavailable({ detail: "ECONNRESET", unanswered: true }) })
        yield* again(yield* first)
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* outcomes, [
          "Raised dead: Unavailable: HTTP 503",
          "Cleared superseded: raise never told",
          "Raised superseded: by the edit",
          "Cleared delivered"
        ])
      })
    )
  )

  it.effect(
    "sends what is true by then",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { delivery: impatient }), rule("all"))
        script.always("ops", down)
        yield* raise("a")
        yield* pass("5 minutes")
        yield* clear("a")
        yield* tick
        script.always("ops", "ok")
        yield* again(yield* first)
        yield* tick
        assert.deepStrictEqual(yield* outcomes, [
          "Raised dead: Unavailable: HTTP 503",
          "Cleared superseded: raise never told",
          "RaisedAndCleared delivered"
        ])
      })
    )
  )

  it.effect(
    "needs a reason for a delivered message, and refuses one that is pending, no longer true, or without an integration",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* tick
        const told = yield* first
        assert.include(JSON.stringify(yield* refusal(told)), "/reason")
        yield* again(told, "the channel was emptied")
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Raised"])
        assert.include((yield* deliveries)[1]?.transitions[0]?.cause, "Ada: the channel was emptied")

        script.always("ops", down)
        yield* clear("a")
        yield* tick
        assert.include((yield* refusal(told, "x")).message, "still waits")
        assert.include((yield* refusal((yield* deliveries)[2]?.id ?? "")).message, "still waits")
        assert.strictEqual((yield* refusal("none"))._tag, "NotFound")

        yield* removeIntegration("ops")
        assert.include((yield* refusal(told, "x")).message, "deleted")
      })
    )
  )

  it.effect(
    "redelivers all dead letters of one integration or since a time, each once",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(
          integration("ops", { delivery: impatient }),
          integration("other", { delivery: impatient }),
          rule("all", { to: ["ops", "other"] })
        )
        for (const channel of ["ops", "other"]) script.always(channel, down)
        yield* raise("a")
        yield* raise("b")
        yield* pass("5 minutes")
        yield* raise("c")
        yield* pass("5 minutes")
        for (const channel of ["ops", "other"]) script.always(channel, "ok")
        const { count, many } = yield* Redeliveries
        const asked = { by: "Ada", reason: undefined }
        script.sent.length = 0
        assert.strictEqual(yield* count({ integration: integrationId("ops") }), 3)
        assert.strictEqual(yield* many({ integration: integrationId("ops"), since: undefined }, asked), 3)
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Raised", "Raised"])
        assert.strictEqual(yield* many({ integration: undefined, since: 300_000 }, asked), 1)
        assert.strictEqual(yield* many({ integration: undefined, since: undefined }, asked), 2)
        yield* tick
        assert.lengthOf(script.kinds("other"), 3)
        assert.strictEqual(yield* many({ integration: undefined, since: undefined }, asked), 0)
      })
    )
  )
})
