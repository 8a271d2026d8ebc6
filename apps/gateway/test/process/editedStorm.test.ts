import { assert, describe, it } from "@effect/vitest"
import { Delivery } from "@tocsin/client"
import { FakeServer } from "@tocsin/core/fakes"
import { FakeDiscord, see } from "@tocsin/plugin-discord/testing"
import { Effect } from "effect"
import { inject } from "vitest"
import { listOf } from "../harness/answers.ts"
import { eventually, until } from "../harness/gate.ts"
import { makeInProcess } from "../harness/gateway.ts"

/** Alerts at once; more than the service takes in two seconds. */
const count = inject("breadth") === "all" ? 25 : 8

describe(`${count} alerts at once, in a channel whose messages a clear edits, and which takes 5 requests in 2 seconds`, () => {
  it.live("are each posted once, and each message is edited once by its clear", () =>
    Effect.gen(function* () {
      const { request } = yield* makeInProcess()
      const discord = new FakeDiscord({ limited: true })
      const edits = new Map<string, number>()
      const url = yield* FakeServer.serve({
        answer: (one) => {
          const answer = discord.answer(one)
          if (one.method === "PATCH" && answer.status === 200) edits.set(one.url, (edits.get(one.url) ?? 0) + 1)
          return answer
        }
      })
      const created = yield* request("POST", "/v1/integrations", {
        id: "ops",
        name: "ops",
        type: "discord",
        settings: { ...discord.settings(url), onClear: "edit" },
        // An operator who allows more than the service does.
        limits: { messages: 20, perSeconds: 1, burst: 20 }
      })
      assert.strictEqual(created.status, 201, created.text)
      yield* request("POST", "/v1/rules", { name: "All", match: {}, integrations: ["ops"], notifyOnClear: true })

      const report = (more: object) =>
        request(
          "POST",
          "/v1/alerts",
          Array.from({ length: count }, (_, n) => ({
            source: "storm",
            id: String(n),
            startedAt: "2026-01-01T00:00:00Z",
            rule: { name: `Storm ${n}.` },
            ...more
          }))
        )
      const texts = () => [...discord.posted().values()].map((message) => JSON.stringify(see(message).blocks[0]))
      const times = (begin: string) => texts().filter((text) => text.includes(begin)).length
      yield* report({ state: "raised", severity: "major" })
      yield* until("the raises", () => times("Raised: Storm") >= count)
      yield* report({ state: "cleared", clearedAt: "2026-01-01T00:10:00Z" })
      yield* until("the clears", () => times("Cleared: Storm") >= count)

      for (let n = 0; n < count; n++) assert.strictEqual(times(`Cleared: Storm ${n}.`), 1)
      assert.lengthOf(texts(), count)
      assert.deepStrictEqual(new Set(edits.values()), new Set([1]))
      assert.strictEqual(edits.size, count)
      const open = Effect.map(request("GET", "/v1/deliveries?status=open"), ({ as }) => as(listOf(Delivery)).total)
      yield* eventually("the end of every delivery", open, (total) => total === 0)
    }).pipe(Effect.scoped)
  )
})
