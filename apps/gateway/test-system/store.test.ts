import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { renameSync, statSync } from "node:fs"
import { dirname } from "node:path"
import * as GatewayProcess from "../demo/gatewayProcess.ts"
import { Delivery, listOf } from "../test/harness/answers.ts"
import { eventually, until } from "../test/harness/gate.ts"
import { make, type Harness } from "../test/harness/gateway.ts"

describe("While the store cannot be written (T)", () => {
  it.live("on a full disk, accepts no alert, and resumes when there is space", () =>
    outage((harness) => {
      const limit = (bytes: string) =>
        execFileSync("prlimit", [`--pid=${harness.gateway().pid}`, `--fsize=${bytes}:unlimited`])
      return {
        // No file of the gateway can grow any more.
        begin: () => limit(String(statSync(`${harness.database}-wal`).size)),
        end: () => limit("unlimited")
      }
    })
  )

  it.live("without its folder, accepts no alert, and resumes when the folder is back", () =>
    outage(({ database }) => {
      const folder = dirname(database)
      return {
        begin: () => renameSync(folder, `${folder}-elsewhere`),
        end: () => renameSync(`${folder}-elsewhere`, folder)
      }
    })
  )

  it.live("on a disk that is full at the start, listens and names the problem, and sends once there is space", () =>
    Effect.gen(function* () {
      let launcher: ReadonlyArray<string> = []
      const harness = yield* make({}, (settings) => Effect.suspend(() => GatewayProcess.start(settings, { launcher })))
      const channels = yield* harness.channels("ops", { match: { source: "outage" } })
      assert.strictEqual(yield* harness.gateway().stop("SIGTERM"), 0)
      // No file of the gateway can grow.
      launcher = ["prlimit", "--fsize=0:unlimited"]
      yield* harness.start
      const health = harness.request("GET", "/healthz")
      for (const { status, text } of [yield* health, yield* harness.request("POST", "/v1/alerts", alert("during."))]) {
        assert.strictEqual(status, 503, text)
        assert.match(text, /"problem":"Disk(Full|Error)"/)
        assert.include(text, "The disk that holds the store ")
      }
      execFileSync("prlimit", [`--pid=${harness.gateway().pid}`, "--fsize=unlimited"])
      yield* eventually("the gateway to recover", health, ({ status }) => status === 200)
      assert.strictEqual((yield* harness.request("POST", "/v1/alerts", alert("after."))).status, 202)
      yield* channels.received(1)
    })
  )
})

/** An outage of the store, while an attempt is under way, which succeeds. */
const outage = (how: (harness: Harness) => { readonly begin: () => void; readonly end: () => void }) =>
  Effect.gen(function* () {
    const harness = yield* make()
    const channels = yield* harness.channels("ops", { match: { source: "outage" } })
    const { begin, end } = how(harness)
    const post = (id: string) => harness.request("POST", "/v1/alerts", alert(id))
    harness.slackGate.hold()
    assert.strictEqual((yield* post("before.")).status, 202)
    yield* until("the attempt", () => harness.slackGate.held() === 1)

    begin()
    const { headers, status, text } = yield* post("during.")
    assert.strictEqual(status, 503, text)
    assert.isAtLeast(Number(headers["retry-after"]), 1)
    harness.slackGate.open()
    yield* until("the message", () => harness.slack.messages.length === 1)
    assert.strictEqual((yield* post("during.")).status, 503)
    end()

    yield* eventually("the gateway to take it", post("during."), ({ status }) => status === 202)
    yield* channels.received(2)
    // What was told during the outage is written down later.
    const open = Effect.map(
      harness.request("GET", "/v1/deliveries?status=open"),
      ({ as }) => as(listOf(Delivery)).total
    )
    yield* eventually("all deliveries to end", open, (total) => total === 0)
    yield* harness.gateway().stop("SIGKILL")
    yield* harness.start
    yield* channels.received(2)
    yield* eventually("all deliveries to end", open, (total) => total === 0)
    const { items } = (yield* harness.request("GET", "/v1/deliveries")).as(listOf(Delivery))
    for (const { attempts, status } of items) assert.deepStrictEqual([status, attempts], ["delivered", 1])
  })

const alert = (id: string) => ({
  source: "outage",
  id,
  state: "raised",
  startedAt: "2026-01-01T00:00:00Z",
  rule: { name: "Outage" }
})
