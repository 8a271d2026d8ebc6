/**
 * What must hold of messages that speak for others: digests, folded episodes, fallbacks and notices; and of the order
 * in which one alert is spoken of.
 */
import type { Delivery } from "@tocsin/delivery"
import { keyOf } from "./AlertModel.ts"
import type { Evidence } from "./invariants.ts"

export const carried = (evidence: Evidence): ReadonlyArray<string> => [
  ...digests(evidence),
  ...receipts(evidence),
  ...evidence.deliveries.flatMap(unfinished),
  ...atOnce(evidence),
  ...criticals(evidence),
  ...fallbacks(evidence),
  ...notices(evidence)
]

/** D5: a digest tells each that it covers once; and what was covered by one that failed is not told by it. */
const digests = ({ calls, deliveries }: Evidence) => {
  const covered = Map.groupBy(
    deliveries.filter(({ status }) => status === "delivered"),
    ({ cause }) => cause ?? ""
  )
  const wrong: Array<string> = []
  for (const { id, integration, kind, status, text } of deliveries) {
    const within = covered.get(`in ${id}`) ?? []
    if (kind !== "Digest") continue
    if (status !== "delivered") {
      if (within.length > 0) wrong.push(`D5: ${within.length} are told by a digest that is ${status}`)
      continue
    }
    const cleared = within.filter(({ kind }) => kind === "Cleared" || kind === "RaisedAndCleared").length
    const isSaid = calls.some(
      (call) =>
        call.integration === integration &&
        call.text === text &&
        call.outcome === "acknowledged" &&
        call.digest?.raised === within.length - cleared &&
        call.digest.cleared === cleared
    )
    // The deliveries of an integration that was removed meanwhile end otherwise.
    if (!isSaid) wrong.push(`D5: a digest that history says told ${within.length}, ${cleared} cleared, was never sent`)
  }
  return wrong
}

/** D5, O8: a receipt is the one of this alert's own first message, in this place. */
const receipts = ({ calls }: Evidence) =>
  calls.flatMap(({ alert, integration, kind, place, receipt }) => {
    if (typeof receipt !== "number") return []
    const first = calls[receipt]
    return first !== undefined &&
      (first.kind === "Test") === (kind === "Test") &&
      first.kind !== "Digest" &&
      first.alert === alert &&
      first.integration === integration &&
      first.place === place
      ? []
      : [`D5, O8: a ${kind} has the receipt of a ${first?.kind} at ${first?.place}, and is sent to ${place}`]
  })

/** D1: nothing is being said when all is over, also by a lane that is disabled. */
const unfinished = ({ id, kind, status }: Delivery) =>
  status === "sending" || status === "folded" ? [`D: ${kind} ${id} is ${status} for ever`] : []

/** O7: what is said of one alert at one integration is said one after the other, or together. */
const atOnce = ({ alerts, deliveries, steps }: Evidence) => {
  // A clock that was set tells no order.
  if (steps.some(({ milliseconds }) => milliseconds !== 0)) return []
  const keys = new Map(alerts.map((alert) => [alert.id, keyOf(alert)]))
  const said = deliveries.flatMap(({ alert, id, integration, transitions }) =>
    alert === undefined
      ? []
      : transitions.flatMap(({ at, cause, status }, index) => {
          const next = transitions[index + 1]
          if (status !== "sending" && status !== "folded") return []
          const by = status === "sending" ? id : (cause?.split(" ").at(-1) ?? "")
          // In no time at all there is no order.
          if (next?.at === at) return []
          return [{ of: `${keys.get(alert)} at ${integration}`, by, delivery: id, from: at, to: next?.at ?? Infinity }]
        })
  )
  return [...Map.groupBy(said, ({ of }) => of)].flatMap(([of, spans]) => {
    const ordered = spans.toSorted((a, b) => a.from - b.from)
    const pair = ordered.flatMap((span, index) => {
      const other = ordered.slice(index + 1).find(({ by, from }) => by !== span.by && from < span.to)
      return other === undefined ? [] : [span, other]
    })
    return pair.length > 0
      ? [`O7: two messages about ${of} were on their way at once: ${JSON.stringify(pair.slice(0, 2))}`]
      : []
  })
}

/** D5: no digest goes before a critical raise while ten or fewer could be such. */
const criticals = ({ alerts, calls, deliveries, steps }: Evidence) => {
  if (steps.some(({ milliseconds }) => milliseconds !== 0)) return []
  const byId = new Map(alerts.map((alert) => [alert.id, alert]))
  const waiting = deliveries.flatMap(({ alert, integration, kind, transitions }) => {
    const about = alert === undefined ? undefined : byId.get(alert)
    const [first, second] = transitions
    if (about === undefined || first?.status !== "pending" || kind === "Cleared") return []
    const perhaps = about.source !== "storm" || about.severity === "critical"
    if (!perhaps) return []
    const isFirst = about.source === "storm" && about.episode === 1
    return [
      { integration, from: first.at, to: second?.at ?? Infinity, end: transitions.at(-1)?.at ?? Infinity, isFirst }
    ]
  })
  const sent = deliveries.filter(({ kind }) => kind === "Digest")
  return sent.flatMap(({ createdAt, integration }) => {
    const there = waiting.filter((one) => one.integration === integration && one.from < createdAt)
    if (there.filter(({ end }) => end >= createdAt).length > 10) return []
    return there.some(({ isFirst, to }) => isFirst && to > createdAt)
      ? [`D5: a digest at ${integration} goes before a critical raise, of ${calls.length} calls`]
      : []
  })
}

/** D4: what a fallback holds for another closes with it, and it is told once. */
const fallbacks = ({ deliveries, held, model }: Evidence) => {
  const open = new Set(
    held.filter(({ state }) => state === "open").map(({ alert, integration }) => `${alert} at ${integration}`)
  )
  const orphans = held.flatMap(({ alert, holders, integration, state }) => {
    const whom: ReadonlyArray<string> = JSON.parse(holders)
    const gone = whom.filter((one) => one.startsWith("for:") && !open.has(`${alert} at ${one.slice(4)}`))
    return state === "open" && gone.length > 0 ? [`D4: at ${integration} what is held ${gone.join()} is open`] : []
  })
  const opened = Map.groupBy([...model.conversations.conversations.values()], ({ alert }) => alert)
  const most = Math.max(1, ...[...opened.values()].map((all) => all.reduce((sum, one) => sum + one.opened, 0)))
  const told = Map.groupBy(
    deliveries.filter(
      ({ alert, kind, redeliveryOf, status }) =>
        alert !== undefined &&
        status === "delivered" &&
        redeliveryOf === undefined &&
        (kind === "Raised" || kind === "RaisedAndCleared")
    ),
    ({ alert, integration }) => `${alert} at ${integration}`
  )
  const twice = [...told].flatMap(([at, raises]) =>
    raises.length > most ? [`D4: ${at} is told ${raises.length} times, and opened ${most} times at most`] : []
  )
  return [...orphans, ...twice]
}

/** D4: operators hear of one integration once an hour. */
const notices = ({ deliveries, steps }: Evidence) =>
  steps.some(({ milliseconds }) => milliseconds < 0)
    ? []
    : [
        ...Map.groupBy(
          deliveries.filter(({ kind }) => kind === "Notice"),
          ({ transitions: [first] }) => first?.cause
        )
      ].flatMap(([of, all]) =>
        all.some(({ createdAt }, index) => createdAt - (all[index - 1]?.createdAt ?? -Infinity) < 3_600_000)
          ? [`D4: two notices within an hour: ${of}`]
          : []
      )
