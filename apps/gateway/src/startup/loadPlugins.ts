/**
 * Loads the packages in `TOCSIN_PLUGINS`, which are installed beside the gateway or in a separate folder.
 */
import { ChannelPlugin } from "@tocsin/core"
import { Effect, Layer, Option, Predicate, Schema } from "effect"
import { resolve as resolveFrom } from "import-meta-resolve"
import { readFileSync } from "node:fs"
import { findPackageJSON, registerHooks } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { satisfies } from "semver"
import { firstLine } from "./firstLine.ts"
import { builtIn, builtInPackages, type Packages, type Plugins } from "./Plugins.ts"
import { Settings, StartRefused } from "./Settings.ts"

/** Plugins, and the packages that they come from. */
export interface LoadedPlugins {
  readonly plugins: Plugins
  readonly packages: Packages
}

/** The built-in plugins, and those of the settings; fails if one of them cannot be loaded. */
export const loadPlugins: Effect.Effect<LoadedPlugins, StartRefused, Settings> = Effect.gen(function* () {
  const { plugins: names, pluginsDir } = yield* Settings
  if (names.length === 0) return { plugins: builtIn, packages: builtInPackages }
  shareCore()
  const packages = new Map(builtInPackages)
  const found = new Map<string, { readonly plugin: Plugins[number]; readonly name: string }>()
  for (const plugin of [...builtIn].filter(isPlugin)) found.set(plugin.type, { plugin, name: "the gateway itself" })
  for (const name of names) {
    const { plugins, version } = yield* load(name, pluginsDir)
    for (const plugin of plugins) {
      const other = found.get(plugin.type)
      if (other !== undefined) {
        return yield* refused(
          name,
          `it serves the type ${plugin.type}, and so does ${other.name}: leave one of them out`
        )
      }
      found.set(plugin.type, { plugin, name })
      packages.set(plugin, { name, version })
    }
  }
  return { plugins: [...found.values()].map(({ plugin }) => plugin), packages }
})

/**
 * Gives plugins the gateway's core and effect, even if they are installed with their own, so that there is one copy of
 * each.
 */
const shareCore = () =>
  registerHooks({
    resolve: (specifier, context, next) =>
      /^(effect|@tocsin\/core)(\/|$)/.test(specifier)
        ? next(specifier, { ...context, parentURL: import.meta.url })
        : next(specifier, context)
  })

/** The plugins that a package exports, and its version. */
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
  if (plugins.length > 0) return { plugins, version }
  return yield* refused(
    name,
    "it exports no channel plugin, that is no class made by ChannelPlugin.Service with a static layer"
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

/** Finds a package's package.json, and the folder from which Node resolves the package by its name. */
const locate = Effect.fnUntraced(function* (name: string, pluginsDir: Option.Option<string>) {
  const folders = [...Option.toArray(pluginsDir).flatMap((dir) => [dir, join(dir, name)]), process.cwd()]
  for (const parent of [...folders.map((folder) => pathToFileURL(join(folder, "-")).href), import.meta.url]) {
    const manifest = findManifest(name, parent)
    if (manifest !== undefined) return { manifest, parent }
  }
  return yield* refused(
    name,
    `it is not installed: not in ${folders.join(", ")}, nor with the gateway. Install it with npm where the gateway runs, or in the folder that TOCSIN_PLUGINS_DIR names`
  )
})

const findManifest = (name: string, parent: string) => {
  try {
    return findPackageJSON(name, parent)
  } catch {
    return undefined
  }
}

/** Refuses a package that was made for a core or effect other than this gateway's; returns the package's version. */
const checkFits = Effect.fnUntraced(function* (name: string, manifest: string) {
  const { peerDependencies = {}, version: own = "of no version" } = yield* readManifest(name, manifest)
  for (const shared of ["@tocsin/core", "effect"]) {
    const { version = "" } = yield* readManifest(name, findPackageJSON(shared, import.meta.url))
    const wanted = peerDependencies[shared]
    if (wanted === undefined) {
      return yield* refused(
        name,
        `it does not say which ${shared} it was made for, and this gateway has ${version}. Its author must name ${shared} in its peerDependencies: install a version that does`
      )
    }
    if (satisfies(version, wanted, { includePrerelease: true })) continue
    return yield* refused(
      name,
      `it was made for ${shared} ${wanted}, and this gateway has ${version}: install a version of it for ${version}, or another gateway`
    )
  }
  return own
})

const readManifest = (name: string, file = "") =>
  Effect.try({
    try: () => decodeManifest(readFileSync(file, "utf8")),
    catch: () => refused(name, `${file} cannot be read, or is not a package.json. Install the package again`)
  })

const decodeManifest = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      version: Schema.optionalKey(Schema.String),
      peerDependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
    })
  )
)

const isPlugin = (value: unknown): value is Plugins[number] =>
  ChannelPlugin.isChannelPlugin(value) && Predicate.hasProperty(value, "layer") && Layer.isLayer(value.layer)

const isOfAnotherCore = (value: unknown) =>
  !ChannelPlugin.isChannelPlugin(value) &&
  Predicate.hasProperty(value, "key") &&
  String(value.key).startsWith("@tocsin/core/ChannelPlugin/")

const refused = (name: string, why: string) => new StartRefused({ message: `TOCSIN_PLUGINS: ${name}: ${why}.` })
