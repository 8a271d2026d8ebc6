import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { eventually } from "./gate.ts"
import { postgres } from "./postgres.ts"
import { make } from "./world.ts"

describe("A gateway on PostgreSQL", () => {
  it.live("says which database it is on, and not with which password", () =>
    Effect.gen(function* () {
      const { url } = yield* postgres
      const world = yield* make({
        TOCSIN_DATABASE_URL: url("postgres"),
        TOCSIN_KEY: Buffer.alloc(32).toString("base64")
      })
      assert.strictEqual((yield* world.request("GET", "/healthz")).status, 200)
      const printed = world.gateway().printed()
      assert.include(printed, `with its data in PostgreSQL at ${new URL(url("postgres")).host}/postgres.`)
      assert.notInclude(printed, new URL(url("postgres")).password)
    })
  )

  it.live("answers 503 with Retry-After while its database is away, and goes on by itself when it is back", () =>
    Effect.gen(function* () {
      const { server, url } = yield* postgres
      const world = yield* make({
        TOCSIN_DATABASE_URL: url("postgres"),
        TOCSIN_KEY: Buffer.alloc(32).toString("base64")
      })
      const room = yield* world.room("ops", { match: {} })
      const post = (id: string) =>
        world.request("POST", "/v1/alerts", {
          source: "monitor",
          id,
          startedAt: "2026-01-01T00:00:00Z",
          state: "raised",
          rule: { name: "Check" }
        })
      assert.strictEqual((yield* post("before")).status, 202)
      yield* room.told(1)

      yield* Effect.promise(() => server.stop())
      const refused = yield* post("while it is away")
      assert.strictEqual(refused.status, 503)
      assert.match(refused.headers["retry-after"] ?? "", /^\d+$/)
      assert.strictEqual(refused.headers["content-type"], "application/problem+json")
      assert.strictEqual((yield* world.request("GET", "/healthz")).status, 503)

      yield* Effect.promise(() => server.start())
      yield* eventually("the door to open", post("afterwards"), ({ status }) => status === 202)
      const all = yield* room.told(2)
      assert.include(all.at(-1)?.slack.shown, "monitor alert afterwards")
      assert.strictEqual((yield* world.request("GET", "/healthz")).status, 200)
    })
  )
})
