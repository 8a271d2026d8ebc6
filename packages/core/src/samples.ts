/**
 * A sample alert, and a sample notification of every kind, for previews and tests.
 */
import { DateTime, Schema } from "effect"
import { Alert, AlertId } from "./Alert.ts"
import type { Kind, Notification } from "./Notification.ts"

const decode = Schema.decodeUnknownSync(Schema.toCodecJson(Alert))

const view = "https://app.example.com/view?test=2800817&at="

/** A raised alert of a test that three agents run. */
export const raised: Alert = decode({
  id: "01966d2c-6d00-7000-8000-000000000001",
  source: "thousandeyes",
  sourceId: "118039164",
  episode: 1,
  state: "raised",
  rule: { id: "4500353", name: "HTTP errors", expression: "Response Code is any error (≥ 400 or no response)" },
  test: { id: "2800817", name: "checkout-eu", type: "HTTP Server", targets: ["http://shop.example.com:5012/"] },
  severity: "major",
  startedAt: "2022-04-25T22:18:00.000Z",
  observations: [
    {
      name: "New York, NY (Cogent)",
      atStart: "Response Code: 402",
      link: "https://app.example.com/alerts?agentId=1120"
    },
    {
      name: "Seattle, WA (Verizon)",
      atStart: "Response Code: 401",
      link: "https://app.example.com/alerts?agentId=59220"
    },
    { name: "Dallas, TX (AT&T)", atStart: "Response Code: 404", link: "https://app.example.com/alerts?agentId=63069" }
  ],
  observationsOmitted: 0,
  labels: {},
  links: {
    started: `${view}1650925080`,
    alert: "https://app.example.com/alerts?alertId=118039164",
    view: `${view}{time}`
  }
})

/** The same alert after its clear. */
export const cleared: Alert = {
  ...raised,
  state: "cleared",
  clearedAt: DateTime.makeUnsafe("2022-04-25T22:31:00.000Z"),
  clearedBecause: "conditionsNoLongerMet",
  observations: raised.observations.map((observation) => ({ ...observation, atEnd: "Response Code: 200" })),
  links: { ...raised.links, cleared: new URL(`${view}1650925860`) }
}

/** One notification of every kind. */
export const notifications: { readonly [K in Kind]: Extract<Notification, { readonly _tag: K }> } = {
  Raised: { _tag: "Raised", alert: raised },
  Escalated: { _tag: "Escalated", alert: { ...raised, severity: "critical" }, from: "major" },
  Reminder: { _tag: "Reminder", alert: raised },
  Cleared: {
    _tag: "Cleared",
    alert: cleared,
    because: "conditionsNoLongerMet",
    clearedAt: DateTime.makeUnsafe("2022-04-25T22:31:00.000Z")
  },
  RaisedAndCleared: {
    _tag: "RaisedAndCleared",
    alert: cleared,
    because: "conditionsNoLongerMet",
    clearedAt: DateTime.makeUnsafe("2022-04-25T22:31:00.000Z")
  },
  Digest: {
    _tag: "Digest",
    because: "storm",
    raised: 9000,
    cleared: 990,
    severity: "critical",
    groups: [
      {
        rule: "HTTP errors",
        severity: "critical",
        total: 9990,
        alerts: [{ text: "checkout-eu", link: new URL(`${view}1650925080`) }, { text: "checkout-us" }]
      }
    ],
    link: new URL("https://tocsin.example.com/digests/0123456789abcdef")
  },
  DigestList: {
    _tag: "DigestList",
    part: 1,
    parts: 3,
    severity: "critical",
    first: 1,
    total: 9990,
    alerts: [
      { text: "Raised: HTTP errors on checkout-eu", severity: "critical" },
      { text: "Cleared: HTTP errors on checkout-us", severity: "major" }
    ],
    omitted: 0,
    link: new URL("https://tocsin.example.com/digests/0123456789abcdef")
  },
  Notice: {
    _tag: "Notice",
    severity: "major",
    headline: "Integration Ops does not work",
    lines: ["DestinationGone since 2022-04-25 22:18:00 UTC", "12 notifications wait"]
  },
  Test: { _tag: "Test", of: "Raised", alert: raised }
}

/** The notification for which `destination` asks the request. It is never sent. */
export const probe: Notification = {
  _tag: "Test",
  of: "Raised",
  alert: {
    id: AlertId.make("probe"),
    source: "tocsin",
    sourceId: "probe",
    episode: 1,
    state: "raised",
    rule: { name: "probe" },
    severity: "info",
    startedAt: DateTime.makeUnsafe(0),
    observations: [],
    observationsOmitted: 0,
    labels: {},
    links: {}
  }
}

/** The options of that request. */
export const probeOptions = { form: "plain", deliveryId: "probe", now: 0 } as const
