import { assert, describe, it } from "@effect/vitest"
import { DestinationGone, Misconfigured, RateLimited, type Reason, Unavailable } from "@tocsin/core"
import { Operators } from "@tocsin/delivery"
import { Duration, Effect } from "effect"
import { engine, integration, integrationId, pass, raise, rule, save, tick, type Fixture } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"

const down = { fail: new Unavailable({ detail: "HTTP 503" }) }

/** Runs a test with an integration `desk` that notifies operators, and `ops`, to which the only rule leads. */
const withOperators =
  (test: (script: Script) => Effect.Effect<void, unknown, Fixture>, changes: Parameters<typeof integration>[1] = {}) =>
  () =>
    Effect.suspend(() => {
      const script = new Script()
      return Effect.andThen(save(integration("desk"), integration("ops", changes), rule("all")), test(script)).pipe(
        Effect.provide(engine(script)),
        Effect.provideService(Operators, integrationId("desk"))
      )
    })

/** The headlines and first lines of the notices so far. */
const notices = (script: Script) =>
  script
    .to("desk")
    .flatMap(({ notification }) =>
      notification._tag === "Notice" ? [[notification.headline, notification.lines[0]]] : []
    )

describe("Operators are notified of an integration that keeps failing (D4)", () => {
  const failing = "Deliveries to the integration ops are failing"

  const reasons: ReadonlyArray<readonly [name: string, reason: Reason, notice: ReadonlyArray<string>]> = [
    ["Unavailable", new Unavailable({ detail: "HTTP 503" }), [failing, "Unavailable: HTTP 503"]],
    [
      "Unavailable for an hour",
      new Unavailable({ detail: "HTTP 503", retryAfter: Duration.hours(1) }),
      [failing, "Unavailable: HTTP 503"]
    ],
    ["RateLimited", new RateLimited({ detail: "HTTP 429" }), [failing, "RateLimited: HTTP 429"]],
    [
      "RateLimited for a day",
      new RateLimited({ detail: "HTTP 429", retryAfter: Duration.days(1) }),
      [failing, "RateLimited: HTTP 429"]
    ]
  ]
  it.effect.each(reasons)("once its oldest delivery has been failing for five minutes: %s", ([, reason, notice]) =>
    withOperators((script) =>
      Effect.gen(function* () {
        script.always("ops", { fail: reason })
        yield* raise("a")
        yield* pass("4 minutes")
        assert.deepStrictEqual(notices(script), [])
        yield* pass("3 minutes")
        assert.deepStrictEqual(notices(script), [notice])
      })
    )()
  )

  it.effect(
    "once an hour, also where it breaks meanwhile",
    withOperators((script) =>
      Effect.gen(function* () {
        script.always("ops", down)
        yield* raise("a")
        yield* pass("7 minutes")
        script.always("ops", { fail: new DestinationGone({ detail: "HTTP 404" }) })
        yield* pass("50 minutes")
        assert.lengthOf(notices(script), 1)
        yield* pass("15 minutes")
        assert.deepStrictEqual(notices(script)[1], ["The integration ops is broken", "DestinationGone: HTTP 404"])
        yield* pass("50 minutes")
        assert.lengthOf(notices(script), 2)
      })
    )
  )

  it.effect(
    "at once where it is broken, and not again five minutes later",
    withOperators((script) =>
      Effect.gen(function* () {
        script.always("ops", { fail: new Misconfigured({ detail: "HTTP 302" }) })
        yield* raise("a")
        yield* tick
        yield* pass("50 minutes")
        assert.deepStrictEqual(notices(script), [["The integration ops is broken", "Misconfigured: HTTP 302"]])
      })
    )
  )

  it.effect(
    "not where a delivery succeeds in time, or waits for our own rate limit",
    withOperators(
      (script) =>
        Effect.gen(function* () {
          script.next("ops", down)
          yield* raise("a")
          yield* pass("9 minutes")
          assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
          yield* pass("2 minutes")
          assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Raised"])
          assert.deepStrictEqual(notices(script), [])
        }),
      { limits: { messages: 1, perSeconds: 600, burst: 1 } }
    )
  )

  it.effect(
    "not where the integration is disabled, and never of the operators' own integration",
    withOperators((script) =>
      Effect.gen(function* () {
        script.always("ops", down)
        script.always("desk", down)
        yield* save(rule("all", { to: ["ops", "desk"] }))
        yield* raise("a")
        yield* pass("2 minutes")
        yield* save(integration("ops", { enabled: false }))
        yield* pass("20 minutes")
        assert.deepStrictEqual(notices(script), [])
      })
    )
  )
})
