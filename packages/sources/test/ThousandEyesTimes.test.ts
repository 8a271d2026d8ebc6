import { assert, describe, it } from "@effect/vitest"
import { altered, event } from "./fixtures.ts"

const raise = (fields: { readonly [key: string]: unknown }, timezone = "UTC") =>
  event(altered("thousandeyes-trigger", { dateStart: undefined, dateStartZoned: undefined, ...fields }), {
    defaults: { timezone }
  })

describe("ThousandEyes, times", () => {
  it.each([
    ["2022-04-25 17:18:00 CDT", 1650925080],
    ["2025-03-17 19:43:00 UTC", 1742240580],
    ["2025-03-24 17:21:00 UTC", 1742836860],
    ["2016-12-31 23:59:60 UTC", 1483228800],
    ["2016-12-31 17:59:60 CST", 1483228800]
  ])("reads %s as %d", (dateStartZoned, seconds) => {
    assert.strictEqual(Date.parse(raise({ dateStartZoned }).startedAt) / 1000, seconds)
  })

  it.each([
    ["UTC", "12:00"],
    ["GMT", "12:00"],
    ["Z", "12:00"],
    ["WET", "12:00"],
    ["WEST", "11:00"],
    ["BST", "11:00"],
    ["CET", "11:00"],
    ["CEST", "10:00"],
    ["EET", "10:00"],
    ["EEST", "09:00"],
    ["MSK", "09:00"],
    ["IST", "06:30"],
    ["SGT", "04:00"],
    ["HKT", "04:00"],
    ["AWST", "04:00"],
    ["JST", "03:00"],
    ["KST", "03:00"],
    ["ACST", "02:30"],
    ["ACDT", "01:30"],
    ["AEST", "02:00"],
    ["AEDT", "01:00"],
    ["NZST", "00:00"],
    ["NST", "15:30"],
    ["BRT", "15:00"],
    ["EST", "17:00"],
    ["EDT", "16:00"],
    ["CST", "18:00"],
    ["CDT", "17:00"],
    ["MST", "19:00"],
    ["MDT", "18:00"],
    ["PST", "20:00"],
    ["PDT", "19:00"],
    ["AKST", "21:00"],
    ["AKDT", "20:00"],
    ["HST", "22:00"],
    ["+02:00", "10:00"],
    ["-0330", "15:30"],
    ["GMT+2", "10:00"],
    ["UTC-05:00", "17:00"],
    ["Europe/Berlin", "10:00"]
  ])("knows the zone %s", (zone, time) => {
    const { assumedTimeZone, startedAt } = raise({ dateStartZoned: `2024-07-01 12:00:00 ${zone}` })
    assert.strictEqual(startedAt, `2024-07-01T${time}:00.000Z`)
    assert.isUndefined(assumedTimeZone)
  })

  it("reads NZDT on the day before", () => {
    assert.strictEqual(raise({ dateStartZoned: "2024-01-01 12:00:00 NZDT" }).startedAt, "2023-12-31T23:00:00.000Z")
  })

  it.each(["XYZ", "AST", "+19:00", "GMT+", "Nowhere/Else", "CST6CDT"])(
    "reads the unknown zone %s in the source's",
    (stated) => {
      const read = raise({ dateStartZoned: `2024-07-01 12:00:00 ${stated}` }, "America/Chicago")
      assert.strictEqual(read.startedAt, "2024-07-01T17:00:00.000Z")
      assert.deepStrictEqual(read.assumedTimeZone, { zone: "America/Chicago", stated })
    }
  )

  it("reads a time without a zone in the source's, and in UTC if that is none", () => {
    const dateStart = "2024-07-01 12:00:00"
    const chicago = raise({ dateStart }, "America/Chicago")
    assert.strictEqual(chicago.startedAt, "2024-07-01T17:00:00.000Z")
    assert.deepStrictEqual(chicago.assumedTimeZone, { zone: "America/Chicago" })
    const none = raise({ dateStart }, "Nowhere/Else")
    assert.strictEqual(none.startedAt, "2024-07-01T12:00:00.000Z")
    assert.deepStrictEqual(none.assumedTimeZone, { zone: "UTC" })
  })

  it("prefers the zoned time, and uses the other if that is unreadable", () => {
    const dateStart = "2024-07-01 12:00:00"
    assert.isUndefined(raise({ dateStart, dateStartZoned: `${dateStart} EST` }).assumedTimeZone)
    assert.strictEqual(raise({ dateStart, dateStartZoned: "yesterday" }).startedAt, "2024-07-01T12:00:00.000Z")
  })

  it("uses the first of an hour that occurs twice, and shifts a time that never existed", () => {
    const at = (dateStart: string) => raise({ dateStart }, "America/Chicago").startedAt
    assert.strictEqual(at("2024-11-03 01:30:00"), "2024-11-03T06:30:00.000Z")
    assert.strictEqual(at("2024-03-10 02:30:00"), "2024-03-10T08:30:00.000Z")
  })

  it.each([
    [1415732100, "2014-11-11T18:55:00.000Z"],
    ["1415732100", "2014-11-11T18:55:00.000Z"],
    [1415732100000, "2014-11-11T18:55:00.000Z"],
    ["2014-11-11T18:55:00Z", "2014-11-11T18:55:00.000Z"]
  ])("reads %s as well", (dateStart, startedAt) => {
    assert.strictEqual(raise({ dateStart }).startedAt, startedAt)
  })

  it.each([undefined, null, "", "yesterday", "2024-13-45 12:00:00", "2024-01-01 12:60:00", 0, -5, 1e300, {}])(
    "takes the time of arrival where the start is %s",
    (dateStart) => {
      const read = raise({ dateStart })
      assert.strictEqual(read.startedAt, "2026-01-01T00:00:00.000Z")
      assert.isUndefined(read.links.started)
      assert.isUndefined(read.assumedTimeZone)
      assert.isDefined(read.links.view)
    }
  )
})
