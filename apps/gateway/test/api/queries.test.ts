import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { ask, errorsOf } from "../harness/answers.ts"
import { SharedHarness } from "../harness/gateway.ts"

describe("A query", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect.each([
      ["/v1/alerts?foo=1", "query:/foo", "Expected no field of this name"],
      ["/v1/deliveries?status[]=dead", "query:/status[]", "Expected no field of this name"],
      ["/v1/deliveries?since=yesterday", "query:/since", "Expected a time such as 2026-01-15T09:00:00Z"],
      ["/v1/alerts?after=zzz", "query:/after", "Expected a whole number"],
      ["/v1/alerts?after=-1", "query:/after", "Expected a whole number"],
      ["/v1/alerts?after=1.5", "query:/after", "Expected a whole number"],
      ["/v1/alerts?limit=0", "query:/limit", "Expected a whole number from 1 to 500"],
      ["/v1/alerts?limit=x", "query:/limit", "Expected a whole number from 1 to 500"],
      ["/v1/alerts?limit=", "query:/limit", "Expected a whole number from 1 to 500"],
      ["/v1/deliveries?status=ded", "query:/status/0", "Expected one of pending, "]
    ] as const)("is refused: %s", ([url, path, message]) =>
      Effect.gen(function* () {
        const [error] = errorsOf(yield* ask(400, "GET", url))
        assert.strictEqual(error?.path, path)
        assert.include(error?.message, message)
      })
    )
  })
})
