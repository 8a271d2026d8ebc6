/**
 * Finds the packages of plugins, and checks that they were made for this gateway.
 */
import { Effect, Option, Schema } from "effect"
import { readFileSync } from "node:fs"
import { findPackageJSON } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { satisfies } from "semver"
import { StartRefused } from "./settings/Settings.ts"

/** Finds a package's package.json, and the folder from which Node resolves the package by its name. */
export const locate = Effect.fnUntraced(function* (name: string, pluginsDir: Option.Option<string>) {
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
export const checkFits = Effect.fnUntraced(function* (name: string, manifest: string) {
  const { peerDependencies = {}, version: own = "of no version" } = yield* readManifest(name, manifest)
  for (const shared of ["@tocsin/core", "@tocsin/sources", "effect"]) {
    const { version = "" } = yield* readManifest(name, findPackageJSON(shared, import.meta.url))
    const wanted = peerDependencies[shared]
    // Only sources need it.
    if (wanted === undefined && shared === "@tocsin/sources") continue
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

/** Refuses the start because of a package in `TOCSIN_PLUGINS`. */
export const refused = (name: string, why: string) => new StartRefused({ message: `TOCSIN_PLUGINS: ${name}: ${why}.` })
