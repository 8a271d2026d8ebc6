import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin, DeliveryError, Unauthorized } from "@tocsin/core"
import { PluginRegistry } from "@tocsin/delivery"
import { Effect, Layer, Schema } from "effect"
import { engine, integration, outcomes, pass, raise, rule, save, tick } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"

type Call = "deliver" | "verify"

/** A channel whose credential is refused in its first two calls; some of its settings can be verified. */
const channelOf = (calls: Array<Call>) => {
  class Channel extends ChannelPlugin.Service<Channel>()("channel", {
    title: "Channel",
    settings: Schema.Struct({ form: Schema.Literals(["bot", "webhook", "spoilt"]) }),
    settingsVersion: 1,
    example: {},
    setup: [],
    rateLimits: () => [{ key: "channel", messages: 100_000, perSeconds: 60, burst: 100_000 }],
    sizes: { text: 4000 },
    capabilities: { verify: true }
  }) {}
  const call = (made: Call) =>
    Effect.suspend(() =>
      calls.push(made) <= 2
        ? Effect.fail(new DeliveryError({ reason: new Unauthorized({ detail: "token_revoked" }) }))
        : Effect.void
    )
  const layer = Layer.succeed(
    Channel,
    Channel.of({
      deliver: () => Effect.as(call("deliver"), {}),
      destination: () => "https://channel.example.com/",
      verify: ({ form }) => {
        if (form === "spoilt") throw new Error("A bug")
        return form === "bot" ? call("verify") : undefined
      }
    })
  )
  return PluginRegistry.layer([Channel]).pipe(Layer.provide(layer))
}

describe("A broken integration", () => {
  it.effect.each([
    [
      "bot",
      "asked every five minutes, and gets its messages once it works",
      ["deliver", "verify", "verify", "deliver"]
    ],
    ["webhook", "given a message every five minutes, because it cannot be asked", ["deliver", "deliver", "deliver"]],
    ["spoilt", "given a message every five minutes, because its plugin throws", ["deliver", "deliver", "deliver"]]
  ] as const)("of the form %s is %s", ([form, , expected]) =>
    Effect.suspend(() => {
      const calls: Array<Call> = []
      return Effect.gen(function* () {
        yield* save(integration("ops", { type: "channel", settings: { form } }), rule("all"))
        yield* raise("a")
        yield* tick
        yield* pass("11 minutes")
        assert.deepStrictEqual(calls, [...expected])
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered"])
      }).pipe(Effect.provide(engine(new Script(), { plugins: channelOf(calls) })))
    })
  )
})
