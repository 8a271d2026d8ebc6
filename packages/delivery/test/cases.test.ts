import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"

const docs = new URL("../../../docs/internals/", import.meta.url)

describe("docs/reference/guarantees.md", () => {
  const guarantees = readFileSync(new URL("../reference/guarantees.md", docs), "utf8")
  const page = readFileSync(new URL("cases.md", docs), "utf8")
  const rows = [...page.matchAll(/^\| (\w+) +\| (.*?) +\| \[`[^`]*`\]\(([^)]*)\) +\|$/gm)]

  it("names a test for each case that it lists", () => {
    const listed = new Set([...guarantees.matchAll(/^- \*\*([A-Z]\d?)\*\*/gm)].map(([, name]) => name))
    const shown = new Set(rows.map(([, name]) => name))
    assert.isAbove(listed.size, 30)
    assert.deepStrictEqual(
      [...listed].filter((name) => !shown.has(name)),
      []
    )
  })

  it.each(rows.map(([, name = "", test = "", file = ""]) => ({ name, test, file })))(
    "$name: there is $test",
    ({ file, test }) => {
      const path = new URL(file, docs)
      assert.isTrue(existsSync(path), file)
      assert.include(readFileSync(path, "utf8"), test)
    }
  )
})
