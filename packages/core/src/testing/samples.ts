/**
 * Alerts and notifications to test a channel plugin with.
 */
import { Schema } from "effect"
import { Alert } from "../Alert.ts"
import { raised } from "../samples.ts"

export { cleared, notifications, raised } from "../samples.ts"

const decode = Schema.decodeUnknownSync(Schema.toCodecJson(Alert))

/** An alert about an agent: no test, no observations, no links to a view. */
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

/** An alert whose texts contain markup or mentions, or are too long. */
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
  summary:
    "First line\n\n\n> second <!everyone> (failed) #general :100: 2001:100:db8::/48 00:ab:cd:de job:up:sum :) 8-)",
  observations: [{ name: "<!here> *agent*", atStart: "@everyone \u0000\u001b[31m & more" }],
  labels: { "<b>team</b>": "@ops & <!date^0^x|y>" }
}
