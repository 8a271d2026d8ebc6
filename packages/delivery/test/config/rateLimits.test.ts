import { assert, describe, it } from "@effect/vitest"
import { assignPartitions } from "../../src/config/rateLimits.ts"

const one = (id: string, ...rateLimits: ReadonlyArray<string>) => ({ id, rateLimits })

describe("Where integrations belong (B1, M1)", () => {
  it("is one place for those that share any rate limit, also by way of others, in whatever order they come", () => {
    const integrations = [
      one("room and token", "aa1", "0f2"),
      one("another room, the same token", "bb3", "0f2"),
      one("the first room, another token", "aa1", "cc4"),
      one("that token", "cc4"),
      one("nothing shared", "dd5")
    ]
    for (const order of [integrations, integrations.toReversed()]) {
      const places = assignPartitions(order)
      for (const { id } of integrations.slice(0, 4)) assert.strictEqual(places.get(id), 0x0f, id)
      assert.strictEqual(places.get("nothing shared"), 0xdd % 128)
    }
  })

  it("is by their id for those that have no rate limit: they share nothing", () => {
    const places = assignPartitions(["a", "b", "c", "d"].map((id) => one(id)))
    assert.isAbove(new Set(places.values()).size, 1)
  })
})
