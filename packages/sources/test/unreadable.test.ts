import { assert, describe, it } from "@effect/vitest"
import { Healthchecks } from "@tocsin/sources"
import { DateTime, Effect } from "effect"

describe("The reason why a body is unreadable", () => {
  it.effect.each([
    [{ code: "1" }, "/status: Expected a value: the field is missing"],
    [{ code: "1", status: "c4n4ry" }, '/status: Expected "down" | "up"'],
    [{ code: {}, status: "up" }, "/code: Expected a text or a number"],
    ["c4n4ry", "the body: Expected object"]
  ] as const)("names the place and what is expected, and repeats nothing: %j", ([body, why]) =>
    Effect.gen(function* () {
      const decoded = yield* Healthchecks.decode(body, {
        source: "healthchecks",
        settings: undefined,
        defaults: {},
        receivedAt: DateTime.makeUnsafe("2026-01-15T10:05:00Z")
      })
      assert.deepStrictEqual(decoded, { _tag: "Unreadable", why })
    })
  )
})
