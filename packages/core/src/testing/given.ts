import { Effect } from "effect"
import type { Any } from "../ChannelPlugin.ts"
import type { Alert } from "../Alert.ts"
import { maxLabelLength, maxLabels, maxObservations, maxTargets, maxTextLength } from "../InboundLimits.ts"
import type { Notification } from "../Notification.ts"
import { agent, cleared, crowded, hostile, notifications } from "./samples.ts"

const { assumedTimeZone: _, ...bare } = { ...agent, rule: { name: "Agent offline" }, observations: [] }

const upTo = (text: string, max = maxTextLength) => text.repeat(Math.floor(max / text.length))

const link = new URL(`https://app.example.com/${upTo("&", 1000)}`)

const full: Alert = {
  ...cleared,
  rule: { name: upTo("漢"), expression: upTo("&") },
  test: { name: upTo("👩‍👩‍👧‍👦"), targets: Array(maxTargets).fill(upTo("<")) },
  summary: upTo("\n> "),
  observations: Array(100).fill({ name: upTo("'"), atStart: upTo("@"), atEnd: upTo("("), link }),
  labels: Object.fromEntries(
    Array.from({ length: maxLabels }, (_, n) => [`${n}${upTo('"', maxLabelLength - 2)}`, upTo("*_", maxLabelLength)])
  ),
  links: { started: link, cleared: link, alert: new URL(`${link.href}1`) },
  assumedTimeZone: { zone: "UTC", stated: upTo("`") }
}

/**
 * Whether the engine passes a notification to a plugin: not a kind that the plugin skips, and no list of a digest's alerts
 * without threads.
 */
export const isGiven =
  ({ capabilities: { skips = [], thread = false } }: Pick<Any, "capabilities">) =>
  ({ _tag }: Notification): boolean =>
    (thread || _tag !== "DigestList") && !skips.some((kind) => kind === _tag)

/** Runs a check only for notifications that the engine passes to the plugin. */
export const ifGiven =
  <A>(plugin: Pick<Any, "capabilities">, check: (notification: Notification) => Effect.Effect<A>) =>
  (notification: Notification): Effect.Effect<void> =>
    isGiven(plugin)(notification) ? Effect.asVoid(check(notification)) : Effect.void

/** The notifications that the checks send, by their description. */
export const givenTo = (plugin: Pick<Any, "capabilities">): { readonly [what: string]: Notification } =>
  Object.fromEntries(Object.entries(given).filter(([, notification]) => isGiven(plugin)(notification)))

const given: { readonly [what: string]: Notification } = {
  ...Object.fromEntries(Object.entries(notifications).map(([kind, notification]) => [`a ${kind}`, notification])),
  "an alert without optional fields": { _tag: "Raised", alert: bare },
  "hostile text": { _tag: "Raised", alert: hostile },
  "a notice of which nothing is visible": { _tag: "Notice", severity: "info", headline: " \u200b", lines: ["\u00ad"] },
  "a letter with 600 combining marks": {
    _tag: "Raised",
    alert: { ...bare, rule: { name: `Z${"\u0301\u0323".repeat(300)}` } }
  },
  "a name of 4,096 characters": { _tag: "Raised", alert: { ...bare, rule: { name: "x".repeat(maxTextLength) } } },
  "names at their limits": { ...notifications.Cleared, alert: full, flaps: 1e15 },
  "5,000 observations": {
    _tag: "Raised",
    alert: {
      ...crowded,
      observations: Array.from({ length: maxObservations }, (_, n) => ({
        name: `Agent ${n}`,
        atStart: "x".repeat(200)
      }))
    }
  }
}
