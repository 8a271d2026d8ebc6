import { assert, describe, it } from "@effect/vitest"
import { FakeServer } from "@tocsin/core/fakes"
import { FakeSlack, show } from "@tocsin/plugin-slack/testing"
import { Effect } from "effect"
import { inject } from "vitest"
import { Delivery, listOf } from "../harness/answers.ts"
import { eventually } from "../harness/gate.ts"
import { alertsIn } from "../harness/alertsIn.ts"
import { make } from "../harness/gateway.ts"

/** Thousands of alerts. */
const thousands = inject("breadth") === "all" ? 10 : 2

describe(`${thousands},000 alerts at once, for a Slack that takes one message in a second (D5)`, () => {
  it.live("are all delivered in at most a hundred messages, and a critical one within two sends", () =>
    Effect.gen(function* () {
      const harness = yield* make()
      const slack = new FakeSlack()
      const slackUrl = yield* FakeServer.serve(oneInASecond(slack))
      // With Slack's own limits.
      const integration = { id: "ops", name: "ops", type: "slack", settings: { url: `${slackUrl}/services/T0/B0/ops` } }
      assert.strictEqual((yield* harness.request("POST", "/v1/integrations", integration)).status, 201)
      const rule = { name: "all", match: {}, integrations: ["ops"] }
      assert.strictEqual((yield* harness.request("POST", "/v1/rules", rule)).status, 201)

      const post = Effect.fnUntraced(function* (body: unknown) {
        const { status, text } = yield* harness.request("POST", "/v1/alerts", body)
        assert.strictEqual(status, 202, text)
      })
      const storm = (from: number, to: number) =>
        Effect.forEach(
          Array.from({ length: to - from }, (_, n) => from + n),
          (array) => post(Array.from({ length: 1000 }, (_, n) => alert(`a${array * 1000 + n}.`)))
        )
      yield* storm(0, thousands / 2)
      const list = (query: string) =>
        Effect.map(harness.request("GET", `/v1/deliveries?${query}`), ({ as }) => as(listOf(Delivery)))
      yield* post(alert("grave.", "critical"))
      // What had arrived or was on its way by then.
      const before = (yield* list("status=sending")).total + slack.messages.length
      yield* storm(thousands / 2, thousands)
      yield* eventually("the end of the storm", list("status=open"), ({ total }) => total === 0)

      const shown = slack.messages.map(({ payload }) => show(payload))
      assert.strictEqual(
        shown.reduce((sum, message) => sum + alertsIn(message), 0),
        thousands * 1000 + 1
      )
      assert.isAtMost(shown.length, 100)
      assert.isTrue(shown.slice(0, before + 2).some((message) => /^Raised: Storm.*alert grave\./s.test(message)))
      const digests = shown.filter((message) => alertsIn(message) > 1).length
      assert.strictEqual((yield* list("status=delivered")).total, thousands * 1000 + 1 + digests)
      // What ended otherwise is only digests that Slack was too busy for, and what they held was told by others.
      const { items } = yield* list("status=superseded&status=dead&status=diverted&limit=500")
      assert.isTrue(items.every(({ cause, kind }) => kind === "Digest" && cause?.includes("RateLimited") === true))
    })
  )
})

const alert = (id: string, severity = "major") => ({
  source: "storm",
  id,
  severity,
  state: "raised",
  startedAt: "2026-01-01T00:00:00Z",
  rule: { name: "Storm" }
})

/** Answers 429 to what comes within a second of a message that it took. */
const oneInASecond = (slack: FakeSlack): FakeServer.Answering => {
  let next = 0
  return {
    answer: (request) => {
      if (performance.now() < next) return { status: 429, headers: { "retry-after": "1" }, body: "" }
      next = performance.now() + 1000
      return slack.answer(request)
    }
  }
}
