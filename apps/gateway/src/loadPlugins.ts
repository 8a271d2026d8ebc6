/**
 * Loads the plugins that `TOCSIN_PLUGINS` names: packages that their authors
 * published, installed beside the gateway or into a folder of their own.
 */
import { Effect, Layer, Option, Predicate, Schema } from "effect"
import { resolve as resolveFrom } from "import-meta-resolve"
import { readFileSync } from "node:fs"
import { findPackageJSON, registerHooks } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { satisfies } from "semver"
import { builtIn, type Plugins } from "./Plugins.ts"
import { Settings, StartRefused } from "./Settings.ts"

/** The built-in plugins, and those of the settings; refuses to start when one of them cannot be had. */
export const loadPlugins: Effect.Effect<Plugins, StartRefused, Settings> = Effect.gen(function* () {
  const { plugins: names, pluginsDir } = yield* Settings
  if (names.length === 0) return builtIn
  shareCore()
  const from = [...Option.toArray(pluginsDir), process.cwd()].map((dir) => pathToFileURL(join(dir, "-")).href)
  const found = new Map<string, { readonly plugin: Plugins[number]; readonly name: string }>()
  for (const plugin of [...builtIn].filter(isPlugin)) found.set(plugin.type, { plugin, name: "the gateway itself" })
  for (const name of names) {
    const url = yield* locate(name, [...from, import.meta.url])
    yield* checkFits(name, url)
    const exported: object = yield* Effect.tryPromise({
      try: () => import(url),
      catch: (error) => refused(name, `it cannot be loaded: ${words(error)}`)
    })
    const plugins = new Set(Object.values(exported).filter(isPlugin))
    if (plugins.size === 0) {
      return yield* refused(
        name,
        "it exports no channel plugin, that is no class made by ChannelPlugin.Service with a static layer"
      )
    }
    for (const plugin of plugins) {
      const other = found.get(plugin.type)
      if (other !== undefined) {
        return yield* refused(
          name,
          `it serves the type ${plugin.type}, and so does ${other.name}: leave one of them out`
        )
      }
      found.set(plugin.type, { plugin, name })
    }
  }
  return [...found.values()].map(({ plugin }) => plugin)
})

/** A plugin may be installed with a core and an effect of its own: it gets the gateway's, so that there is one of each. */
const shareCore = () =>
  registerHooks({
    resolve: (specifier, context, next) =>
      /^(effect|@tocsin\/core)(\/|$)/.test(specifier)
        ? next(specifier, { ...context, parentURL: import.meta.url })
        : next(specifier, context)
  })

const locate = (name: string, from: ReadonlyArray<string>): Effect.Effect<string, StartRefused> =>
  Effect.firstSuccessOf(from.map((parent) => Effect.try(() => resolveFrom(name, parent)))).pipe(
    Effect.mapError(() =>
      refused(
        name,
        "it is not installed. Install it with npm where the gateway runs, or in the folder that TOCSIN_PLUGINS_DIR names"
      )
    )
  )

/** Whether the package was made for the core and the effect that this gateway has. */
const checkFits = Effect.fnUntraced(function* (name: string, url: string) {
  const { peerDependencies = {} } = yield* manifest(name, name, url)
  for (const shared of ["@tocsin/core", "effect"]) {
    const { version } = yield* manifest(name, shared, import.meta.url)
    const wanted = peerDependencies[shared]
    if (wanted === undefined || satisfies(version, wanted, { includePrerelease: true })) continue
    return yield* refused(
      name,
      `it was made for ${shared} ${wanted}, and this gateway has ${version}: install a version of it for ${version}, or another gateway`
    )
  }
})

const manifest = (name: string, of: string, from: string) =>
  Effect.try({
    try: () => decodeManifest(readFileSync(findPackageJSON(of === name ? from : of, from) ?? "", "utf8")),
    catch: () => refused(name, `the package.json of ${of} cannot be read`)
  })

const decodeManifest = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      version: Schema.String,
      peerDependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
    })
  )
)

const isPlugin = (value: unknown): value is Plugins[number] =>
  Predicate.isFunction(value) &&
  Predicate.hasProperty(value, "key") &&
  String(value.key).startsWith("@tocsin/core/ChannelPlugin/") &&
  Predicate.hasProperty(value, "layer") &&
  Layer.isLayer(value.layer)

const refused = (name: string, why: string) => new StartRefused({ message: `TOCSIN_PLUGINS: ${name}: ${why}.` })

const words = (error: unknown): string =>
  Predicate.hasProperty(error, "message") ? String(error.message) : String(error)
