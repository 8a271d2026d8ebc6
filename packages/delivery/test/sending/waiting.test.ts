import { assert, describe, it } from "@effect/vitest"
import { RateLimited, Unavailable } from "@tocsin/core"
import { Configuration } from "@tocsin/delivery"
import { Clock, Duration, Effect } from "effect"
import { integration, integrationId, pass, raise, rule, save, tick, fixture } from "../harness/engine.ts"

const waiting = Configuration.use(({ integration }) =>
  Effect.map(integration(integrationId("ops")), (shown) => shown?.waiting)
)
const down = { fail: new Unavailable({ detail: "HTTP 503" }) }

describe("The stored state of a paused lane", () => {
  it.effect(
    "is the end of the service's pause, whatever succeeds meanwhile, and nothing after an edit",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.next("ops", { fail: new RateLimited({ detail: "HTTP 429", retryAfter: Duration.minutes(2) }) })
        const until = (yield* Clock.currentTimeMillis) + 120_000
        yield* raise("a")
        yield* raise("b")
        yield* tick
        assert.deepStrictEqual(yield* waiting, { because: "limited", until })
        yield* save(integration("ops"))
        assert.isUndefined(yield* waiting)
      })
    )
  )

  it.effect(
    "is the time of the next attempt while the service is unavailable, and nothing once it is available",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("all"))
        script.always("ops", down)
        for (const alert of ["a", "b", "c", "d", "e"]) yield* raise(alert)
        assert.isUndefined(yield* waiting)
        yield* tick
        const first = yield* waiting
        assert.strictEqual(first?.because, "unavailable")
        yield* pass("10 minutes")
        assert.isAbove((yield* waiting)?.until ?? 0, first?.until ?? 0)
        script.always("ops", "ok")
        yield* pass("6 minutes")
        assert.isUndefined(yield* waiting)
      })
    )
  )
})
