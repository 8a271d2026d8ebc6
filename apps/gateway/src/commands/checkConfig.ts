/**
 * `tocsin check-config`: checks whether a gateway could start with these settings.
 */
import { checkStore, Sqlite, storeProblem } from "@tocsin/delivery"
import { Console, Effect, Layer, Option, Result } from "effect"
import { Command } from "effect/cli"
import { SqlError } from "effect/sql"
import { accessSync, constants, existsSync } from "node:fs"
import { dirname, resolve } from "node:path"
import * as Certificate from "../server/Certificate.ts"
import * as Egress from "../startup/Egress.ts"
import { loadPlugins } from "../startup/loadPlugins.ts"
import * as Plugins from "../startup/Plugins.ts"
import * as Key from "../startup/SealKey.ts"
import { Settings, StartRefused } from "../startup/settings/Settings.ts"
import * as Store from "../startup/Store.ts"

/** Runs the checks of a start, without serving, migrating or creating a file. */
export const checkConfig = Command.make("check-config", {}, () => Effect.provide(check, Settings.layer)).pipe(
  Command.withDescription(
    "Checks the settings, the plugins, the key and the store as a start does, and starts nothing. Ends with 0 if a gateway could start."
  )
)

const check = Effect.gen(function* () {
  const { key, keyFile, store, tlsCert, tlsKey } = yield* Settings
  const tls = Option.all({ cert: tlsCert, key: tlsKey })
  if (Option.isSome(tls)) {
    yield* Effect.mapError(Certificate.read(tls.value), ({ message }) => new StartRefused({ message }))
  }
  const { packages, plugins, sources } = yield* loadPlugins
  yield* Effect.scoped(Layer.build(Layer.provide(Plugins.layer(plugins), Egress.layer)))
  const isNew = store._tag === "Sqlite" && !existsSync(store.file)
  // Otherwise the first start makes the key.
  const hasKey = !isNew || Option.isSome(key) || Option.isSome(keyFile)
  if (hasKey) yield* Effect.scoped(Layer.build(Key.layer))
  const state = isNew ? yield* creatable(store.file) : yield* opened(store)
  const described = plugins.map((plugin) => Plugins.describePlugin(plugin, packages)).join(", ")
  const others = sources.map((source) => Plugins.describePlugin(source, packages)).join(", ")
  const read = others === "" ? "" : ` and the sources ${others}`
  yield* Console.log(
    `A gateway can start, with its data in ${store.shown}, ${state}, and the plugins ${described}${read}.`
  )
})

const creatable = (file: string) =>
  Effect.try({
    try: () => file === ":memory:" || accessSync(`${existing(resolve(file))}/.`, constants.W_OK),
    catch: () => new StartRefused({ message: `${file} cannot be created, because its folder cannot be written.` })
  }).pipe(Effect.as("which the first start makes"))

const existing = (path: string): string => (existsSync(path) ? path : existing(dirname(path)))

const opened = Effect.fnUntraced(function* (store: Settings["Service"]["store"]) {
  if (store._tag === "Postgres") {
    yield* Effect.scoped(Effect.provide(checkStore, Layer.merge(Store.layer(store), Key.layer)))
    return "which can be reached"
  }
  const result = yield* checkStore.pipe(
    Effect.provide(Layer.merge(Sqlite.layer(store.file), Key.layer)),
    Effect.scoped,
    Effect.result
  )
  if (Result.isSuccess(result)) return "which can be opened"
  // It is locked because a gateway runs on it.
  return SqlError.isSqlError(result.failure) && storeProblem(result.failure) === "Locked"
    ? "which a gateway is using"
    : yield* Effect.fail(result.failure)
})
