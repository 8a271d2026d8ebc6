/**
 * Loads the packages in `TOCSIN_PLUGINS`, which are installed beside the gateway or in a separate folder.
 */
import { ChannelPlugin } from "@tocsin/core"
import { builtIn as builtInSources, type Source } from "@tocsin/sources"
import { Effect, Layer, type Option, Predicate, Schema } from "effect"
import { resolve as resolveFrom } from "import-meta-resolve"
import { registerHooks } from "node:module"
import { firstLine } from "./firstLine.ts"
import { faultOf, guarded, isMeantAsSource, isSource } from "./outsideSource.ts"
import { checkFits, locate, refused } from "./pluginPackage.ts"
import { builtIn, builtInPackages, type Packages, type Plugins } from "./Plugins.ts"
import { Settings, type StartRefused } from "./settings/Settings.ts"

/** Channel plugins and sources, and the packages that they come from. */
export interface LoadedPlugins {
  readonly plugins: Plugins
  /** The sources of other packages. */
  readonly sources: ReadonlyArray<Source>
  readonly packages: Packages
}

/** The built-in plugins, and the plugins and sources of the settings; fails if one of them cannot be loaded. */
export const loadPlugins: Effect.Effect<LoadedPlugins, StartRefused, Settings> = Effect.gen(function* () {
  const { plugins: names, pluginsDir } = yield* Settings
  if (names.length === 0) return { plugins: builtIn, sources: [], packages: builtInPackages }
  shareCore()
  const packages = new Map(builtInPackages)
  const found = new Map<string, { readonly plugin: Plugins[number]; readonly name: string }>()
  for (const plugin of [...builtIn].filter(isPlugin)) found.set(plugin.type, { plugin, name: "the gateway itself" })
  const sources = new Map<string, { readonly source: Source; readonly name: string }>()
  for (const source of builtInSources) sources.set(source.type, { source, name: "the gateway itself" })
  for (const name of names) {
    const loaded = yield* load(name, pluginsDir)
    for (const plugin of loaded.plugins) {
      const other = found.get(plugin.type)
      if (other !== undefined) {
        return yield* refused(
          name,
          `it serves the type ${plugin.type}, and so does ${other.name}: leave one of them out`
        )
      }
      found.set(plugin.type, { plugin, name })
      packages.set(plugin, { name, version: loaded.version })
    }
    for (const source of loaded.sources) {
      const other = sources.get(source.type)
      if (other !== undefined) {
        return yield* refused(
          name,
          `it reads the source ${source.type}, and so does ${other.name}: leave one of them out`
        )
      }
      const outside = guarded(source)
      sources.set(source.type, { source: outside, name })
      packages.set(outside, { name, version: loaded.version })
    }
  }
  return {
    plugins: [...found.values()].map(({ plugin }) => plugin),
    sources: [...sources.values()].map(({ source }) => source).slice(builtInSources.length),
    packages
  }
})

/**
 * Gives plugins the gateway's core, sources and effect, even if they are installed with their own, so that there is one
 * copy of each.
 */
const shareCore = () =>
  registerHooks({
    resolve: (specifier, context, next) =>
      /^(effect|@tocsin\/(core|sources))(\/|$)/.test(specifier)
        ? next(specifier, { ...context, parentURL: import.meta.url })
        : next(specifier, context)
  })

/** The plugins and sources that a package exports, and its version. */
const load = Effect.fnUntraced(function* (name: string, pluginsDir: Option.Option<string>) {
  const { manifest, parent } = yield* locate(name, pluginsDir)
  const version = yield* checkFits(name, manifest)
  const url = yield* Effect.try({
    try: () => resolveFrom(name, parent),
    catch: () =>
      refused(
        name,
        `${manifest} exports nothing that can be imported by the package's name. Install a version whose package.json has it: "exports": { ".": "./dist/index.js" }`
      )
  })
  const notLoaded = (why: string) =>
    refused(
      name,
      `it fails as it is loaded: ${why}. Install it again, with its dependencies, or another version of it; without it in TOCSIN_PLUGINS the gateway starts`
    )
  const exported: object = yield* Effect.tryPromise({
    try: () => import(url),
    catch: (error) => notLoaded(firstLine(error))
  }).pipe(
    // A module may await something for ever.
    Effect.timeoutOrElse({ duration: loadTimeout, orElse: () => notLoaded("it is not done after ten seconds") })
  )
  const values = new Set(Object.values(exported))
  if ([...values].some(isOfAnotherCore)) {
    return yield* refused(
      name,
      "it was made with a copy of @tocsin/core that it brings along. Its author must leave @tocsin/core and effect out of the bundle, and name them in its peerDependencies: install a version that does"
    )
  }
  const plugins = [...values].filter(isPlugin)
  for (const plugin of plugins) {
    const missing = Object.entries(declared).find(([field, isField]) => !isField(Reflect.get(plugin, field)))?.[0]
    if (missing === undefined) continue
    return yield* refused(
      name,
      `its plugin of the type ${plugin.type} declares no ${missing}, or none that fits. Install a version of it that passes the conformance kit of @tocsin/core`
    )
  }
  const meant = [...values].filter(isMeantAsSource)
  const fault = meant.map(faultOf).find((fault) => fault !== undefined)
  if (fault !== undefined) {
    return yield* refused(
      name,
      `it ${fault}. Install a version of it that passes the conformance suite of @tocsin/sources`
    )
  }
  const sources = meant.filter(isSource)
  if (plugins.length + sources.length > 0) return { plugins, sources, version }
  return yield* refused(
    name,
    "it exports no channel plugin, that is no class made by ChannelPlugin.Service with a static layer, and no source, that is no object with type, title and decode"
  )
})

const loadTimeout = "10 seconds"

/** The declarations that the gateway reads at the start; an author without types could omit them. */
const declared: { readonly [field: string]: (value: unknown) => boolean } = {
  title: Predicate.isString,
  settings: Schema.isSchema,
  settingsVersion: Number.isInteger,
  example: Predicate.isObject,
  setup: Array.isArray,
  rateLimits: Predicate.isFunction,
  sizes: (value) => Predicate.hasProperty(value, "text") && Predicate.isNumber(value.text),
  capabilities: Predicate.isObject
}

const isPlugin = (value: unknown): value is Plugins[number] =>
  ChannelPlugin.isChannelPlugin(value) && Predicate.hasProperty(value, "layer") && Layer.isLayer(value.layer)

const isOfAnotherCore = (value: unknown) =>
  !ChannelPlugin.isChannelPlugin(value) &&
  Predicate.hasProperty(value, "key") &&
  String(value.key).startsWith("@tocsin/core/ChannelPlugin/")
