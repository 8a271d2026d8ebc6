import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin, Connector } from "@tocsin/core"
import { Context, Effect, Layer, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import * as Plugins from "../../src/startup/Plugins.ts"

class Sdk extends Context.Service<Sdk, { readonly send: Effect.Effect<void> }>()("acme/Sdk") {}

class Pager extends ChannelPlugin.Service<Pager>()("pager", {
  title: "Pager",
  settings: Schema.Struct({}),
  settingsVersion: 1,
  example: {},
  setup: [],
  rateLimits: () => [],
  sizes: { text: 1000 },
  capabilities: {}
}) {
  static readonly layer = Layer.effect(
    Pager,
    Effect.map(Sdk, ({ send }) => ({ deliver: () => Effect.as(send, {}), destination: () => "sdk://acme" }))
  )
}

describe("The plugins of a gateway", () => {
  it.effect("need only services that a gateway provides", () =>
    Effect.gen(function* () {
      // @ts-expect-error: the layer needs `Sdk`; in JavaScript nobody says so before the start.
      const plugins: Plugins.Plugins = [Pager]
      const { message } = yield* Effect.flip(
        Layer.build(Plugins.layer(plugins).pipe(Layer.provide([FetchHttpClient.layer, Layer.mock(Connector, {})])))
      )
      assert.include(message, "The plugin of the type pager cannot start: Service not found: acme/Sdk")
    }).pipe(Effect.scoped)
  )
})
