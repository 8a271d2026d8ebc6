/**
 * A program that loads plugins as a gateway does, once for each of the settings in its argument, and prints why each start
 * is refused. Node loads the packages here, and vitest nowhere.
 */
import { ConfigProvider, Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { loadPlugins } from "../../src/startup/loadPlugins.ts"
import { Settings } from "../../src/startup/settings/Settings.ts"

interface Case {
  readonly settings: { readonly [name: string]: string }
  /** Whether the package is never loaded: time passes until the gateway gives up. */
  readonly hangs: boolean
}

const sentence = ({ hangs, settings }: Case) =>
  Effect.gen(function* () {
    const loading = yield* Effect.forkChild(Effect.flip(loadPlugins))
    while (loading.pollUnsafe() === undefined) {
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      if (hangs) yield* TestClock.adjust("1 second")
    }
    return (yield* Fiber.join(loading)).message
  }).pipe(
    Effect.provide(Settings.layer.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(settings))))),
    Effect.catchTag("StartRefused", ({ message }) => Effect.succeed(message)),
    Effect.provide(TestClock.layer())
  )

const cases: ReadonlyArray<Case> = JSON.parse(process.argv[2] ?? "[]")
const sentences = await Effect.runPromise(Effect.forEach(cases, sentence))
process.stdout.write(JSON.stringify(sentences), () => process.exit())
