import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin, HttpChannel } from "@tocsin/core"
import { PluginRegistry } from "@tocsin/delivery"
import { Clock, Effect, Layer, Schema } from "effect"
import { engine, integration, pass, raise, rule, save } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"

/** A plugin that makes several requests for each message, and accepts a request a second. */
const pluginOf = (requests: number, sentAt: Array<number>) => {
  class Chain extends ChannelPlugin.Service<Chain>()("chain", {
    title: "Chain",
    settings: Schema.Struct({}),
    settingsVersion: 1,
    example: {},
    setup: [],
    rateLimits: () => [{ key: "chain", messages: 1, perSeconds: 1, burst: 1 }],
    sizes: { text: 4000 },
    capabilities: { digest: false }
  }) {
    static readonly layer = Layer.succeed(
      Chain,
      Chain.of({
        destination: () => "https://chain.example.com/",
        deliver: () =>
          Effect.gen(function* () {
            const counter = yield* HttpChannel.RequestCounter
            counter.made += requests
            sentAt.push(yield* Clock.currentTimeMillis)
            return {}
          })
      })
    )
  }
  return PluginRegistry.layer([Chain]).pipe(Layer.provide(Chain.layer))
}

describe("A message of several requests", () => {
  it.effect.each([[1], [3]])("counts each of its %i requests against the rate limits (B3)", ([requests]) =>
    Effect.gen(function* () {
      const sentAt: Array<number> = []
      yield* Effect.gen(function* () {
        yield* save(integration("ops", { type: "chain", settings: {} }), rule("all"))
        for (const id of ["1", "2", "3"]) yield* raise(id)
        for (let second = 0; second < 12; second++) yield* pass("1 second")
      }).pipe(Effect.provide(engine(new Script(), { plugins: pluginOf(requests, sentAt) })))
      const [first = 0, second = 0, third = 0] = sentAt
      assert.lengthOf(sentAt, 3)
      assert.deepStrictEqual([second - first, third - second], [requests * 1000, requests * 1000])
    })
  )
})
