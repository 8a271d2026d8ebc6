/**
 * A gateway in which everything that the console shows is to be seen.
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { until } from "../../../test/harness/gate.ts"
import { hipChatToken, type Harness } from "../../../test/harness/gateway.ts"

/** So fast that nobody waits. */
const fast = { messages: 1000, perSeconds: 1, burst: 1000 }

/** Integrations of every state, rules of every kind, and some alerts. */
export const seed = Effect.fnUntraced(function* (harness: Harness) {
  const post = Effect.fnUntraced(function* (path: string, body: object) {
    const { status, text } = yield* harness.request("POST", path, body)
    assert.isBelow(status, 300, text)
  })
  const integration = (id: string, name: string, settings: object, more: object = {}) =>
    post("/v1/integrations", { id, name, type: "slack", limits: fast, settings, ...more })
  yield* integration("ops", "Ops channel", { url: `${harness.slackUrl}/services/T0/B0/ops`, channel: "#ops" })
  yield* integration("night", "Night shift", { url: `${harness.slackUrl}/services/T0/B0/night` }, { fallback: "ops" })
  yield* post("/v1/integrations", {
    id: "room",
    name: "Ops room",
    type: "hipchat",
    limits: fast,
    settings: { url: `${harness.hipChatUrl}/v2/room/42/notification`, authToken: hipChatToken }
  })
  yield* post("/v1/integrations", {
    id: "broken",
    name: "Old war room",
    type: "hipchat",
    settings: { url: `${harness.hipChatUrl}/v2/room/43/notification`, authToken: "no-longer-right" }
  })
  yield* integration("new", "Data platform", { url: `${harness.slackUrl}/services/T0/B0/new` })
  const rule = (id: string, name: string, match: object, integrations: ReadonlyArray<string>, more: object = {}) =>
    post("/v1/rules", { id, name, match, integrations, notifyOnClear: true, ...more })
  yield* rule("major", "Major and above", { severity: "major" }, ["ops", "room"])
  yield* rule("critical", "Critical wakes people", { severity: "critical", labels: { team: "net" } }, ["night"])
  yield* rule("checkout", "The checkout", { test: ["checkout-*", "2800817"] }, ["broken"])
  yield* rule("archive", "Everything to the archive", {}, ["new"], { enabled: false })

  const severities = ["critical", "major", "minor", "info"]
  const names = ["HTTP errors", "Packet loss", "DNS resolution", "Disk almost full", "Replica lag"]
  for (let n = 0; n < 24; n++) {
    const startedAt = new Date(Date.now() - (n + 1) ** 2 * 60_000).toISOString()
    const alert = {
      source: ["synthetics", "disk-check", "backup-job"][n % 3],
      id: `seed-${n}`,
      startedAt,
      severity: severities[n % 4],
      rule: { name: names[n % 5] },
      test: { name: n % 2 ? "checkout-eu" : "db-1:/var", targets: ["shop.example.com"] },
      summary: "Errors rose from 0.1 % to 7.4 % in five minutes.",
      labels: { team: n % 2 ? "net" : "data" },
      links: { started: "https://graphs.example.com/?at=1" },
      observations: [{ name: "New York", atStart: "Response code 502", link: "https://graphs.example.com/ny" }]
    }
    yield* post("/v1/alerts", { ...alert, state: "raised" })
    if (n % 3 === 0) yield* post("/v1/alerts", { ...alert, state: "cleared", clearedAt: new Date().toISOString() })
  }
  yield* until("messages", () => harness.slack.messages.length > 5 && harness.hipChat.messages.length > 5)
  yield* harness.request("POST", "/v1/sources/thousandeyes", { eventId: 1, unknown: true })
})
