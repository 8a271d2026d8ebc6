import { assert, describe, it } from "@effect/vitest"
import { Integration } from "@tocsin/client"
import { Effect } from "effect"
import { inject } from "vitest"
import { listOf } from "../harness/answers.ts"
import { memory } from "../harness/memory.ts"
import { make, type Harness } from "../harness/gateway.ts"

/** Thousands of alerts, each of which four integrations are due. */
const thousands = inject("breadth") === "all" ? 26 : 3

describe(`A restart with ${thousands * 4},000 deliveries pending`, () => {
  it.live("serves at once, in bounded memory", () =>
    Effect.gen(function* () {
      const harness = yield* make()
      const slow = ["slow-0", "slow-1", "slow-2", "slow-3"]
      for (const id of slow) {
        yield* saved(harness, "/v1/integrations", {
          id,
          name: id,
          type: "slack",
          // One message in a day: all others stay pending.
          limits: { messages: 1, perSeconds: 86_400, burst: 1 },
          settings: { url: `${harness.slackUrl}/services/T0/B0/${id}` }
        })
      }
      yield* saved(harness, "/v1/rules", { name: "slow", match: { source: "slow" }, integrations: slow })
      const channels = yield* harness.channels("ops", { match: { source: "other" } })
      for (let array = 0; array < thousands; array++) {
        yield* post(
          harness,
          Array.from({ length: 1000 }, (_, n) => alert("slow", `a${array * 1000 + n}.`))
        )
      }
      yield* harness.gateway().stop("SIGKILL")
      yield* harness.start
      assert.strictEqual((yield* harness.request("GET", "/healthz")).status, 200)
      yield* post(harness, [alert("other", "new.")])
      yield* channels.received(1)
      const shown = (yield* harness.request("GET", "/v1/integrations")).as(listOf(Integration)).items
      const pending = shown.reduce((sum, { backlog }) => sum + backlog, 0)
      // Each of four lanes may send one message after each of two starts: a digest of at most 500.
      assert.isAtLeast(pending, thousands * 4000 - 4 * 2 * 500)
      assert.isBelow(memory(harness.gateway().pid, "HWM"), 500_000_000)
    })
  )
})

const alert = (source: string, id: string) => ({
  source,
  id,
  state: "raised",
  startedAt: "2026-01-01T00:00:00Z",
  rule: { name: "Restart" }
})

const saved = Effect.fnUntraced(function* (harness: Harness, path: string, body: unknown) {
  const { status, text } = yield* harness.request("POST", path, body)
  assert.strictEqual(status, 201, text)
})

const post = Effect.fnUntraced(function* (harness: Harness, body: unknown) {
  const { status, text } = yield* harness.request("POST", "/v1/alerts", body)
  assert.strictEqual(status, 202, text)
})
