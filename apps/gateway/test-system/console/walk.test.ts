/**
 * The seed's walk, for Slack and for HipChat, with the mouse and with the keyboard alone.
 */
import { assert, describe, layer } from "@effect/vitest"
import { show as showHipChat } from "@tocsin/plugin-hipchat/testing"
import { show as showSlack } from "@tocsin/plugin-slack/testing"
import { Effect, Layer } from "effect"
import { until } from "../../test/harness/gate.ts"
import * as InProcess from "../../test/harness/inProcess.ts"
import { hipChatToken, make, SharedHarness } from "../../test/harness/gateway.ts"
import { postgres } from "../../test/harness/postgres.ts"
import { type Channel, connect, type Hands, keyboard, mouse } from "./harness/walk.ts"
import { Chromium, visit } from "./harness/browser.ts"

const InProcessHarness = Layer.effect(SharedHarness, make({}, InProcess.start))

const key = Buffer.alloc(32, 7).toString("base64")

const PostgresHarness = Layer.effect(
  SharedHarness,
  Effect.flatMap(postgres, ({ url }) =>
    make({ TOCSIN_DATABASE_URL: url("postgres"), TOCSIN_KEY: key }, InProcess.start)
  )
)

let walks = 0

const walk = Effect.fnUntraced(function* (kind: "slack" | "hipChat", hands: Hands, isFirst = false) {
  const harness = yield* SharedHarness
  const walkId = `walk-${++walks}`
  const { request } = harness
  const channel: Channel =
    kind === "slack"
      ? {
          type: "Slack",
          name: `Channel of ${walkId}`,
          fields: { URL: `${harness.slackUrl}/services/T0/B0/${walkId}`, Channel: "#ops" }
        }
      : {
          type: "HipChat",
          name: `Room of ${walkId}`,
          fields: { URL: `${harness.hipChatUrl}/v2/room/${walkId}/notification`, "Auth token": hipChatToken }
        }
  const messages = () =>
    kind === "slack"
      ? harness.slack.messages.filter(({ url }) => url.endsWith(walkId)).map(({ payload }) => showSlack(payload))
      : harness.hipChat.messages
          .filter(({ url }) => url.includes(`/${walkId}/`))
          .map(({ payload }) => showHipChat(payload))

  const rule = { id: walkId, name: `Rule of ${walkId}`, match: { source: walkId }, integrations: [] }
  assert.strictEqual((yield* request("POST", "/v1/rules", { ...rule, notifyOnClear: true })).status, 201)
  const visitor = yield* visit(harness)
  const { page } = visitor
  yield* Effect.promise(async () => {
    await visitor.open("/alerts")
    await page.getByRole("heading", { name: "Alerts", level: 1 }).waitFor()
    await connect(page, hands, rule.name, channel, isFirst)
  })

  const alert = { source: walkId, id: "1", startedAt: "2026-01-15T02:00:00Z", rule: { name: "Disk full" } }
  yield* request("POST", "/v1/alerts", { ...alert, state: "raised" })
  yield* until("the raised message", () => messages().length === 1)
  assert.include(messages()[0], "Raised: Disk full")

  yield* Effect.promise(async () => {
    await hands.press(page, "checkbox", channel.name)
    await page.getByText(`1 cleared message to ${channel.name}`).waitFor()
    await hands.press(page, "button", "Save")
  })
  yield* until("the cleared message", () => messages().length === 2)
  assert.match(messages()[1] ?? "", /Cleared.*integration removed/)
  assert.deepStrictEqual(visitor.complaints, [])
})

describe("From an alert rule to a message", () => {
  layer(Layer.merge(InProcessHarness, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("for Slack, with the mouse", () => walk("slack", mouse, true))
    it.effect("for HipChat, with the mouse", () => walk("hipChat", mouse))
    it.effect("for Slack, with the keyboard alone", () => walk("slack", keyboard))
    it.effect("for HipChat, with the keyboard alone", () => walk("hipChat", keyboard))
  })
})

describe("The same on PostgreSQL", () => {
  layer(Layer.merge(PostgresHarness, Chromium.layer), { excludeTestServices: true })((it) => {
    it.effect("for Slack, with the mouse", () => walk("slack", mouse, true))
  })
})
