/** What must hold at the end of a run, whatever happened in it. */
import { type Alert, type AlertId, severityRank } from "@tocsin/core"
import type { ConversationSummary, Delivery } from "@tocsin/delivery"
import { type AlertModel, keyOf, type ModelAlert } from "./AlertModel.ts"
import type { ConversationModel, ModelConversation } from "./ConversationModel.ts"
import { type Call, secretMark } from "./Services.ts"
import { carried } from "./carried.ts"
import { withinRateLimits } from "./withinRateLimits.ts"

/** All that is known of a run. */
export interface Evidence {
  readonly alerts: ReadonlyArray<Alert>
  readonly held: ReadonlyArray<Held>
  readonly conversations: ReadonlyMap<AlertId, ReadonlyArray<ConversationSummary>>
  /** Oldest first. */
  readonly deliveries: ReadonlyArray<Delivery>
  readonly calls: ReadonlyArray<Call>
  readonly pauses: ReadonlyArray<{ readonly key: string; readonly at: number }>
  /** When the gateway was started. */
  readonly starts: ReadonlyArray<number>
  /** When the wall clock was set, and by how much. */
  readonly steps: ReadonlyArray<{ readonly at: number; readonly milliseconds: number }>
  readonly log: ReadonlyArray<string>
  /** Every row of the store, as text. */
  readonly stored: string
  readonly model: { readonly alerts: AlertModel; readonly conversations: ConversationModel }
}

/** A conversation, and what holds it, as JSON. */
export interface Held {
  readonly alert: AlertId
  readonly integration: string
  readonly state: "open" | "closed"
  readonly holders: string
}

/** What is wrong, in words; each begins with the case that it breaks. */
export const violations = (evidence: Evidence): ReadonlyArray<string> => [
  ...secrets(evidence),
  ...alerts(evidence),
  ...conversations(evidence),
  ...evidence.deliveries.flatMap(steps),
  ...channels(evidence),
  ...carried(evidence),
  ...withinRateLimits(evidence)
]

const secrets = ({ log, stored }: Evidence) => [
  ...(stored.includes(secretMark) ? ["S1: a secret is in the store"] : []),
  ...(log.some((line) => line.includes(secretMark)) ? ["S: a secret is in the log"] : []),
  // The simulated plugins throw on purpose.
  ...log
    .filter((line) => /^(Error|Fatal)/.test(line) && !/The plugin of type \w+ failed/.test(line))
    .map((line) => `logged: ${line}`)
]

/** I1 to I6: every accepted event is accounted for. */
const alerts = ({ alerts, model }: Evidence) => {
  const known = Map.groupBy(alerts, keyOf)
  return [...new Set([...known.keys(), ...model.alerts.alerts.keys()])].flatMap((key) =>
    differences(model.alerts.alerts.get(key) ?? [], known.get(key) ?? []).map(
      (difference) => `I: ${key}: ${difference}`
    )
  )
}

/** What the store knows otherwise of one alert than it should. */
export const differences = (
  expected: ReadonlyArray<ModelAlert>,
  found: ReadonlyArray<Alert>
): ReadonlyArray<string> => {
  const byEpisode = new Map(found.map((alert) => [alert.episode, alert]))
  return [
    ...(expected.length === found.length
      ? []
      : [`${found.length} episodes are known, and should be ${expected.length}`]),
    ...expected.flatMap((alert) => {
      const stored = byEpisode.get(alert.episode)
      if (stored === undefined) return [`episode ${alert.episode} is not known`]
      const told = JSON.stringify([
        stored.state,
        stored.severity,
        stored.summary,
        stored.labels["team"],
        stored.startedAt.epochMilliseconds,
        stored.clearedAt?.epochMilliseconds,
        stored.clearedBecause
      ])
      const { because, clearedAt, severity, startedAt, state, summary, team } = alert
      const should = JSON.stringify([state, severity, summary, team, startedAt, clearedAt, because])
      return told === should ? [] : [`episode ${alert.episode} is ${told}, and should be ${should}`]
    })
  ]
}

/** O: what each integration was told of each alert. */
const conversations = (evidence: Evidence): ReadonlyArray<string> => {
  const { alerts, conversations, deliveries, model } = evidence
  const { integrations, saved } = model.conversations
  // A fallback also has conversations without a matching rule (D4).
  const fallbacks = new Set(saved.map(({ fallback }) => fallback))
  const byName = new Map(alerts.map((alert) => [`${keyOf(alert)}#${alert.episode}`, alert]))
  return [...model.conversations.conversations.values()].flatMap((conversation) => {
    const { integration } = conversation
    const alert = byName.get(conversation.alert)
    if (alert === undefined || fallbacks.has(integration)) return []
    const at = `${conversation.alert} at ${integration}`
    const isOpen = conversation.matchedBy.size > 0
    const state = conversations.get(alert.id)?.find((one) => one.integration === integration)?.state
    const stated = state === (isOpen ? "open" : "closed") ? [] : [`O2: ${at} is ${state}, and should be otherwise`]
    if (integrations.get(integration)?.enabled !== true || conversation.forgotten) return stated
    const sent = deliveries.filter((one) => one.alert === alert.id && one.integration === integration)
    const problems = isOpen ? checkOpen(sent) : checkClosed(conversation, alert, sent, evidence)
    return [...stated, ...problems, ...checkOnce(conversation, sent)].map((wrong) =>
      wrong.includes(at) ? wrong : `${wrong}: ${at} (${sent.map(({ kind, status }) => `${kind} ${status}`).join(", ")})`
    )
  })
}

const ended = (deliveries: ReadonlyArray<Delivery>) => deliveries.filter(({ status }) => status !== "superseded")

const isClear = ({ kind }: { readonly kind: string }) => kind === "Cleared" || kind === "RaisedAndCleared"

const lastDelivered = (deliveries: ReadonlyArray<Delivery>) =>
  deliveries.findLast(({ status }) => status === "delivered")

/** O1, O9: a raised alert was sent, or the reason why not is recorded. */
const checkOpen = (sent: ReadonlyArray<Delivery>) => {
  if (ended(sent).length === 0) return ["O1: raised, and nobody was notified"]
  const last = lastDelivered(sent)
  const after = last === undefined ? [] : sent.slice(sent.indexOf(last) + 1)
  return last !== undefined && isClear(last) && !after.some(({ status }) => status === "dead" || status === "diverted")
    ? ["O9: raised, and the last message was a clear"]
    : []
}

/** O2, O3: a clear follows each raise that was sent, if a rule says so; an unsent raise becomes raised and cleared. */
const checkClosed = (
  { because, everMatchedBy, integration }: ModelConversation,
  alert: Alert,
  sent: ReadonlyArray<Delivery>,
  { alerts, calls, model }: Evidence
) => {
  const notified = [...everMatchedBy].map((rule) => model.conversations.notified.get(rule) ?? new Set())
  const always = notified.some((values) => !values.has(false))
  const never = notified.every((values) => !values.has(true))
  const wrong: Array<string> = []
  if (never && ended(sent).some(({ kind }) => kind === "Cleared")) wrong.push("O2: a clear that no rule wants")
  // O7: a later raise may cover this one too.
  const later = alerts.filter((one) => keyOf(one) === keyOf(alert) && one.episode > alert.episode)
  const isFolded = calls.some(
    (call) =>
      call.claimed && call.flaps > 0 && call.integration === integration && later.some(({ id }) => id === call.alert)
  )
  if (isFolded) return wrong
  const last = lastDelivered(sent)
  const after = last === undefined ? sent : sent.slice(sent.indexOf(last) + 1)
  const isGivenUp = after.some(({ kind, status }) => kind === "Cleared" && (status === "dead" || status === "diverted"))
  if (always && last !== undefined && !isClear(last) && !isGivenUp)
    wrong.push("O2: cleared, and the channel was not notified")
  // Whether it was delivered or its outcome is unknown: a channel that shows the raise must show the end.
  const read = calls.findLast((call) => call.claimed && call.alert === alert.id && call.integration === integration)
  const clear = sent.findLast(isClear)
  if (
    always &&
    read !== undefined &&
    !isClear(read) &&
    !["delivered", "dead", "diverted"].includes(clear?.status ?? "")
  ) {
    wrong.push("O3: cleared, and the channel still shows it as raised")
  }
  const byAlert = alert.state === "cleared" && because === alert.clearedBecause
  if (byAlert && ended(sent).length === 0 && sent.length > 0)
    wrong.push("O3: raised and cleared, and nobody was notified")
  return wrong
}

/** O1, O9: each opening is sent once. */
const checkOnce = ({ opened }: ModelConversation, sent: ReadonlyArray<Delivery>) => {
  const delivered = sent.filter(({ redeliveryOf, status }) => status === "delivered" && redeliveryOf === undefined)
  const raises = delivered.filter(({ kind }) => kind === "Raised" || kind === "RaisedAndCleared").length
  const clears = delivered.filter(({ kind }) => kind === "Cleared").length
  const most = opened + sent.filter(({ redeliveryOf }) => redeliveryOf !== undefined).length
  return raises > most || clears > most
    ? [`O1: opened ${opened} times, sent ${raises} raises and ${clears} clears`]
    : []
}

const terminal = new Set(["delivered", "dead", "superseded", "diverted"])

const follows: Record<string, ReadonlyArray<string>> = {
  pending: ["sending", "folded", "superseded", "diverted"],
  retrying: ["sending", "folded", "superseded", "diverted"],
  sending: ["delivered", "retrying", "dead", "diverted", "superseded"],
  folded: ["pending", "retrying", "delivered", "dead", "superseded", "diverted"]
}

/** D: a delivery goes only ways that there are, and ends once, with a cause. */
const steps = ({ alert, cause, integration, kind, status, transitions }: Delivery): ReadonlyArray<string> => {
  const at = `${kind} of ${alert} at ${integration}: ${transitions.map((one) => one.status).join(" > ")}`
  const wrong = transitions.flatMap(({ cause, status }, index) => {
    const before = transitions[index - 1]
    // Five refusals in a row say that none of them was to blame (D3).
    if (before?.status === "dead" && status === "retrying" && cause?.startsWith("requeued: ") === true) return []
    if (before === undefined)
      return status === "pending" || status === "superseded" ? [] : [`D: begins as ${status}: ${at}`]
    return follows[before.status]?.includes(status) === true ? [] : [`D: ${before.status} > ${status}: ${at}`]
  })
  if (transitions.at(-1)?.status !== status) wrong.push(`D: ${status} without a step: ${at}`)
  if (terminal.has(status) && status !== "delivered" && !cause) wrong.push(`D: ends without a cause: ${at}`)
  return wrong
}

/** What the services got, against what history says of it. */
const channels = ({ calls, deliveries }: Evidence): ReadonlyArray<string> => {
  const place = ({
    alert,
    integration,
    kind
  }: {
    readonly alert?: AlertId | undefined
    readonly integration: string
    readonly kind: string
  }) => `${kind === "Test" ? "tests" : (alert ?? "all")} at ${integration}`
  const byPlace = Map.groupBy(deliveries, place)
  const digested = new Set(
    calls.filter(({ alert, flaps }) => alert === undefined || flaps > 0).map(({ integration }) => integration)
  )
  const called = Map.groupBy(calls, place)
  return [...new Set([...byPlace.keys(), ...called.keys()])].flatMap((at) =>
    channel(called.get(at) ?? [], byPlace.get(at) ?? [], digested, !/^(all|tests) /.test(at)).map(
      (wrong) => `${wrong}: ${at}`
    )
  )
}

const channel = (
  calls: ReadonlyArray<Call>,
  deliveries: ReadonlyArray<Delivery>,
  digested: ReadonlySet<string>,
  // Of digests and notices several may be on their way.
  isOrdered: boolean
): ReadonlyArray<string> => {
  const wrong: Array<string> = []
  const steps = deliveries.flatMap(({ transitions }) => transitions)
  const count = (is: (step: (typeof steps)[number]) => boolean) => steps.filter(is).length
  const sendings = count(({ status }) => status === "sending")
  const cutOff = count(({ cause }) => cause?.includes("may be duplicated") === true)
  const unanswered = count(({ cause }) => cause?.startsWith("Unavailable") === true)
  const removed = deliveries.filter(
    ({ transitions }) => transitions.at(-1)?.status === "superseded" && transitions.at(-2)?.status === "sending"
  ).length

  // D1: on the disk before it is sent.
  if (calls.length > sendings) wrong.push(`D1: ${calls.length} attempts, ${sendings} recorded`)
  if (sendings - calls.length > cutOff + removed) wrong.push(`D1: ${sendings} attempts recorded, ${calls.length} made`)

  // What was carried by a digest was not sent by itself.
  const delivered = deliveries.filter(
    ({ status, transitions }) => status === "delivered" && transitions.at(-2)?.status !== "folded"
  )
  const acknowledged = calls.filter(({ outcome }) => outcome === "acknowledged")
  const lost = acknowledged.length - delivered.length
  if (lost < 0) wrong.push(`D: ${delivered.length} delivered, ${acknowledged.length} acknowledged`)
  if (lost > cutOff + removed) wrong.push(`D1: ${acknowledged.length} acknowledged, ${delivered.length} delivered`)
  const perhaps = calls.filter(({ outcome, claimed }) => claimed && outcome !== "acknowledged").length
  if (perhaps > unanswered + cutOff + removed)
    wrong.push(`D1: ${perhaps} messages are in the channel and history does not say so`)

  // In this order, and in these words.
  let from = 0
  for (const { text } of cutOff + removed > 0 || !isOrdered ? [] : delivered) {
    const found = acknowledged.findIndex((call, index) => index >= from && call.text === text)
    if (found < 0) wrong.push("D: what history says was sent is not what was sent, or not in this order")
    from = found + 1
  }
  for (const { text } of delivered) {
    if (!acknowledged.some((call) => call.text === text)) wrong.push("D: history keeps another text than was sent")
  }

  // O2: no clear without a raise that was told or perhaps told.
  // Of an attempt that was cut off the engine knows nothing, not even that it never began.
  let mayKnow = cutOff > 0
  const isRepeated = deliveries.some(({ redeliveryOf }) => redeliveryOf !== undefined)
  let severity: number | undefined
  for (const call of calls) {
    if (call.kind === "Cleared" && !mayKnow && !digested.has(call.integration))
      wrong.push("O2: a clear without its raise")
    mayKnow ||= call.claimed || call.outcome === "unanswered" || call.outcome === "cut off"
    if (call.outcome !== "acknowledged" || call.severity === undefined) continue
    const rank = severityRank(call.severity)
    if (call.kind === "Escalated" && severity !== undefined && rank <= severity && cutOff === 0 && !isRepeated) {
      wrong.push("I6: escalated, and not more severe")
    }
    severity = isClear(call) ? undefined : rank
  }
  return wrong
}
