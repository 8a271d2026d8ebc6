import { assert, describe, layer } from "@effect/vitest"
import { Integration } from "@tocsin/client"
import { Effect } from "effect"
import { Delivery, listOf } from "../harness/answers.ts"
import { eventually, until } from "../harness/gate.ts"
import { fast } from "../harness/channels.ts"
import { ownFixture, SharedHarness } from "../harness/gateway.ts"

/** A Slack channel of the test's own, which may fail as the test wants; HipChat takes everything. */
const own = Effect.fnUntraced(function* (id: string) {
  const harness = yield* SharedHarness
  const channels = yield* harness.channels(id, { match: { rule: id }, integration: { delivery: { maxBackoff: 1 } } })
  const post = Effect.fnUntraced(function* (name: string) {
    const { status } = yield* harness.request("POST", "/v1/sources/thousandeyes", yield* ownFixture(name, id))
    assert.strictEqual(status, 200)
  })
  const path = `/v1/integrations/${channels.integrations.slack}`
  const shown = Effect.map(harness.request("GET", path), ({ as }) => as(Integration))
  const deliveries = Effect.map(
    harness.request("GET", `/v1/deliveries?integration=${channels.integrations.slack}`),
    ({ as }) => as(listOf(Delivery)).items.toReversed()
  )
  const broken = eventually("the lane to break", shown, ({ state }) => state === "broken")
  return { harness, channels, post, path, shown, deliveries, broken }
})

describe("While the service fails", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect("retries a delivery until it succeeds, and delivers once", () =>
      Effect.gen(function* () {
        const { deliveries, post, channels, shown, harness } = yield* own("tried")
        const before = harness.slackGate.arrived()
        harness.slack.script({ status: 429, headers: { "retry-after": "1" } }, { status: 500, body: "oops" })
        yield* post("trigger")
        yield* channels.received(1)
        // Two failures, the message and the fence behind it.
        assert.strictEqual(harness.slackGate.arrived() - before, 4)
        const [delivery] = yield* deliveries
        assert.strictEqual(delivery?.status, "delivered")
        assert.strictEqual(delivery.attempts, 3)
        assert.deepStrictEqual(
          delivery.transitions.map(({ cause, status }) => [status, cause?.split(":")[0]]),
          [
            ["pending", 'matched by rule "tried"'],
            ["sending", undefined],
            ["retrying", "RateLimited"],
            ["sending", undefined],
            ["retrying", "Unavailable"],
            ["sending", undefined],
            ["delivered", undefined]
          ]
        )
        const [, , limited, again] = delivery.transitions
        // The pause begins with the answer, a moment before that is written down.
        assert.isAtLeast((again?.at.epochMilliseconds ?? 0) - (limited?.at.epochMilliseconds ?? 0), 900)
        assert.strictEqual((yield* shown).state, "ok")
        const byAlert = yield* harness.request("GET", `/v1/deliveries?alert=${delivery.alert}`)
        assert.deepStrictEqual(
          byAlert
            .as(listOf(Delivery))
            .items.map(({ integration, status }) => `${integration} ${status}`)
            .toSorted(),
          [`${channels.integrations.hipChat} delivered`, `${channels.integrations.slack} delivered`]
        )
      })
    )

    it.effect("shows a refused integration as broken, and delivers at once with new settings", () =>
      Effect.gen(function* () {
        const { broken, deliveries, path, post, shown, harness } = yield* own("refused")
        harness.slack.script({ status: 403, body: "invalid_token" })
        yield* post("trigger")
        assert.include((yield* broken).broken?.reason, "Unauthorized: HTTP 403: invalid_token")
        assert.deepStrictEqual(
          (yield* deliveries).map(({ status }) => status),
          ["retrying"]
        )

        const body = {
          name: "refused",
          type: "slack",
          limits: fast,
          settings: { url: `${harness.slackUrl}/services/fixed` }
        }
        assert.strictEqual((yield* harness.request("PUT", path, body)).status, 200)
        yield* until("the message at its new place", () =>
          harness.slack.messages.some(({ url }) => url === "/services/fixed")
        )
        yield* eventually("the delivery's end", deliveries, ([delivery]) => delivery?.status === "delivered")
        const { broken: why, lastSuccessAt, state } = yield* shown
        assert.strictEqual(state, "ok")
        assert.isUndefined(why)
        assert.isDefined(lastSuccessAt)
      })
    )

    it.effect("sends an alert that clears before its raise was sent as one message", () =>
      Effect.gen(function* () {
        const { deliveries, post, harness } = yield* own("brief")
        harness.slackGate.hold()
        harness.slack.script({ status: 503, body: "down" })
        yield* post("trigger")
        yield* until("the attempt", () => harness.slackGate.held() === 1)
        yield* post("trigger-cleared")
        harness.slackGate.open()
        yield* eventually("the delivery's end", deliveries, ([delivery]) => delivery?.status === "delivered")
        const messages = harness.slack.messages.filter(({ url }) => url.endsWith("/brief"))
        assert.lengthOf(messages, 1)
        assert.include(JSON.stringify(messages[0]), "Raised and cleared: brief on checkout-eu")
        assert.include(JSON.stringify(messages[0]), "#2EB67D")
        assert.deepStrictEqual(
          (yield* deliveries).map(({ kind }) => kind),
          ["RaisedAndCleared"]
        )
      })
    )

    it.effect("sends a refused message once more in plain form", () =>
      Effect.gen(function* () {
        const { deliveries, post, channels, harness } = yield* own("plain")
        harness.slack.script({ status: 400, body: "invalid_blocks" })
        yield* post("trigger")
        yield* channels.received(1)
        const [message] = harness.slack.messages.filter(({ url }) => url.endsWith("/plain"))
        assert.notProperty(message?.payload, "attachments")
        assert.strictEqual((yield* deliveries)[0]?.attempts, 2)
      })
    )

    it.effect("follows no redirect", () =>
      Effect.gen(function* () {
        const { broken, post, harness } = yield* own("redirected")
        const elsewhere = harness.hipChatGate.arrived()
        harness.slack.script({
          status: 307,
          headers: { location: `${harness.hipChatUrl}/v2/room/stolen/notification` }
        })
        yield* post("trigger")
        assert.include((yield* broken).broken?.reason, "Misconfigured: HTTP 307")
        yield* until("HipChat's own message", () => harness.hipChatGate.arrived() > elsewhere)
        assert.isFalse(harness.hipChat.messages.some(({ url }) => url.includes("stolen")))
        assert.strictEqual(harness.hipChatGate.arrived(), elsewhere + 1)
      })
    )
  })
})
