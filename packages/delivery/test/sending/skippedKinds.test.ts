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
  pass,
  raise,
  rule,
  save,
  tick
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"

/** A channel that pages people, and has no message for what is over. */
const pagerOf = (sent: Array<string>, first: Effect.Effect<void> = Effect.void) => {
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
        deliver: (_, { _tag }) =>
          Effect.suspend(() => {
            sent.push(_tag)
            return Effect.as(sent.length === 1 ? first : Effect.void, {})
          }),
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

  it.effect("is followed by the clear, where the raise may have arrived", () =>
    Effect.suspend(() => {
      const sent: Array<string> = []
      return Effect.gen(function* () {
        yield* save(integration("ops", { type: "pager", settings: {} }), rule("all"))
        yield* raise("a")
        yield* pass("5 seconds")
        yield* clear("a")
        // The raise gets no answer in time.
        yield* pass("1 minute")
        assert.deepStrictEqual(yield* outcomes, [`RaisedAndCleared ${skipped}`, "Cleared delivered"])
        assert.deepStrictEqual(sent, ["Raised", "Cleared"])
      }).pipe(Effect.provide(engine(new Script(), { plugins: pagerOf(sent, Effect.never) })))
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
