import { assert, describe, it } from "@effect/vitest"
import { DestinationGone, RateLimited } from "@tocsin/core"
import { Configuration, Edits } from "@tocsin/delivery"
import { Deferred, Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  accept,
  clear,
  engine,
  event,
  integration,
  integrationId,
  pass,
  raise,
  removeIntegration,
  rule,
  save,
  settle,
  tick,
  fixture
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { newFile } from "../harness/store.ts"

const gone = { fail: new DestinationGone({ detail: "HTTP 404" }) }

/** Runs a test again and again, each time waiting a moment longer. */
const atEveryMoment = (
  moments: number,
  test: (wait: Effect.Effect<void>, yields: number) => Effect.Effect<void, unknown>
) =>
  Effect.forEach(
    Array.from({ length: moments }, (_, yields) => yields),
    (yields) => test(Effect.asVoid(Effect.repeat(Effect.yieldNow, { times: yields })), yields),
    { discard: true }
  )

const edit = (...changes: Parameters<typeof integration>) =>
  Effect.flatMap(Edits, (edits) => edits.saveIntegration(integration(...changes), "any"))

const broken = Effect.map(
  Configuration.use(({ integration }) => integration(integrationId("ops"))),
  (shown) => shown?.broken?.reason
)

describe("An edit", () => {
  it.effect("is not broken by attempts with the previous settings (D3)", () =>
    atEveryMoment(15, (wait, yields) =>
      fixture((script) =>
        Effect.gen(function* () {
          const gate = yield* Deferred.make<void>()
          const later = yield* Deferred.make<void>()
          script.next("ops", { gate, after: gone })
          script.always("other", { gate: later })
          yield* save(integration("ops"), rule("all"))
          yield* raise("a")
          yield* settle
          yield* Effect.forkChild(Effect.andThen(wait, Deferred.succeed(gate, undefined)))
          yield* edit("ops", { settings: { channel: "other" } })
          yield* settle
          const state = yield* broken
          yield* Deferred.succeed(later, undefined)
          assert.isUndefined(state, `after ${yields} yields`)
        })
      )()
    )
  )

  it.effect("that disables an integration takes effect at once: nothing more is sent (O8)", () =>
    atEveryMoment(25, (wait, yields) =>
      fixture((script) =>
        Effect.gen(function* () {
          yield* save(integration("ops"), rule("all"))
          yield* pass("1 minute")
          yield* Effect.forkChild(accept(...Array.from({ length: 5 }, (_, n) => event(`a${n}`))))
          yield* wait
          yield* edit("ops", { enabled: false })
          const sent = script.sent.length
          yield* settle
          assert.lengthOf(script.sent, sent, `after ${yields} yields`)
        })
      )()
    )
  )

  it.effect("that removes a fallback keeps the other's receipts", () =>
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("spare"), integration("ops", { fallback: integrationId("spare") }), rule("all"))
        yield* raise("a")
        yield* pass("1 minute")
        yield* removeIntegration("spare")
        yield* raise("b")
        yield* settle
        yield* clear("b")
        yield* tick
        const last = script.to("ops").at(-1)
        assert.strictEqual(last?.kind, "Cleared")
        assert.isDefined(last?.receipt)
      })
    )()
  )

  it.effect("is applied while the lane records that the previous settings can be read again", () =>
    atEveryMoment(12, (wait, yields) =>
      Effect.gen(function* () {
        const file = newFile()
        yield* Effect.gen(function* () {
          yield* save(integration("ops"), rule("all"))
          const sql = yield* SqlClient.SqlClient
          yield* sql`UPDATE integrations SET broken_reason = 'NotReady: no plugin', broken_since = 0`
        }).pipe(Effect.provide(engine(new Script(), { file })))
        const script = new Script()
        yield* Effect.gen(function* () {
          yield* wait
          yield* edit("ops", { settings: { channel: "other" } })
          yield* settle
          yield* raise("a")
          yield* tick
          assert.deepStrictEqual(
            script.sent.map(({ channel }) => channel),
            ["other"],
            `after ${yields} yields`
          )
        }).pipe(Effect.provide(engine(script, { file })))
      })
    )
  )

  it.effect("that recreates an integration is not delayed by a pause of its predecessor's service (O8)", () =>
    fixture((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        script.next("ops", {
          gate,
          after: { fail: new RateLimited({ detail: "HTTP 429", retryAfter: Duration.hours(1) }) }
        })
        yield* save(integration("ops"), rule("all"))
        yield* raise("a")
        yield* settle
        yield* removeIntegration("ops")
        yield* settle
        yield* save(integration("ops", { settings: { channel: "other" } }), rule("all"))
        yield* settle
        yield* Deferred.succeed(gate, undefined)
        yield* settle
        const before = script.to("other").length
        yield* raise("b")
        yield* tick
        assert.lengthOf(script.to("other"), before + 1)
      })
    )()
  )
})
