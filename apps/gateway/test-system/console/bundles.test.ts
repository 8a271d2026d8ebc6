/**
 * What the console is made of: how much a browser loads, and what its sources may know.
 */
import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const consoleFolder = fileURLToPath(new URL("../../../console/", import.meta.url))
const site = join(consoleFolder, "dist/site")

const kilobytes = (files: Iterable<string>): number =>
  [...files].reduce((sum, file) => sum + readFileSync(join(site, `${file}.gz`)).byteLength, 0) / 1000

const scripts = globSync("**/*.js", { cwd: site })

/** A script with all that it imports, not counting what it loads later. */
const withImports = (file: string, seen = new Set<string>()): Set<string> => {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = readFileSync(join(site, file), "utf8")
  for (const [, name] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) withImports(`assets/${name}`, seen)
  return seen
}

const chunk = (name: string): string => scripts.find((file) => file.startsWith(`assets/${name}-`)) ?? "none"

describe("The console's bundles", () => {
  it("load at most 15 kB of JavaScript for the first rows, 270 kB for the first page, 360 kB in all, and 15 kB of CSS", () => {
    const first = new Set(["index", "client", "Alerts"].flatMap((name) => [...withImports(chunk(name))]))
    first.add(chunk("first"))
    assert.isAtMost(kilobytes([chunk("first")]), 15)
    assert.isAtMost(kilobytes(first), 270)
    assert.isAbove(kilobytes(first), 100)
    assert.isAtMost(kilobytes(scripts), 360)
    assert.isAtMost(kilobytes(globSync("**/*.css", { cwd: site })), 15)
  })

  it("contain no source maps, no inline script, and nothing from another host", () => {
    const page = readFileSync(join(site, "index.html"), "utf8")
    assert.notMatch(page.replace(/<script\s+type="application\/json"[^>]*><\/script>/, ""), /<script(?![^>]*\bsrc=)/)
    assert.notMatch(page, /(src|href)="(https?:)?\/\//)
    assert.deepStrictEqual(globSync("**/*.map", { cwd: site }), [])
  })
})

describe("The console's sources", () => {
  const sources = globSync("{app,public,src}/**/*.*", { cwd: consoleFolder })

  const vendors = /slack|hip-?chat|teams|pagerduty|discord|mattermost|telegram|ntfy|google-?chat/i

  it("name no channel's vendor", () => {
    assert.isAbove(sources.length, 50)
    for (const file of sources) {
      assert.notMatch(readFileSync(join(consoleFolder, file), "utf8"), vendors, file)
    }
  })

  it("take every colour from the tokens", () => {
    const sheets = globSync("app/**/*.css", { cwd: consoleFolder }).filter((file) => !file.endsWith("tokens.css"))
    assert.isAbove(sheets.length, 15)
    for (const file of sheets) {
      assert.notMatch(
        readFileSync(join(consoleFolder, file), "utf8"),
        /#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch|light-dark)\(/i,
        file
      )
    }
  })

  it("import the client of the API, and no other package of Tocsin", () => {
    for (const file of sources) {
      for (const [, name] of readFileSync(join(consoleFolder, file), "utf8").matchAll(/"(@tocsin\/[^"]+)"/g)) {
        assert.strictEqual(name, "@tocsin/client", file)
      }
    }
  })
})
