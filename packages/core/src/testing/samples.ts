/**
 * Alerts and notifications to test a channel plugin with.
 */
import { DateTime, Schema } from "effect"
import { Alert } from "../Alert.ts"
import type { Kind, Notification } from "../Notification.ts"

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

/** An alert of an agent itself: no test, no observations, no views. */
export const agent: Alert = decode({
  id: "01966d2c-6d00-7000-8000-000000000002",
  source: "thousandeyes",
  sourceId: "562949953421312",
  episode: 1,
  state: "raised",
  rule: { id: "77", name: "Agent offline", expression: "Last contact ≥ 10 minutes ago" },
  severity: "critical",
  startedAt: "2025-03-17T19:43:00.000Z",
  observations: [{ name: "branch-oslo (10.0.0.5)" }],
  observationsOmitted: 0,
  labels: {},
  links: {},
  assumedTimeZone: { zone: "UTC" }
})

/** An alert that 2,000 agents observe. */
export const crowded: Alert = {
  ...raised,
  observations: Array.from({ length: 2000 }, (_, n) => ({
    name: `Agent ${n + 1}, Frankfurt (Example Carrier)`,
    atStart: `Response Code: ${400 + (n % 100)}`,
    link: new URL(`https://app.example.com/alerts?agentId=${n + 1}`)
  })),
  observationsOmitted: 500
}

/** An alert whose every text tries to be markup, to page everyone, or to be too long. */
export const hostile: Alert = {
  ...raised,
  rule: {
    id: "1",
    name: `<!channel> @all @here *bold* _it_ ~no~ \`code\` <b>&amp;</b> "q" 'q' \u202Eright to left\u202C 👩‍👩‍👧‍👦 ${"x&<>".repeat(1024)}`,
    expression: "<https://evil.example|click> & </a><script>alert(1)</script> ```pre```\n> quote\n/code"
  },
  test: {
    id: "2",
    name: "@channel <@U012AB3CD> <#C012AB3CD> <!subteam^S1>",
    targets: ["https://x.example/?a=1&b=<2>|3"]
  },
  summary: "First line\n\n\n> second <!everyone> (failed) #general",
  observations: [{ name: "<!here> *agent*", atStart: "@everyone \u0000\u001b[31m & more" }],
  labels: { "<b>team</b>": "@ops & <!date^0^x|y>" }
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
  Notice: {
    _tag: "Notice",
    severity: "major",
    headline: "Integration Ops does not work",
    lines: ["DestinationGone since 2022-04-25 22:18:00 UTC", "12 notifications wait"]
  },
  Test: { _tag: "Test", of: "Raised", alert: raised }
}
