import { assert, describe, it } from "@effect/vitest"
import { DestinationGone } from "@tocsin/core"
import { Configuration, Edits, Overview, UnreadableBodies } from "@tocsin/delivery"
import { Effect } from "effect"
import { event, accept, fixture, integration, integrationId, pass, raise, rule, save, tick } from "../harness/engine.ts"

describe("The overview", () => {
  it.effect(
    "counts events from each source and messages to each integration",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("r"))
        yield* raise("a", { eventId: "1" })
        yield* accept(event("b", { source: "other" }))
        const unreadable = yield* UnreadableBodies
        yield* unreadable.keep({ source: "third", why: "", body: "", isWhole: true, from: undefined })
        yield* tick
        const overview = yield* Overview
        const sources = yield* overview.sources
        assert.deepStrictEqual(
          sources.map(({ events24h, name, unreadable24h }) => `${name} ${events24h} ${unreadable24h}`),
          ["monitor 1 0", "other 1 0", "third 0 1"]
        )
        assert.isUndefined(sources[2]?.lastEventAt)
        const { items } = yield* overview.activity
        assert.strictEqual(items[0]?.delivered.at(-1), 2)
        assert.lengthOf(items[0]?.failed ?? [], 24)
        assert.strictEqual((yield* overview.lastDigests).size, 0)
        assert.strictEqual(yield* overview.sentInDigests(integrationId("ops"), 0), 0)
        assert.strictEqual((yield* overview.retryingSince).size, 0)
        script.always("ops", { fail: new DestinationGone({ detail: "HTTP 404" }) })
        yield* raise("c")
        yield* tick
        assert.strictEqual((yield* overview.retryingSince).size, 1)
        const stored = yield* Configuration
        assert.include((yield* stored.integration(integrationId("ops")))?.lastFailure?.reason, "DestinationGone: ")
      })
    )
  )

  it.effect(
    "shows a paused integration, to which nothing is sent until it is resumed",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("r"))
        const { setPaused } = yield* Edits
        const pause = (paused: boolean) => setPaused(integrationId("ops"), { paused, reason: "A move", by: "Ada" })
        assert.deepInclude((yield* pause(true)).paused, { reason: "A move", by: "Ada" })
        yield* tick
        yield* raise("a")
        yield* pass("10 minutes")
        assert.deepStrictEqual(script.kinds("ops"), [])
        assert.isUndefined((yield* pause(false)).paused)
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised"])
      })
    )
  )
})
