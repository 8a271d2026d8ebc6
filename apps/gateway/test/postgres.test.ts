import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
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
})
