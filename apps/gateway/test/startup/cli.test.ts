import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as GatewayProcess from "../../demo/gatewayProcess.ts"
import manifest from "../../package.json" with { type: "json" }

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))

/** Runs `tocsin` to its end. */
const tocsin = (args: ReadonlyArray<string>, node: ReadonlyArray<string> = []) =>
  Effect.callback<{ readonly code: number | null; readonly out: string; readonly err: string }>((resume) => {
    const child = execFile(process.execPath, ["--conditions=@tocsin/source", ...node, main, ...args], (_, out, err) =>
      resume(Effect.succeed({ code: child.exitCode, out, err }))
    )
  })

describe("tocsin", () => {
  it.live("serves with the serve command and without a command, and exits with 0 when it is stopped", () =>
    Effect.gen(function* () {
      const gateway = yield* GatewayProcess.start({ TOCSIN_DATABASE_URL: "sqlite::memory:" }, { args: ["serve"] })
      const { status } = yield* Effect.promise(() => fetch(`${gateway.url}/healthz`))
      assert.strictEqual(status, 200)
      assert.strictEqual(yield* gateway.stop("SIGTERM"), 0)
    })
  )

  it.live("prints its usage and its version", () =>
    Effect.gen(function* () {
      const help = yield* tocsin(["--help"])
      assert.strictEqual(help.code, 0)
      for (const command of ["serve", "migrate-store"]) assert.match(help.out, new RegExp(`^  ${command} `, "m"))
      const version = yield* tocsin(["--version"])
      assert.include(version.out, manifest.version)
      const unknown = yield* tocsin(["serv"])
      assert.strictEqual(unknown.code, 1)
      assert.include(unknown.out + unknown.err, "serv")
    })
  )

  it.live("names the required version of Node on an old one, in one sentence", () =>
    Effect.gen(function* () {
      const old = `data:text/javascript,Object.defineProperty(process, "version", { value: "v20.20.2" })`
      const { code, err, out } = yield* tocsin(["serve"], ["--import", old])
      assert.strictEqual(code, 1)
      assert.strictEqual(out, "")
      assert.strictEqual(
        err,
        `Tocsin needs Node ${manifest.engines.node}, and this is v20.20.2: install a later one from https://nodejs.org.\n`
      )
    })
  )
})
