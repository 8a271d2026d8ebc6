// Writes what each published package offers to others, one file a package, so that a change of it is seen in review.
// With --check it says which files are not as they would be written.
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, dirname, join, normalize } from "node:path"

/** The declarations that can be reached from one file, without their comments. */
const reachable = (file, seen = new Map()) => {
  if (seen.has(file)) return seen
  const text = readFileSync(file, "utf8")
  seen.set(file, text.replace(/^\s*\/\*\*[^]*?\*\/\n/gm, "").replace(/^\/\/# .*\n?/gm, ""))
  for (const [, path] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)\.(?:js|ts)"/g)) {
    reachable(normalize(join(dirname(file), `${path}.d.ts`)), seen)
  }
  return seen
}

const stale = []
mkdirSync("api", { recursive: true })
for (const manifest of globSync("{packages,apps}/*/package.json").sort()) {
  const folder = dirname(manifest)
  const { exports, name } = JSON.parse(readFileSync(manifest, "utf8"))
  const entries = Object.entries(exports).flatMap(([path, { types }]) => (types === undefined ? [] : [[path, types]]))
  // What the client offers is the API, as docs/reference/api.md lists it; the compiler writes its unions in no fixed order.
  if (entries.length === 0 || name === "@tocsin/client") continue
  const sections = entries.map(([path, types]) => {
    const files = [...reachable(normalize(join(folder, types)))].sort(([a], [b]) => (a < b ? -1 : 1))
    const parts = files.map(([file, text]) => `// ${file.slice(folder.length + "/dist/".length)}\n${text.trim()}\n`)
    return `# ${join(name, path)}\n\n${parts.join("\n")}`
  })
  const report = join("api", `${name.replace("@", "").replace("/", "-")}.txt`)
  const wanted = sections.join("\n")
  if (!process.argv.includes("--check")) writeFileSync(report, wanted)
  else if (!globSync(report).includes(report) || readFileSync(report, "utf8") !== wanted) stale.push(basename(report))
}
if (stale.length > 0) {
  console.error(
    `The public API changed: ${stale.join(", ")}. Run npx -y pnpm@12 api, read the difference, and commit it.`
  )
  process.exitCode = 1
}
