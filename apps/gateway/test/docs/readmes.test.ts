import { assert, it } from "@effect/vitest"
import { settingsTable } from "@tocsin/core/testing"
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { builtIn } from "../../src/startup/Plugins.ts"

const table = /(?<=<!-- settings -->\n\n)[^]*?(?=\n\n<!-- \/settings -->)/

it.each([...builtIn])(
  "the settings in the README of $title are those of its schema (UPDATE_DOCS=1 writes them)",
  (plugin) => {
    const file = fileURLToPath(new URL(`../../../../packages/plugin-${plugin.type}/README.md`, import.meta.url))
    const readme = readFileSync(file, "utf8")
    if (process.env["UPDATE_DOCS"] !== undefined) {
      writeFileSync(
        file,
        readme.replace(table, () => settingsTable(plugin))
      )
      execFileSync("oxfmt", [file])
      return
    }
    assert.strictEqual(unaligned(table.exec(readme)?.[0] ?? "none"), unaligned(settingsTable(plugin)))
  }
)

it("the guide for authors and core's README quote the example as it is", () => {
  const hello = readFileSync(new URL("../../../../examples/plugin-hello/src/Hello.ts", import.meta.url), "utf8").trim()
  for (const page of ["docs/plugins/writing-a-plugin.md", "packages/core/README.md"]) {
    const text = readFileSync(new URL(`../../../../${page}`, import.meta.url), "utf8")
    assert.include(text, `\`\`\`ts\n${hello}\n\`\`\``, page)
  }
})

it("the guide for authors of sources quotes the example as it is", () => {
  const hello = readFileSync(new URL("../../../../examples/source-hello/src/hello.ts", import.meta.url), "utf8").trim()
  const guide = readFileSync(new URL("../../../../docs/plugins/writing-a-source.md", import.meta.url), "utf8")
  assert.include(guide, `\`\`\`ts\n${hello}\n\`\`\``)
})

/** A table without what aligns its columns. */
const unaligned = (table: string): string => table.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---")
