import { assert, it } from "@effect/vitest"
import { PluginRegistry } from "@tocsin/delivery"
import { Effect, Layer } from "effect"
import { deliveries, engine, integration, pass, raise, rule, save } from "../harness/engine.ts"
import { Fake, Script } from "../harness/FakeChannel.ts"

class Slow extends Fake {
  static override readonly timeout = 30
}

class Endless extends Fake {
  static override readonly timeout = 600
}

const attempts = (plugin: typeof Fake, delivery?: { readonly timeout: number }) =>
  Effect.suspend(() => {
    const script = new Script()
    script.next("ops", "hang")
    const plugins = PluginRegistry.layer([plugin]).pipe(Layer.provide(script.layer))
    return Effect.gen(function* () {
      yield* save(integration("ops", delivery && { delivery }), rule("all"))
      yield* raise("a")
      yield* pass("2 minutes")
      const [{ transitions } = { transitions: [] }] = yield* deliveries
      const [sending, failed] = transitions.slice(1)
      return failed !== undefined && sending !== undefined && (failed.at - sending.at) / 1000
    }).pipe(Effect.provide(engine(script, { plugins })))
  })

it.effect.each([
  ["10 seconds where the plugin declares no timeout", Fake, undefined, 10],
  ["as long as the plugin declares", Slow, undefined, 30],
  ["a minute where the plugin declares more", Endless, undefined, 60],
  ["as long as the integration says, whatever the plugin declares", Slow, { timeout: 20 }, 20]
] as const)("An attempt may take %s", ([, plugin, delivery, seconds]) =>
  Effect.gen(function* () {
    assert.strictEqual(yield* attempts(plugin, delivery), seconds)
  })
)
