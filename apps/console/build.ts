/**
 * Builds the console into a new folder and moves it into place, so that a gateway that starts meanwhile sees the old
 * files or the new ones. With `--if-newer` only when a source is newer than what was built.
 */
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { brotliCompressSync, gzipSync } from "node:zlib"

const root = fileURLToPath(new URL(".", import.meta.url))
const dist = join(root, "dist")
const site = join(dist, "site")

const sources = [
  "{app,public}/**/*.*",
  "index.html",
  "package.json",
  "vite.config.ts",
  "../../packages/{client,core}/src/**/*.ts",
  "../../pnpm-lock.yaml"
]

const isNewer = (): boolean => {
  const built = join(site, "index.html")
  if (!existsSync(built)) return true
  const { mtimeMs } = statSync(built)
  return globSync(sources, { cwd: root }).some((file) => statSync(join(root, file)).mtimeMs > mtimeMs)
}

/** A gateway sends these as they are: compressing costs it nothing. */
const compress = (folder: string): void => {
  for (const name of globSync("**/*.{js,css,html,svg}", { cwd: folder })) {
    const file = join(folder, name)
    const bytes = readFileSync(file)
    writeFileSync(`${file}.br`, brotliCompressSync(bytes))
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
  }
}

if (!process.argv.includes("--if-newer") || isNewer()) {
  console.log("Building the console")
  // Whoever starts this may run tests: what is built is always what is served.
  process.env["NODE_ENV"] = "production"
  const { build } = await import("vite")
  const fresh = join(dist, `site-${process.pid}`)
  const before = join(dist, `before-${process.pid}`)
  mkdirSync(dist, { recursive: true })
  await build({ root, logLevel: "warn", build: { outDir: fresh } })
  compress(fresh)
  if (existsSync(site)) renameSync(site, before)
  renameSync(fresh, site)
  rmSync(before, { recursive: true, force: true })
}
