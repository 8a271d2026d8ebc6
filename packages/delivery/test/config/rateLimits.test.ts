import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin } from "@tocsin/core"
import { Schema } from "effect"
import { assignPartitions } from "../../src/config/assignPartitions.ts"
import { rateLimitKeys } from "../../src/config/rateLimits.ts"

const one = (id: string, ...rateLimits: ReadonlyArray<string>) => ({ id, rateLimits })

describe("The partition of an integration (B1, M1)", () => {
  it("is the same for all that share a rate limit, directly or through others, in any order", () => {
    const integrations = [
      one("channel and token", "aa1", "0f2"),
      one("another channel, the same token", "bb3", "0f2"),
      one("the first channel, another token", "aa1", "cc4"),
      one("that token", "cc4"),
      one("nothing shared", "dd5")
    ]
    for (const order of [integrations, integrations.toReversed()]) {
      const places = assignPartitions(order)
      for (const { id } of integrations.slice(0, 4)) assert.strictEqual(places.get(id), 0x0f, id)
      assert.strictEqual(places.get("nothing shared"), 0xdd % 128)
    }
  })

  it("depends on the id for those without a rate limit", () => {
    const places = assignPartitions(["a", "b", "c", "d"].map((id) => one(id)))
    assert.isAbove(new Set(places.values()).size, 1)
  })
})

describe("The key of a rate limit (B1)", () => {
  const keys = (type: string, key: string) => {
    class Channel extends ChannelPlugin.Service<Channel>()(type, {
      title: type,
      settings: Schema.Struct({}),
      settingsVersion: 1,
      example: {},
      setup: [],
      rateLimits: () => [{ key, messages: 1, perSeconds: 1, burst: 1 }],
      sizes: { text: 100 },
      capabilities: {}
    }) {}
    return rateLimitKeys({ plugin: Channel, integration: { settings: {} } })
  }

  it("is shared by integrations of one type, never of two types", () => {
    assert.lengthOf(keys("fake", "ops"), 1)
    assert.deepStrictEqual(keys("fake", "ops"), keys("fake", "ops"))
    assert.notDeepEqual(keys("fake", "ops"), keys("other", "ops"))
    assert.notDeepEqual(keys("a", "b-ops"), keys("a-b", "ops"))
  })
})
