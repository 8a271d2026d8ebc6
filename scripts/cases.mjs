// Checks docs/internals/cases.md: every case of the guarantees is in its table, and every test that it names exists.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

const docs = "docs/internals"
const table = readFileSync(join(docs, "cases.md"), "utf8")
const guarantees = readFileSync("docs/reference/guarantees.md", "utf8")

const rows = [...table.matchAll(/^\| (\w+) +\| (.*?) +\| \[`[^`]*`\]\(([^)]*)\) +\|$/gm)]
const listed = new Set([...guarantees.matchAll(/^- \*\*([A-Z]\d*)\*\*/gm)].map(([, name]) => name))
const shown = new Set(rows.map(([, name]) => name))

const problems = [...listed].filter((name) => !shown.has(name)).map((name) => `${name}: cases.md names no test for it.`)
if (listed.size < 30 || rows.length < listed.size) {
  problems.push(`Only ${listed.size} cases and ${rows.length} rows were found: the pages changed their form.`)
}
for (const [, name, test, file] of rows) {
  const path = join(docs, file)
  if (!existsSync(path)) problems.push(`${name}: there is no ${path}.`)
  else if (!readFileSync(path, "utf8").includes(test)) problems.push(`${name}: ${path} has no test "${test}".`)
}

if (problems.length > 0) {
  console.error(problems.join("\n"))
  process.exitCode = 1
}
