import { assert, describe, layer } from "@effect/vitest"
import { Integration, TestSend } from "@tocsin/client"
import { Effect } from "effect"
import { ask, Delivery, errorsOf, listOf } from "../harness/answers.ts"
import { hipChatToken, SharedHarness } from "../harness/gateway.ts"

const outcomes = (answer: { readonly as: (schema: typeof TestSend) => typeof TestSend.Type }) =>
  answer.as(TestSend).items.map(({ detail, of, reason, status }) => ({
    of,
    status,
    ...(reason !== undefined && { reason }),
    ...(detail !== undefined && { detail })
  }))

const both = [
  { of: "Raised", status: "delivered" },
  { of: "Cleared", status: "delivered" }
]

describe("Test sends (D6)", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect("send a raised and a cleared message to both channels, without a body or with an empty one", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const { integrations } = yield* harness.channels("tested", { match: { source: "nobody" } })
        const slack = yield* ask(200, "POST", `/v1/integrations/${integrations.slack}/test`)
        assert.deepStrictEqual(outcomes(slack), both)
        const hipChat = yield* ask(200, "POST", `/v1/integrations/${integrations.hipChat}/test`, {})
        assert.deepStrictEqual(outcomes(hipChat), both)
        for (const messages of [harness.slack.messages, harness.hipChat.messages]) {
          const shown = messages
            .filter(({ url }) => url.includes("tested"))
            .map(({ payload }) => JSON.stringify(payload))
          assert.lengthOf(shown, 2)
          assert.include(shown[0], "Test of a raised alert")
          assert.include(shown[1], "Test of a cleared alert")
        }
        yield* ask(404, "POST", "/v1/integrations/nobody/test")
      })
    )

    it.effect("try settings before they are saved, with the stored secrets for those left out", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const url = `${harness.hipChatUrl}/v2/room/before/notification`
        const unsaved = { name: "Room", type: "hipchat", settings: { url, authToken: hipChatToken } }
        const test = yield* ask(200, "POST", "/v1/integrations/test", unsaved)
        assert.deepStrictEqual(outcomes(test), both)
        const { tested } = test.as(TestSend)
        assert.strictEqual(
          (yield* ask(200, "GET", "/v1/integrations?"))
            .as(listOf(Integration))
            .items.filter(({ name }) => name === "Room").length,
          0
        )

        // The test counts for the integration that is created with these settings, and for no other.
        const made = yield* ask(201, "POST", "/v1/integrations", { id: "stored", ...unsaved, tested })
        assert.isDefined(made.as(Integration).lastSuccessAt)
        const other = { ...unsaved.settings, url: `${url}#other` }
        for (const untested of [unsaved, { ...unsaved, tested: "made up" }, { ...unsaved, tested, settings: other }]) {
          assert.isUndefined((yield* ask(201, "POST", "/v1/integrations", untested)).as(Integration).lastSuccessAt)
        }
        const changed = { settings: { url: `${url}#changed` } }
        assert.deepStrictEqual(outcomes(yield* ask(200, "POST", "/v1/integrations/stored/test", changed)), both)
        const after = url.replace("before", "after")
        const moved = { settings: { url: after, authToken: hipChatToken } }
        assert.deepStrictEqual(outcomes(yield* ask(200, "POST", "/v1/integrations/stored/test", moved)), both)
        assert.isTrue(harness.hipChat.messages.some((message) => message.url === "/v2/room/after/notification"))

        // Without an id of a stored one there is no stored secret.
        const settings = { url: after }
        const [missing] = errorsOf(
          yield* ask(400, "POST", "/v1/integrations/test", { ...unsaved, id: "stored", settings })
        )
        assert.strictEqual(missing?.path, "/settings/authToken")
        // A stored secret goes nowhere but where it was entered for (S2).
        for (const elsewhere of [after, `${url}?room=after`, "http://127.0.0.1:9/v2/room/before/notification"]) {
          const [again] = errorsOf(
            yield* ask(400, "POST", "/v1/integrations/stored/test", { settings: { url: elsewhere } })
          )
          assert.strictEqual(again?.path, "/settings/authToken", elsewhere)
        }
        // Nor does a test reach what an integration may not (S3).
        const inside = { settings: { url: "https://169.254.169.254/v2/room/x", authToken: "s3cr3t" } }
        const [refused] = errorsOf(yield* ask(400, "POST", "/v1/integrations/stored/test", inside))
        assert.strictEqual(refused?.path, "/settings/url")
        assert.include(refused?.message, "TOCSIN_EGRESS_ALLOW")
      })
    )

    it.effect("report the service's answer, and history shows it", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        yield* ask(201, "POST", "/v1/integrations", {
          id: "gone",
          name: "Gone",
          type: "slack",
          settings: { url: `${harness.slackUrl}/services/T0/B0/gone` }
        })
        harness.slack.script({ status: 404, body: "no_service" })
        const answer = yield* ask(200, "POST", "/v1/integrations/gone/test")
        assert.deepStrictEqual(outcomes(answer), [
          { of: "Raised", status: "failed", reason: "DestinationGone", detail: "HTTP 404: no_service" },
          { of: "Cleared", status: "skipped" }
        ])
        const { items } = (yield* ask(200, "GET", "/v1/deliveries?integration=gone")).as(listOf(Delivery))
        assert.deepStrictEqual(
          items.map(({ cause, kind, status }) => `${kind} ${status}: ${cause}`),
          ["Test dead: DestinationGone: HTTP 404: no_service"]
        )
      })
    )
  })
})
