/**
 * Decides which deliveries are due: compares the conversations that should be open with those that are (cases O1 to
 * O9). Pure.
 *
 * A conversation is one episode of an alert at one integration. It has at most one open delivery. While that delivery
 * is being sent, the planner decides nothing; `settle` decides again when it has ended. So a raise, a clear, an edit
 * and the end of an attempt are all the same computation.
 */
import {
  type Alert,
  type AlertRule,
  type AlertRuleId,
  type Because,
  type IntegrationId,
  type Kind,
  matches
} from "@tocsin/core"
import { Equal } from "effect"
import { isMoreSevere } from "./episode.ts"
import { type Matcher, isRule, type Conversation, type OpenDelivery, fallbackFor, unopened } from "./conversation.ts"

/** Why a delivery ended unsent, or was never due. These texts are stored as causes. */
export type Superseded =
  | "by the edit"
  | "matched again"
  | "no longer graver"
  | "cleared"
  | "raise never told"
  | "its fallback is told"
  | "integration deleted"
  | "expired"

/** The next state of a conversation, and the delivery that is due. */
export interface Plan {
  readonly conversation: Conversation
  /** The cause with which the pending delivery ends. */
  readonly supersede?: Superseded
  /** The delivery to create. One that is superseded at once records why nothing is sent. */
  readonly enqueue?: { readonly kind: Kind; readonly superseded?: Superseded }
}

/** The facts that the planner decides on. */
export interface PlannerInput {
  readonly alert: Alert
  /** The conversations of this alert. */
  readonly conversations: ReadonlyArray<Conversation>
  /** The current `notifyOnClear` of a rule, or its last value if the rule was removed. */
  readonly notifyOnClear: (rule: AlertRuleId) => boolean
  /** No conversation opens at a disabled integration (O8). */
  readonly isEnabled: (integration: IntegrationId) => boolean
}

/** Plans after an event: opens the conversations that match now, or closes all if the alert cleared (O1, O2, I6). */
export const onEvent = (input: PlannerInput, rules: Iterable<AlertRule>): ReadonlyArray<Plan> => {
  const { alert } = input
  if (alert.state === "cleared") {
    const because = alert.clearedBecause ?? "conditionsNoLongerMet"
    return input.conversations.map((conversation) => settle(close(conversation, because), input))
  }
  const matchedBy = new Map<IntegrationId, Array<AlertRuleId>>()
  for (const rule of rules) {
    if (!rule.enabled || !matches(rule.match, alert)) continue
    for (const integration of new Set(rule.integrations)) {
      matchedBy.set(integration, [...(matchedBy.get(integration) ?? []), rule.id])
    }
  }
  const known = new Map(input.conversations.map((conversation) => [conversation.integration, conversation]))
  return [...new Set([...known.keys(), ...matchedBy.keys()])].flatMap((integration) => {
    const conversation = match(known.get(integration), integration, matchedBy.get(integration) ?? [], input)
    return conversation === undefined ? [] : settle(conversation, input)
  })
}

/**
 * Plans after an alert expired: closes its conversations and sends nothing, because sources do not repeat a raise, so
 * silence does not mean that the alert is over (I9). A delivery that is being sent completes its attempt.
 */
export const onExpiry = ({ conversations }: Pick<PlannerInput, "conversations">): ReadonlyArray<Plan> =>
  conversations.flatMap((conversation): ReadonlyArray<Plan> => {
    if (conversation.state === "closed") return []
    const closed = close(conversation, "expired")
    const { lastEnqueued, openDelivery } = conversation
    if (isBeingSent(openDelivery)) return [{ conversation: closed }]
    const over = { ...closed, openDelivery: undefined, lastEnqueued: "cleared" as const }
    if (openDelivery !== undefined) return [{ conversation: over, supersede: "expired" }]
    return lastEnqueued === "raised"
      ? [{ conversation: over, enqueue: { kind: "Cleared", superseded: "expired" } }]
      : [{ conversation: over }]
  })

/**
 * Plans after an alert rule was edited, created (`before` is undefined) or removed (`after` is undefined). Considers
 * only the conversations that the rule matches or matched (O2, O5, O6).
 */
export const onEdit = (
  input: PlannerInput,
  before: AlertRule | undefined,
  after: AlertRule | undefined
): ReadonlyArray<Plan> => {
  if (input.alert.state === "cleared") return []
  const known = new Map(input.conversations.map((conversation) => [conversation.integration, conversation]))
  const rule = after ?? before
  if (rule === undefined) return []
  const affected = new Set([
    ...(after?.integrations ?? []),
    ...input.conversations.filter(({ matchedBy }) => matchedBy.includes(rule.id)).map(({ integration }) => integration)
  ])
  const plans = [...affected].flatMap((integration) => {
    const conversation = known.get(integration)
    const reason = whyUnmatched(input.alert, before, after, integration)
    if (reason !== undefined) {
      return conversation === undefined ? [] : settle(unmatch(conversation, rule.id, reason), input)
    }
    const matching = after?.enabled === true && matches(after.match, input.alert) ? [rule.id] : []
    const matched = match(conversation, integration, matching, input)
    return matched === undefined ? [] : settle(matched, input)
  })
  return withFallbacks(plans, input)
}

/** Plans after an integration was removed: the conversations of its fallback close with it (D4). */
export const onRemoval = (input: PlannerInput, integration: IntegrationId): ReadonlyArray<Plan> => {
  const matcher = fallbackFor(integration)
  return input.conversations
    .filter(({ matchedBy }) => matchedBy.includes(matcher))
    .map((conversation) => settle(unmatch(conversation, matcher, "integrationRemoved"), input))
}

/** Closes the fallback conversations of the conversations that the plans close (D4). */
const withFallbacks = (plans: ReadonlyArray<Plan>, input: PlannerInput): ReadonlyArray<Plan> => {
  const byIntegration = new Map(plans.map((plan) => [plan.conversation.integration, plan]))
  for (const { conversation } of plans) {
    const { closedBecause, integration, state } = conversation
    if (state === "open" || closedBecause === undefined) continue
    for (const other of input.conversations) {
      if (!other.matchedBy.includes(fallbackFor(integration))) continue
      const planned = byIntegration.get(other.integration)
      const closed = unmatch(planned?.conversation ?? other, fallbackFor(integration), closedBecause)
      if (closed.state === "open") byIntegration.set(other.integration, { ...planned, conversation: closed })
      else if (planned?.enqueue === undefined) byIntegration.set(other.integration, settle(closed, input))
    }
  }
  return [...byIntegration.values()]
}

/** Why the edited rule no longer sends this alert to the integration; undefined if the edit did not change that. */
const whyUnmatched = (
  alert: Alert,
  before: AlertRule | undefined,
  after: AlertRule | undefined,
  integration: IntegrationId
): Because | undefined => {
  if (after === undefined) return "alertRuleRemoved"
  if (!after.enabled) return "alertRuleDisabled"
  if (!after.integrations.includes(integration)) return "integrationRemoved"
  // A rule that matched while the alert was more severe keeps matching when something else is edited (I6).
  const edited = before === undefined || !Equal.equals(before.match, after.match)
  return edited && !matches(after.match, alert) ? "alertRuleChanged" : undefined
}

const match = (
  conversation: Conversation | undefined,
  integration: IntegrationId,
  by: ReadonlyArray<Matcher>,
  input: PlannerInput
): Conversation | undefined => {
  if (by.length === 0) return conversation
  if (conversation?.state === "open") {
    return {
      ...conversation,
      matchedBy: union(conversation.matchedBy, by),
      everMatchedBy: union(conversation.everMatchedBy, by)
    }
  }
  if (!input.isEnabled(integration)) return conversation
  if (conversation === undefined) return { ...unopened(integration), state: "open", matchedBy: by, everMatchedBy: by }
  return {
    ...conversation,
    state: "open",
    matchedBy: by,
    everMatchedBy: union(conversation.everMatchedBy, by),
    closedBecause: undefined
  }
}

const unmatch = (conversation: Conversation, rule: Matcher, because: Because): Conversation => {
  if (!conversation.matchedBy.includes(rule)) return conversation
  const matchedBy = conversation.matchedBy.filter((matcher) => matcher !== rule)
  return matchedBy.length > 0 ? { ...conversation, matchedBy } : close(conversation, because)
}

const close = (conversation: Conversation, because: Because): Conversation =>
  conversation.state === "closed"
    ? conversation
    : { ...conversation, state: "closed", matchedBy: [], closedBecause: because }

/**
 * Decides which delivery is due in the conversation. Called after every change of the conversation, and whenever one of
 * its deliveries ends.
 */
export const settle = (conversation: Conversation, input: Pick<PlannerInput, "alert" | "notifyOnClear">): Plan => {
  if (isBeingSent(conversation.openDelivery)) return { conversation }
  return conversation.state === "open" ? settleOpen(conversation, input.alert) : settleClosed(conversation, input)
}

/** Whether it is being sent, by itself, in a digest, or in a message about a later episode. */
const isBeingSent = (openDelivery: OpenDelivery | undefined) =>
  openDelivery?.status === "sending" || openDelivery?.status === "folded"

const settleOpen = (conversation: Conversation, alert: Alert): Plan => {
  const { lastEnqueued, lastSent, openDelivery } = conversation
  if (openDelivery?.kind === "Cleared") {
    // The edit was reverted before the clear was sent: a channel that certainly received the raise still shows it (O9).
    const back = { ...conversation, openDelivery: undefined, lastEnqueued: "raised" as const }
    if (lastSent === "raised") return { ...settleOpen(back, alert), supersede: "matched again" }
    return { conversation: back, supersede: "matched again", enqueue: { kind: "Raised" } }
  }
  if (openDelivery?.kind === "Escalated" && !isMoreSevere(alert.severity, conversation.severitySent)) {
    return { conversation: { ...conversation, openDelivery: undefined }, supersede: "no longer graver" }
  }
  if (openDelivery !== undefined) return { conversation }
  if (lastEnqueued !== "raised") {
    const raised = { ...conversation, lastEnqueued: "raised" as const }
    return lastSent === "raised" ? settleOpen(raised, alert) : { conversation: raised, enqueue: { kind: "Raised" } }
  }
  return lastSent === "raised" && isMoreSevere(alert.severity, conversation.severitySent)
    ? { conversation, enqueue: { kind: "Escalated" } }
    : { conversation }
}

const settleClosed = (
  conversation: Conversation,
  { alert, notifyOnClear }: Pick<PlannerInput, "alert" | "notifyOnClear">
): Plan => {
  const { lastEnqueued, lastSent, outcomeUnknown, openDelivery } = conversation
  if (openDelivery?.kind === "Raised" && isEnded(conversation, alert)) return { conversation }
  if (openDelivery?.kind === "Raised" || openDelivery?.kind === "Escalated") {
    const without = { ...conversation, openDelivery: undefined }
    const back =
      openDelivery.kind === "Raised" && lastSent !== "raised" && !outcomeUnknown
        ? { ...without, lastEnqueued: lastSent }
        : without
    return {
      ...settleClosed(back, { alert, notifyOnClear }),
      supersede: isEnded(conversation, alert) ? "cleared" : "by the edit"
    }
  }
  if (openDelivery !== undefined || lastEnqueued !== "raised") return { conversation }
  const over = { ...conversation, lastEnqueued: "cleared" as const }
  if (!conversation.everMatchedBy.some((matcher) => isRule(matcher) && notifyOnClear(matcher)))
    return { conversation: over }
  return lastSent === "raised" || outcomeUnknown
    ? { conversation: over, enqueue: { kind: "Cleared" } }
    : {
        conversation: over,
        enqueue: {
          kind: "Cleared",
          superseded: conversation.divertedTo === undefined ? "raise never told" : "its fallback is told"
        }
      }
}

/** Whether the alert itself ended the conversation, rather than an edit. */
export const isEnded = ({ closedBecause }: Pick<Conversation, "closedBecause">, alert: Alert): boolean =>
  alert.state === "cleared" && closedBecause === (alert.clearedBecause ?? "conditionsNoLongerMet")

const union = <A>(a: ReadonlyArray<A>, b: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set([...a, ...b])]
