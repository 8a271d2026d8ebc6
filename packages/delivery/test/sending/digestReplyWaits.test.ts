import { assert, describe, it } from "@effect/vitest"
import { RateLimited, Unavailable } from "@tocsin/core"
import { PluginRegistry } from "@tocsin/delivery"
import { Clock, Duration, Effect, Layer } from "effect"
import {
  accept,
  deliveries,
  engine,
  event,
  type Fixture,
  integration,
  integrationId,
  pass,
  raise,
  rule,
  save,
  settle,
  tick
} from "../harness/engine.ts"
import { Fake, Script } from "../harness/FakeChannel.ts"

class Threaded extends Fake {
  static override readonly capabilities = { thread: true }
}

class Unlisted extends Fake {
  static override readonly capabilities = { thread: true, skips: ["DigestList"] as const }
}

/** Runs a test on an engine with this channel. */
const withChannel = (plugin: typeof Fake, test: (script: Script) => Effect.Effect<void, unknown, Fixture>) => () =>
  Effect.suspend(() => {
    const script = new Script()
    const plugins = PluginRegistry.layer([plugin]).pipe(Layer.provide(script.layer))
    return Effect.provide(test(script), engine(script, { plugins }))
  })

/** One message in ten seconds, two after a pause. */
const limits = { messages: 6, perSeconds: 60, burst: 2 }

/** More alerts than the rate limit allows in a minute. */
const storm = Effect.andThen(accept(...Array.from({ length: 20 }, (_, n) => event(`a${n}`))), settle)

describe("A reply to a digest that waits (D5)", () => {
  it.effect(
    "does not delay the retry of an alert",
    withChannel(Threaded, (script) =>
      Effect.gen(function* () {
        yield* save(integration("ops", { limits }), rule("all"))
        script.next("ops", "ok", { fail: new Unavailable({ detail: "HTTP 503", retryAfter: Duration.seconds(2) }) })
        yield* storm
        yield* raise("later")
        yield* Effect.repeat(tick, { until: () => script.kinds("ops").length === 2 })
        const failed = yield* Clock.currentTimeMillis
        yield* pass("20 seconds")
        assert.deepStrictEqual(script.kinds("ops").slice(0, 3), ["Digest", "Raised", "Raised"])
        // The rate limit allows it then, and the reply ten seconds later.
        assert.isAtMost((script.sent[2]?.at ?? Infinity) - failed, 10_000)
      })
    )
  )

  it.effect(
    "pauses the lane where the service asks for a pause, so that alerts go to the fallback (D4)",
    withChannel(Threaded, (script) =>
      Effect.gen(function* () {
        const backup = integration("backup")
        yield* save(backup, integration("ops", { limits, fallback: integrationId("backup") }), rule("all"))
        script.next("ops", "ok", { fail: new RateLimited({ detail: "HTTP 429", retryAfter: Duration.hours(1) }) })
        yield* storm
        yield* pass("1 minute")
        assert.deepStrictEqual(script.kinds("ops"), ["Digest", "DigestList"])
        yield* raise("critical", { severity: "critical" })
        yield* tick
        assert.deepStrictEqual(script.kinds("backup"), ["Raised"])
        yield* pass("2 hours")
        assert.notInclude(script.kinds("ops"), "Raised")
      })
    )
  )

  it.effect(
    "is not created where the plugin skips it",
    withChannel(Unlisted, () =>
      Effect.gen(function* () {
        yield* save(integration("ops", { limits }), rule("all"))
        yield* storm
        yield* pass("1 minute")
        const others = (yield* deliveries).filter(({ kind }) => kind !== "Raised")
        assert.deepStrictEqual(
          others.map(({ cause, kind, status }) => [kind, status, cause]),
          [["Digest", "delivered", undefined]]
        )
      })
    )
  )
})
