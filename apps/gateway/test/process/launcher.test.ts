import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as GatewayProcess from "../../demo/gatewayProcess.ts"
import { until } from "../harness/gate.ts"
import { make } from "../harness/gateway.ts"

/** A program that runs the command in its arguments and, as npx does, keeps signals to itself. */
const program = `const { spawn } = require("node:child_process")
spawn(process.argv[2], process.argv.slice(3), { stdio: "inherit" }).on("exit", (code) => process.exit(code ?? 1))`

/** The processes between a shell and the gateway after `npx -y pnpm@12 start`: npx, sh, pnpm, sh. */
const npxPnpmStart = () => {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-launcher-"))
  const [npx, pnpm] = ["npx", "pnpm"].map((name) => {
    writeFileSync(join(folder, name), program)
    return [process.execPath, join(folder, name), "sh", "-c", '"$0" "$@"; exit $?']
  })
  return [...(npx ?? []), ...(pnpm ?? [])]
}

/** A gateway that a package manager's script started, or another program. */
const launched = (by: "script" | "program") =>
  make({}, (settings) =>
    by === "script"
      ? GatewayProcess.start({ ...settings, npm_lifecycle_event: "start" }, { launcher: npxPnpmStart() })
      : GatewayProcess.start(settings, { launcher: ["env", "-u", "npm_lifecycle_event", ...npxPnpmStart()] })
  )

// Elsewhere than on Linux only the parent is known, and not its ancestors.
describe.runIf(process.platform === "linux")("When a signal ends npx alone", () => {
  it.live("finishes its attempt when its npm script is stopped, and releases its database", () =>
    Effect.gen(function* () {
      const harness = yield* launched("script")
      const control = yield* launched("program")
      const channels = yield* harness.channels("ops", { match: {} })
      harness.slackGate.hold()
      yield* harness.request("POST", "/v1/alerts", {
        source: "test",
        id: "a",
        state: "raised",
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: "Launched" }
      })
      yield* until("the attempt", () => harness.slackGate.held() === 1)

      yield* control.gateway().stop("SIGTERM")
      yield* harness.gateway().stop("SIGTERM")
      yield* until("the gateway to stop", () => harness.gateway().printed().includes("has ended. The gateway stops."))
      harness.slackGate.open()
      yield* harness.gateway().closed
      assert.lengthOf(harness.slack.messages, 1)

      yield* harness.start
      yield* channels.received(1)
      // Without a script the same end of npx is no reason to stop.
      assert.strictEqual((yield* control.request("GET", "/healthz")).status, 200)
    })
  )
})
