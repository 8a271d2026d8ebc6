import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { deployFolder, root } from "./harness/programs.ts"

/** Variables of the compose file and of its Caddyfile, which the gateway does not read. */
const ofCompose = ["TOCSIN_DOMAIN", "TOCSIN_IMAGE", "TOCSIN_UPSTREAM"]

describe("The files for deployments", () => {
  it("set only settings that the reference describes", () => {
    const reference = readFileSync(join(root, "docs/reference/configuration.md"), "utf8")
    const files = globSync("**/*", { cwd: deployFolder, withFileTypes: true }).filter((entry) => entry.isFile())
    const named = files.flatMap(({ name, parentPath }) =>
      [...readFileSync(join(parentPath, name), "utf8").matchAll(/TOCSIN_\w+/g)].map(([setting]) => setting)
    )
    const unknown = [...new Set(named)].filter(
      (setting) => !ofCompose.includes(setting) && !reference.includes(`\`${setting}\``)
    )
    assert.isAbove(named.length, 10)
    assert.deepStrictEqual(unknown, [])
  })
})
