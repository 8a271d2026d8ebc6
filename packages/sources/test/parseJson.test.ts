import { assert, describe, it } from "@effect/vitest"
import { parseJson } from "@tocsin/sources"
import { Schema } from "effect"
import { body, event } from "./fixtures.ts"

describe("parseJson", () => {
  it.each([
    ["9007199254740993", "9007199254740993"],
    ["-9007199254740993", "-9007199254740993"],
    ["18446744073709551615", "18446744073709551615"],
    ["9.007199254740993e15", "9.007199254740993e15"],
    ["0.12345678901234567", "0.12345678901234567"],
    ["9007199254740992", 9007199254740992],
    ["562949953500258", 562949953500258],
    ["1768442400000", 1768442400000],
    ["1e999", Infinity],
    ["-0.5", -0.5]
  ])("reads %s with every digit", (source, value) => {
    assert.deepStrictEqual(parseJson(`{"a": [${source}, "9007199254740993"]}`), { a: [value, "9007199254740993"] })
  })

  it("throws what JSON.parse throws", () => {
    assert.throws(() => parseJson("{9007199254740993}"), SyntaxError)
  })

  it.prop("reads other JSON as JSON.parse does", [Schema.Json], ([json]) => {
    const text = JSON.stringify([json, "0000000000000000"])
    assert.deepStrictEqual(parseJson(text), JSON.parse(text))
  })

  it("distinguishes two ThousandEyes alerts whose ids differ in the last digit", () => {
    assert.deepStrictEqual(
      [1, 2].map((n) => event(body(`thousandeyes-large-id-${n}`)).sourceId),
      ["9007199254740992", "9007199254740993"]
    )
  })

  it("keeps every digit of all ids, in each format", () => {
    const large = "9007199254740993"
    const classic = `{"eventType": "ALERT_NOTIFICATION_TRIGGER", "eventId": ${large}, "alert": {"alertId": ${large},
      "ruleId": ${large}, "testId": ${large}, "ruleAid": ${large}, "agents": [{"agentId": ${large}}]}}`
    const agent = `{"eventType": "AGENT_ALERT_NOTIFICATION_TRIGGER", "eventId": ${large}, "agentAlert": {
      "agentNotificationId": ${large}, "agentRuleId": ${large}, "testId": ${large}, "ruleAid": ${large},
      "agents": [{"agentId": ${large}}]}}`
    const custom = `{"id": ${large}, "type": 2, "alert": {"id": "${large}", "rule": {"id": ${large}},
      "test": {"id": ${large}}, "account": {"id": ${large}}, "details": [{"source": {"id": ${large}}}]}}`
    for (const json of [classic, agent, custom]) {
      const read = event(parseJson(json))
      assert.strictEqual(read.sourceId, large)
      assert.strictEqual(read.eventId, json === custom ? undefined : large)
      assert.strictEqual(read.rule.id, large)
      assert.strictEqual(read.test?.id, large)
      assert.include(read.links.view, `__a=${large}&testId=${large}&roundId={time}&agentId=${large}`)
      assert.include(read.observations[0]?.name, large)
    }
  })
})
