/**
 * `tocsin check-config`: checks whether a gateway could start with these settings.
 */
import { Sqlite, storeProblem } from "@tocsin/delivery"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Layer, Result } from "effect"
import { Command } from "effect/cli"
import { existsSync } from "node:fs"
import * as Egress from "../startup/Egress.ts"
import { loadPlugins } from "../startup/loadPlugins.ts"
import * as Plugins from "../startup/Plugins.ts"
import * as Key from "../startup/SealKey.ts"
import { Settings } from "../startup/Settings.ts"
import * as Store from "../startup/Store.ts"

/** Runs the checks of a start, without serving, migrating or creating a file. */
export const checkConfig = Command.make("check-config", {}, () => Effect.provide(check, Settings.layer)).pipe(
  Command.withDescription(
    "Checks the settings, the plugins, the key and the store as a start does, and starts nothing. Ends with 0 if a gateway could start."
  )
)

const check = Effect.gen(function* () {
  const { store } = yield* Settings
  const { packages, plugins } = yield* loadPlugins
  yield* Effect.scoped(Layer.build(Layer.provide(Plugins.layer(plugins), Egress.layer)))
  const isNew = store._tag === "Sqlite" && !existsSync(store.file)
  if (!isNew) yield* Effect.scoped(Layer.build(Layer.provide(Key.layer, NodeServices.layer)))
  const state = isNew ? "which the first start makes" : yield* opened(store)
  const described = plugins.map((plugin) => Plugins.describePlugin(plugin, packages)).join(", ")
  yield* Console.log(`A gateway can start, with its data in ${store.shown}, ${state}, and the plugins ${described}.`)
})

const opened = Effect.fnUntraced(function* (store: Settings["Service"]["store"]) {
  if (store._tag === "Postgres") {
    yield* Effect.scoped(Layer.build(Store.layer(store)))
    return "which can be reached"
  }
  const result = yield* Effect.result(Effect.scoped(Layer.build(Sqlite.layer(store.file))))
  if (Result.isSuccess(result)) return "which can be opened"
  // It is locked because a gateway runs on it.
  return storeProblem(result.failure) === "Locked" ? "which a gateway is using" : yield* Effect.fail(result.failure)
})
