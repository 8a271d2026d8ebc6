import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { alert, posted, refused } from "../harness/posting.ts"
import { SharedHarness } from "../harness/gateway.ts"

describe("Times in POST /v1/alerts", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect.each([
      "2026-02-30T00:00:00Z",
      "2026-02-29T00:00:00+14:00",
      "2026-13-01T00:00:00Z",
      "2026-01-01T24:00:00Z",
      "2026-01-01T00:00:00+99:00",
      "2026-01-01T00:00:00 CDT",
      "2026-01-01",
      "2026-01-01T00:00:61Z",
      "2026-01-01T00:60:00Z",
      "1969-12-31T23:59:59Z",
      "0001-01-01T00:00:00Z",
      "+010000-01-01T00:00:00Z",
      "9999-12-31T23:59:59-01:00",
      "9999-12-31T23:59:60Z",
      "now",
      1_767_225_600
    ])("refuse %j", (startedAt) =>
      Effect.gen(function* () {
        const [error, ...others] = yield* refused(alert("times", { startedAt }))
        assert.lengthOf(others, 0)
        assert.strictEqual(error?.path, "/startedAt")
        assert.include(error?.expected, "an RFC 3339 time such as 2026-01-15T02:00:00Z")
      })
    )

    it.effect.each([
      ["2026-01-15T02:00:00+02:00", "2026-01-15T00:00:00.000Z"],
      ["2024-02-29t23:59:59.123456789-01:00", "2024-03-01T00:59:59.123Z"],
      ["2026-01-15 02:00z", "2026-01-15T02:00:00.000Z"],
      ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"],
      ["2016-12-31T15:59:60.25-08:00", "2017-01-01T00:00:00.250Z"],
      ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"]
    ])("take %s", ([startedAt, iso]) =>
      Effect.gen(function* () {
        const taken = yield* posted(alert("times", { id: startedAt, startedAt }))
        assert.strictEqual(taken.startedAt.toJSON(), iso)
        assert.isUndefined(taken.assumedTimeZone)
      })
    )

    it.effect("without a zone are read as UTC, and the messages show it", () =>
      Effect.gen(function* () {
        const channels = yield* (yield* SharedHarness).channels("unzoned", { match: { source: "unzoned" } })
        const taken = yield* posted(alert("unzoned", { startedAt: "2026-01-15T02:00:00" }))
        assert.strictEqual(taken.startedAt.toJSON(), "2026-01-15T02:00:00.000Z")
        assert.deepStrictEqual(taken.assumedTimeZone, { zone: "UTC" })
        const [received] = yield* channels.received(1)
        const note = "The source states no time zone; its times were read as UTC."
        assert.include(received?.slack.shown, note)
        assert.include(received?.hipChat.shown, note)
        const clear = alert("unzoned", { id: "2", state: "cleared", clearedAt: "2026-01-15T02:00:00" })
        assert.deepStrictEqual((yield* posted(clear)).assumedTimeZone, { zone: "UTC" })
      })
    )

    it.effect("and other fields that are missing or invalid are explained", () =>
      Effect.gen(function* () {
        const errors = yield* refused({ severity: "s3cr3t" })
        assert.deepStrictEqual(Object.fromEntries(errors.map(({ expected, path }) => [path, expected])), {
          "/source": "1 to 64 of the characters A-Z a-z 0-9 . _ -",
          "/id": "a text that is not empty",
          "/state": "one of raised, cleared",
          "/startedAt": "an RFC 3339 time such as 2026-01-15T02:00:00Z, of a day that exists, from 1970 to 9999",
          "/severity": "one of info, minor, major, critical",
          "/rule": "an object"
        })
      })
    )
  })
})
