import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { inject } from "vitest"
import { builtIn } from "../../src/startup/Plugins.ts"
import { makeInProcess } from "../harness/gateway.ts"

const types = builtIn.map(({ type }) => type)

/** One command is as short as another. */
const tried = inject("breadth") === "all" ? types : ["slack", "telegram"]

const script = fileURLToPath(new URL("../../../../scripts/fake.mjs", import.meta.url))

/** The command of a plugin's package; it is ended with the scope. */
const run = (plugin: string, ...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const main = fileURLToPath(new URL(`../../../../packages/plugin-${plugin}/src/bin.ts`, import.meta.url))
      const child = spawn(process.execPath, ["--conditions=@tocsin/source", main, ...args])
      let printed = ""
      const read = (chunk: Buffer) => void (printed += chunk.toString())
      child.stdout.on("data", read)
      child.stderr.on("data", read)
      return { child, ended: once(child, "close"), printed: () => printed }
    }),
    ({ child }) => Effect.sync(() => void child.kill("SIGKILL"))
  )

describe("The command of a plugin", () => {
  it.live.each(tried)("serves a fake %s, and prints settings that post to it", (plugin) =>
    Effect.gen(function* () {
      const { child, ended, printed } = yield* run(plugin, "fake", "--port", "0")
      while (!printed().includes("TOCSIN_EGRESS_ALLOW")) yield* Effect.promise(() => once(child.stdout, "data"))
      const [, page = ""] = /shown at (\S+)\n/.exec(printed()) ?? []
      const [, settings = ""] = /posts to it: (.+)\n/.exec(printed()) ?? []
      const harness = yield* makeInProcess()
      const integration = `{ "id": "fake", "name": "fake", "type": "${plugin}", "settings": ${settings} }`
      assert.strictEqual((yield* harness.request("POST", "/v1/integrations", integration)).status, 201)
      const sent = yield* harness.request("POST", "/v1/integrations/fake/test", {})
      assert.strictEqual(sent.status, 200, sent.text)
      const shown = yield* Effect.promise(() => fetch(page).then((page) => page.text()))
      assert.include(shown, "<article>")
      child.kill("SIGTERM")
      assert.deepStrictEqual(yield* Effect.promise(() => ended), [0, null])
    })
  )

  it.live.each([[[]], [["fake", "--port", "x"]], [["fake", "--port", "70000"]], [["fake", "--host"]]] as const)(
    "says how it is used when it is given %s",
    ([args]) =>
      Effect.gen(function* () {
        const { ended, printed } = yield* run("slack", ...args)
        assert.deepStrictEqual(yield* Effect.promise(() => ended), [2, null])
        assert.include(printed(), "Usage: @tocsin/plugin-slack fake [--port N]")
      })
  )

  it.live("is started by its name from a clone", () =>
    Effect.gen(function* () {
      const fake = (...args: ReadonlyArray<string>) =>
        spawn(process.execPath, ["--conditions=@tocsin/source", script, ...args], { stdio: ["ignore", "pipe", "pipe"] })
      const child = yield* Effect.acquireRelease(
        Effect.sync(() => fake("hipchat", "--port", "0")),
        (child) => Effect.sync(() => void child.kill("SIGKILL"))
      )
      let printed = ""
      child.stdout.on("data", (chunk: Buffer) => void (printed += chunk.toString()))
      while (!printed.includes("shown at")) yield* Effect.promise(() => once(child.stdout, "data"))
      assert.include(printed, "A fake HipChat")
      const list = types.toSorted((a, b) => a.localeCompare(b)).join(", ")
      const listing = fake()
      let listed = ""
      listing.stdout.on("data", (chunk: Buffer) => void (listed += chunk.toString()))
      assert.deepStrictEqual(yield* Effect.promise(() => once(listing, "close")), [0, null])
      assert.strictEqual(listed, `There are fakes of: ${list}.\n`)
      const unknown = fake("pager")
      let said = ""
      unknown.stderr.on("data", (chunk: Buffer) => void (said += chunk.toString()))
      assert.deepStrictEqual(yield* Effect.promise(() => once(unknown, "close")), [2, null])
      assert.strictEqual(said, `There is no fake of "pager". There are: ${list}.\n`)
    }).pipe(Effect.scoped)
  )

  it.live("reports that its port is in use", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      const { ended, printed } = yield* run("hipchat", "fake", "--port", new URL(harness.slackUrl).port)
      assert.deepStrictEqual(yield* Effect.promise(() => ended), [1, null])
      assert.match(printed(), /cannot be served \(.*EADDRINUSE.*\): choose another --port/)
    })
  )
})
