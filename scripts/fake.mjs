// Starts the fake of a plugin's service: node --conditions=@tocsin/source scripts/fake.mjs slack [--port N]
// Without a name it lists all fakes.
import { globSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

const root = join(import.meta.dirname, "..")
const programs = new Map(
  globSync("packages/plugin-*/src/bin.ts", { cwd: root }).map((file) => [
    /plugin-([^/\\]+)/.exec(file)[1],
    pathToFileURL(join(root, file)).href
  ])
)
const names = [...programs.keys()].toSorted((a, b) => a.localeCompare(b)).join(", ")
const [name, ...options] = process.argv.slice(2)
const program = programs.get(name)
if (name === undefined) {
  console.log(`There are fakes of: ${names}.`)
} else if (program === undefined) {
  console.error(`There is no fake of "${name}". There are: ${names}.`)
  process.exitCode = 2
} else {
  process.argv.splice(2, Infinity, "fake", ...options)
  await import(program)
}
