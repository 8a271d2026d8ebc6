import { assert, describe, it } from "@effect/vitest"
import { parseJson, UptimeKuma } from "@tocsin/sources"
import { DateTime, Effect } from "effect"
import { bodiesOf } from "./sources.ts"

describe("links", () => {
  it.effect("have no user and no password: everybody in a channel sees them", () =>
    Effect.gen(function* () {
      const body = bodiesOf("uptime-kuma")["down"]?.replace("https://shop", "https://user:c4n4ry@shop") ?? ""
      const decoded = yield* UptimeKuma.decode(parseJson(body), {
        source: "uptime-kuma",
        settings: undefined,
        defaults: {},
        receivedAt: DateTime.makeUnsafe("2026-01-15T10:05:00Z")
      })
      assert(decoded._tag === "Events")
      assert.deepStrictEqual(
        decoded.events.map(({ links }) => links.alert?.href),
        ["https://shop.example.com/"]
      )
    })
  )
})
