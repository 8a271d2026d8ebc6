import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../src/bin.ts", import.meta.url))

const run = (...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, ["--conditions=@tocsin/source", main, ...args])
      let printed = ""
      const read = (chunk: Buffer) => void (printed += chunk.toString())
      child.stdout.on("data", read)
      child.stderr.on("data", read)
      return { child, ended: once(child, "close"), printed: () => printed }
    }),
    ({ child }) => Effect.sync(() => void child.kill("SIGKILL"))
  )

describe("plugin-slack fake", () => {
  it.live("serves its page and a hook, and says where", () =>
    Effect.gen(function* () {
      const { child, ended, printed } = yield* run("fake", "--port", "0")
      while (!printed().includes("TOCSIN_EGRESS_ALLOW")) yield* Effect.promise(() => once(child.stdout, "data"))
      const [, origin = ""] = /shown at (\S+)\/\n/.exec(printed()) ?? []
      const [, hook = ""] = /"url":"([^"]+)"/.exec(printed()) ?? []
      const refused = yield* Effect.promise(() => fetch(hook, { method: "POST", body: "{}" }))
      assert.strictEqual(yield* Effect.promise(() => refused.text()), "no_text")
      assert.include(yield* Effect.promise(() => fetch(origin).then((page) => page.text())), "Nothing was posted yet")
      child.kill("SIGTERM")
      assert.deepStrictEqual(yield* Effect.promise(() => ended), [0, null])
    })
  )

  it.live("says how it is used when it is used otherwise", () =>
    Effect.gen(function* () {
      for (const args of [[], ["fake", "--port", "x"], ["fake", "--host"]]) {
        const { ended, printed } = yield* run(...args)
        assert.deepStrictEqual(yield* Effect.promise(() => ended), [2, null])
        assert.include(printed(), "Usage: @tocsin/plugin-slack fake [--port N]")
      }
    })
  )
})
