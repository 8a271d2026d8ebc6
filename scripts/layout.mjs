// Checks the layout of the sources: imports run downwards through the folders below, no folder holds more than 20 source
// files, and no source file has more than 300 lines. Import circles are oxlint's `import/no-cycle`.
import { globSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"

/** The folders of each package from the top down; "" is the package's own folder, `api/access` is a part of `api`. */
const layers = {
  "packages/delivery/src": [
    "",
    "commands",
    "sending",
    "planning",
    "history",
    "stores",
    "config",
    "records",
    "cluster",
    "domain",
    "sql",
    "metrics"
  ],
  "apps/gateway/src": ["", "commands", "api", "server", "startup"]
}

const mostFiles = 20
const mostLines = 300

const problems = []
const sources = globSync("{packages,apps}/*/src/**/*.{ts,tsx}").sort()

const folders = Map.groupBy(sources, dirname)
for (const [folder, files] of folders) {
  if (files.length > mostFiles) problems.push(`${folder}: ${files.length} source files, at most ${mostFiles}.`)
}

for (const file of sources) {
  const text = readFileSync(file, "utf8")
  const lines = text.trimEnd().split("\n").length
  if (lines > mostLines) problems.push(`${file}: ${lines} lines, at most ${mostLines}.`)
  for (const [root, order] of Object.entries(layers)) {
    if (!file.startsWith(`${root}/`)) continue
    const layer = (path) => {
      const [folder] = relative(root, dirname(path)).split("/")
      const at = order.indexOf(folder)
      if (at === -1) problems.push(`${path}: ${folder} is not in the list of layers in scripts/layout.mjs.`)
      return at
    }
    for (const [, path] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const imported = join(dirname(file), path)
      if (imported.startsWith(`${root}/`) && layer(imported) < layer(file)) {
        problems.push(`${file}: imports ${relative(root, imported)}, which is above it.`)
      }
    }
  }
}

if (problems.length > 0) {
  console.error(problems.join("\n"))
  process.exitCode = 1
}
