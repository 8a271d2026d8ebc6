import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin } from "@tocsin/core"
import { Configuration, PluginRegistry } from "@tocsin/delivery"
import { Effect, Layer, Schema } from "effect"
import {
  clear,
  deliveries,
  engine,
  integration,
  integrationId,
  outcomes,
  raise,
  rule,
  save,
  tick
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"

/** A channel that pages people, and has no message for what is over. */
const pagerOf = (sent: Array<string>) => {
  class Pager extends ChannelPlugin.Service<Pager>()("pager", {
    title: "Pager",
    settings: Schema.Struct({}),
    settingsVersion: 1,
    example: {},
    setup: [],
    rateLimits: () => [{ key: "pager", messages: 100_000, perSeconds: 60, burst: 100_000 }],
    sizes: { text: 4000 },
    capabilities: { skips: ["RaisedAndCleared", "Escalated"] }
  }) {
    static readonly layer = Layer.succeed(
      Pager,
      Pager.of({
        deliver: (_, { _tag }) => Effect.sync(() => (sent.push(_tag), {})),
        destination: () => "https://pager.example.com/"
      })
    )
  }
  return PluginRegistry.layer([Pager]).pipe(Layer.provide(Pager.layer))
}

const skipped = "superseded: the channel has no message for this kind of notification"

describe("A kind of notification that a channel has no message for", () => {
  it.effect("is not sent and not recorded as delivered, and the rest of its conversation is", () =>
    Effect.suspend(() => {
      const sent: Array<string> = []
      return Effect.gen(function* () {
        const pager = integration("ops", { type: "pager", settings: {} })
        yield* save(pager, rule("all"))
        yield* raise("a", { severity: "minor" })
        yield* tick
        yield* raise("a", { severity: "critical" })
        yield* tick
        yield* clear("a")
        yield* tick
        assert.deepStrictEqual(sent, ["Raised", "Cleared"])
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", `Escalated ${skipped}`, "Cleared delivered"])
        assert.isUndefined((yield* deliveries)[1]?.text)
      }).pipe(Effect.provide(engine(new Script(), { plugins: pagerOf(sent) })))
    })
  )

  it.effect("says nothing about the service: the integration has had no success yet", () =>
    Effect.suspend(() => {
      const sent: Array<string> = []
      return Effect.gen(function* () {
        yield* save(integration("ops", { type: "pager", settings: {} }), rule("all"))
        // Both at once: the raise is not sent before its alert clears.
        yield* Effect.all([raise("a"), clear("a")], { concurrency: "unbounded" })
        yield* tick
        assert.deepStrictEqual(yield* outcomes, [`RaisedAndCleared ${skipped}`])
        assert.deepStrictEqual(sent, [])
        const shown = yield* Configuration.use(({ integration }) => integration(integrationId("ops")))
        assert.isUndefined(shown?.lastSuccessAt)
      }).pipe(Effect.provide(engine(new Script(), { plugins: pagerOf(sent) })))
    })
  )
})
