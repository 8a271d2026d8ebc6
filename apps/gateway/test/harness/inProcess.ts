/**
 * The whole gateway in the test's own process, on a real socket: for everything that a process of its own adds nothing to.
 */
import { Shortcuts } from "@tocsin/delivery"
import { Cause, ConfigProvider, Console, Effect, Exit, Layer, References, Scope } from "effect"
import { format } from "node:util"
import { GatewayEnded, type GatewayProcess } from "../../demo/gatewayProcess.ts"
import * as Gateway from "../../src/Gateway.ts"
import { builtIn, type Plugins } from "../../src/startup/Plugins.ts"
import * as Log from "../../src/startup/log.ts"
import { Settings } from "../../src/startup/settings/Settings.ts"

/** Starts a gateway on a free port with these settings and no others; it stops with the scope. */
export const start = (settings: {
  readonly [name: string]: string
}): Effect.Effect<GatewayProcess, GatewayEnded, Scope.Scope> => startWith(settings, builtIn)

/** Starts one that takes no shortcuts. */
export const startWithoutShortcuts: typeof start = (settings) => startWith(settings, builtIn, false)

/** Starts one with other plugins. */
export const startWith = (
  settings: { readonly [name: string]: string },
  plugins: Plugins,
  takesShortcuts = process.env["TOCSIN_TEST_SHORTCUTS"] !== "off"
): Effect.Effect<GatewayProcess, GatewayEnded, Scope.Scope> =>
  Effect.gen(function* () {
    let printed = ""
    const print = (...line: ReadonlyArray<unknown>) => void (printed += `${format(...line)}\n`)
    const gateway = Gateway.layer({ plugins }).pipe(
      Layer.provide(Settings.layer),
      Layer.provide(Log.layer),
      Layer.provide([
        ConfigProvider.layer(ConfigProvider.fromUnknown({ TOCSIN_PORT: "0", ...settings })),
        Layer.succeed(Console.Console, new Proxy(console, { get: () => print })),
        Layer.succeed(References.TracerEnabled, false),
        Layer.succeed(Shortcuts, takesShortcuts)
      ])
    )
    const scope = yield* Scope.fork(yield* Effect.scope)
    yield* Layer.buildWithMemoMap(gateway, yield* Layer.makeMemoMap, scope).pipe(
      Effect.catchCause((cause) => {
        const error = Cause.squash(cause)
        return Effect.fail(new GatewayEnded(error instanceof Error ? error.message : String(error), 1))
      })
    )
    const [, url = ""] = /listens on (https?:\S+),/.exec(printed) ?? []
    return {
      url,
      pid: process.pid,
      closed: Effect.never,
      printed: () => printed,
      stop: () => Effect.as(Scope.close(scope, Exit.void), 0)
    }
  })
