import { Effect } from "effect"
import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { extname, join, relative, sep } from "node:path"

/** A file of the console, both uncompressed and as it was compressed by the build. */
export interface SiteFile {
  readonly contentType: string
  readonly etag: string
  /** Whether its name contains a hash of its content. */
  readonly isHashed: boolean
  readonly bytes: Uint8Array
  readonly br: Uint8Array | undefined
  readonly gzip: Uint8Array | undefined
}

/** The console's files by their paths below its folder, with `/` between. */
export type SiteFiles = ReadonlyMap<string, SiteFile>

const contentTypes = new Map([
  [".html", "text/html; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".css", "text/css; charset=utf-8"],
  [".svg", "image/svg+xml"]
])

/**
 * Reads all files of the folder at once, so that a build while the gateway runs does not mix versions; none if it was
 * not built.
 */
export const readSite = (folder: string): Effect.Effect<SiteFiles> =>
  Effect.promise(async () => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
    const files = new Map<string, Uint8Array>()
    for (const entry of entries) {
      const file = join(entry.parentPath, entry.name)
      if (entry.isFile()) files.set(relative(folder, file).split(sep).join("/"), await readFile(file))
    }
    const site = new Map<string, SiteFile>()
    for (const [path, bytes] of files) {
      const contentType = contentTypes.get(extname(path))
      if (contentType === undefined) continue
      site.set(path, {
        contentType,
        etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
        isHashed: path.startsWith("assets/"),
        bytes,
        br: files.get(`${path}.br`),
        gzip: files.get(`${path}.gz`)
      })
    }
    return site
  })
