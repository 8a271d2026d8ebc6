import type { Notification } from "../Notification.ts"
import { agent, crowded, hostile, notifications, raised } from "./samples.ts"

/** What every plugin is given to send, by what it shows. */
export const given: { readonly [what: string]: Notification } = {
  ...Object.fromEntries(Object.entries(notifications).map(([kind, notification]) => [`a ${kind}`, notification])),
  "an alert without optional fields": { _tag: "Raised", alert: { ...agent, observations: [] } },
  "hostile text": { _tag: "Raised", alert: hostile },
  "names at their limits": {
    _tag: "Raised",
    alert: {
      ...raised,
      rule: { name: "漢".repeat(4096), expression: "&".repeat(4096) },
      test: { name: "👩‍👩‍👧‍👦".repeat(372), targets: ["<".repeat(4096)] },
      summary: "\n> ".repeat(1365)
    }
  },
  "5,000 observations": {
    _tag: "Raised",
    alert: {
      ...crowded,
      observations: Array.from({ length: 5000 }, (_, n) => ({ name: `Agent ${n}`, atStart: "x".repeat(200) }))
    }
  }
}
