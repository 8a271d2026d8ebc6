import { assert, describe, it } from "@effect/vitest"
import { Tried } from "@tocsin/client"
import { Effect, Schema } from "effect"
import { makeInProcess } from "../harness/gateway.ts"

const mapping = {
  items: "/checks",
  id: "/id",
  state: { value: "/status", map: { down: "raised", up: "cleared" } },
  name: "/check",
  severity: { value: "/level" }
}

const sample = {
  checks: [
    { id: 1, status: "down", check: "disk", level: "critical" },
    { id: 2, status: "up", check: "cpu" }
  ]
}

const Problem = Schema.Struct({ errors: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String })) })

describe("POST /v1/sources/{name}/try", () => {
  it.live("shows the alerts that a sample makes, and stores nothing", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      const defaults = { severity: "minor", labels: { team: "net" } }
      const answer = yield* harness.request("POST", "/v1/sources/checks/try", {
        type: "json",
        mapping,
        defaults,
        sample
      })
      assert.strictEqual(answer.status, 200, answer.text)
      const { alerts, ...rest } = answer.as(Tried)
      assert.deepStrictEqual(rest, { isTest: false, notes: [], unreadable: 0 })
      assert.deepStrictEqual(
        alerts.map(({ labels, rule, severity, source, sourceId, state }) => ({
          source,
          sourceId,
          state,
          severity,
          name: rule.name,
          labels
        })),
        [
          {
            source: "checks",
            sourceId: "1",
            state: "raised",
            severity: "critical",
            name: "disk",
            labels: { team: "net" }
          },
          { source: "checks", sourceId: "2", state: "cleared", severity: "minor", name: "cpu", labels: { team: "net" } }
        ]
      )
      assert.include((yield* harness.request("GET", "/v1/alerts")).text, `"items":[]`)
      assert.include((yield* harness.request("GET", "/v1/sources/unreadable")).text, `"items":[]`)
    })
  )

  it.live("keeps every digit of ids, in a sample as JSON and as text", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      const text = `{"checks":[{"id":9007199254740993,"status":"down","check":"disk"}]}`
      for (const written of [text, JSON.stringify(text)]) {
        const body = `{"type":"json","mapping":${JSON.stringify(mapping)},"sample":${written}}`
        const answer = yield* harness.request("POST", "/v1/sources/checks/try", body)
        assert.strictEqual(answer.as(Tried).alerts[0]?.sourceId, "9007199254740993", answer.text)
      }
    })
  )

  it.live("says what in a sample cannot be read, and recognises a test", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      const attempt = (body: object) =>
        Effect.map(harness.request("POST", "/v1/sources/a/try", body), (answer) => answer.as(Tried))
      assert.deepStrictEqual(yield* attempt({ type: "json", mapping, sample: { checks: [{ id: 1 }] } }), {
        alerts: [],
        isTest: false,
        notes: [],
        unreadable: 1,
        why: "/checks/0/status: Expected the state, one of down, up"
      })
      const test = { type: "healthchecks", sample: { code: "1", status: "down", name: "TEST" } }
      assert.deepInclude(yield* attempt(test), { isTest: true, unreadable: 0 })
      const acknowledged = { event_action: "acknowledge", dedup_key: "k" }
      assert.deepStrictEqual((yield* attempt({ type: "pagerduty", sample: acknowledged })).notes, [
        { sourceId: "k", note: "acknowledged by its sender" }
      ])
    })
  )

  it.live("names the place of every mistake in a mapping or in settings", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      const errors = Effect.fnUntraced(function* (body: unknown) {
        const answer = yield* harness.request("POST", "/v1/sources/a/try", body)
        assert.strictEqual(answer.status, 400, answer.text)
        return answer.as(Problem).errors.map(({ message, path }) => `${path}: ${message}`)
      })
      const { name: _, ...unnamed } = mapping
      const wrong = { ...unnamed, id: "id", state: { value: "/s", map: { up: "ok" } }, sevrity: "/level" }
      assert.deepStrictEqual((yield* errors({ type: "json", mapping: wrong, sample })).toSorted(), [
        "/mapping/id: Expected a JSON Pointer, such as /alert/id: empty, or / before each step, with ~ as ~0 and / as ~1",
        '/mapping/name: is missing: expected a JSON Pointer, such as "/alert/id", or { "body": "/pointer" }, or { "constant": "text" }',
        "/mapping/sevrity: Expected no field of this name",
        "/mapping/state/map/up: Expected one of raised, cleared, ignored"
      ])
      assert.deepStrictEqual(yield* errors({ type: "aws-sns", settings: { topicArns: ["arn:1"] }, sample: {} }), [
        "/settings/topicArns/0: Expected the ARN of a topic, such as arn:aws:sns:eu-west-1:123456789012:alarms"
      ])
      assert.match(
        (yield* errors({ type: "nagios", sample: {} })).join(),
        /^\/type: Expected one of alertmanager, aws-sns/
      )
      assert.deepStrictEqual(yield* errors({ type: "json", mapping, sample: "{" }), [
        "/sample: The sample is not JSON: line 1, column 2 (position 1)"
      ])
    })
  )

  it.live("tries a sample with the saved source, and with other defaults", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      const attempt = (name: string, body: object) => harness.request("POST", `/v1/sources/${name}/try`, body)
      assert.strictEqual((yield* attempt("checks", { sample })).status, 404)
      const saved = { type: "json", mapping, defaults: { severity: "info" } }
      assert.strictEqual((yield* harness.request("PUT", "/v1/sources/checks", saved)).status, 201)
      const severities = (body: object) =>
        Effect.map(attempt("checks", body), (answer) => answer.as(Tried).alerts.map(({ severity }) => severity))
      assert.deepStrictEqual(yield* severities({ sample }), ["critical", "info"])
      assert.deepStrictEqual(yield* severities({ sample, defaults: { severity: "minor" } }), ["critical", "minor"])
      const untyped = yield* attempt("checks", { sample, mapping })
      assert.strictEqual(untyped.status, 400)
      assert.include(untyped.text, "/type: Expected the type of the source")
      const builtIn = yield* attempt("healthchecks", { sample: { code: "1", status: "down", name: "backup" } })
      assert.strictEqual(builtIn.as(Tried).alerts[0]?.rule.name, "backup")
    })
  )
})
