import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { SharedHarness } from "../harness/gateway.ts"

it.layer(SharedHarness.layer({ TOCSIN_TOKEN: "a-token-of-sixteen-or-more" }))("GET /readyz", (it) => {
  it.effect("names each dependency to callers without a token", () =>
    Effect.gen(function* () {
      const { status, text } = yield* (yield* SharedHarness).request("GET", "/readyz")
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(JSON.parse(text), {
        status: "ok",
        dependencies: ["store", "partitions", "key", "plugins"].map((name) => ({ name, status: "ok" }))
      })
    })
  )
})
