import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as GatewayProcess from "../../demo/gatewayProcess.ts"
import { hostile } from "../harness/hostileBodies.ts"
import { memory } from "../harness/memory.ts"
import { send } from "../harness/raw.ts"
import { isOfSources } from "../harness/routes.ts"

describe("Bodies that would block the gateway", () => {
  it.live("are refused, and cost little memory", () =>
    Effect.gen(function* () {
      const { pid, url } = yield* GatewayProcess.start({
        TOCSIN_DATABASE_URL: "sqlite::memory:",
        TOCSIN_KEY: Buffer.alloc(32, 1).toString("base64")
      })
      const post = (path: string, body: Buffer) => send(url, { method: "POST", path, body })
      yield* post("/v1/alerts", Buffer.from("[]"))
      const before = memory(pid, "HWM")
      for (const [name, { bytes, outcome }] of Object.entries(hostile)) {
        for (const path of ["/v1/alerts", "/v1/rules", "/v1/sources/thousandeyes", "/api/v2/alerts", "/v2/enqueue"]) {
          const { status, text } = yield* post(path, bytes)
          const isKept = outcome === "read" && isOfSources(path)
          const isTooLong = path === "/v2/enqueue" && bytes.length > 512 * 1024
          // A source's body of an unknown shape is kept; senders repeat what is refused. PagerDuty's expect an answer.
          const expected = isTooLong ? 413 : isKept && path !== "/v2/enqueue" ? 200 : 400
          assert.strictEqual(status, expected, `${name} to ${path}: ${text}`)
        }
      }
      assert.strictEqual((yield* send(url, { method: "GET", path: "/healthz" })).status, 200)
      assert.isBelow(memory(pid, "HWM") - before, 300_000_000)
    })
  )
})
