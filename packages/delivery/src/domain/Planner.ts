/**
 * What is owed: what should be open minus what is open (cases O1 to O9). Pure.
 *
 * A conversation is one episode of an alert at one integration. It has at most
 * one delivery that has not ended. While that one is being sent nothing is
 * decided; when it has ended, `settle` decides anew. So a raise, a clear, an edit
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

/** Why a delivery ended, or was never to be made, without being told. */
export type Superseded =
  | "by the edit"
  | "matched again"
  | "no longer graver"
  | "cleared"
  | "raise never told"
  | "its fallback is told"
  | "integration deleted"
  | "expired"

/** What becomes of a conversation: its new state, and what is now owed. */
export interface Plan {
  readonly conversation: Conversation
  /** The waiting delivery ends, and why. */
  readonly supersede?: Superseded
  /** A delivery is made; one that is superseded at once only says why nothing is told. */
  readonly enqueue?: { readonly kind: Kind; readonly superseded?: Superseded }
}

/** What the planner must know of the world. */
export interface PlannerInput {
  readonly alert: Alert
  /** The conversations of this alert. */
  readonly conversations: ReadonlyArray<Conversation>
  /** `notifyOnClear` of a rule as saved now, or as it last was if it was removed. */
  readonly notifyOnClear: (rule: AlertRuleId) => boolean
  /** Nothing new opens at an integration that is disabled (O8). */
  readonly isEnabled: (integration: IntegrationId) => boolean
}

/** An event moved the alert: it opens what matches now and, if it cleared the alert, closes everything (O1, O2, I6). */
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
    const conversation = hold(known.get(integration), integration, matchedBy.get(integration) ?? [], input)
    return conversation === undefined ? [] : settle(conversation, input)
  })
}

/**
 * The alert expired, and its source never says twice that it is raised: so nobody knows whether it is over, and nobody
 * is told (I9). What is being sent is left to the end of its attempt.
 */
export const onExpiry = ({ conversations }: Pick<PlannerInput, "conversations">): ReadonlyArray<Plan> =>
  conversations.flatMap((conversation): ReadonlyArray<Plan> => {
    if (conversation.state === "closed") return []
    const closed = close(conversation, "expired")
    const { lastEnqueued, openDelivery } = conversation
    if (isBeingSaid(openDelivery)) return [{ conversation: closed }]
    const over = { ...closed, openDelivery: undefined, lastEnqueued: "cleared" as const }
    if (openDelivery !== undefined) return [{ conversation: over, supersede: "expired" }]
    return lastEnqueued === "raised"
      ? [{ conversation: over, enqueue: { kind: "Cleared", superseded: "expired" } }]
      : [{ conversation: over }]
  })

/**
 * An alert rule was edited, made (`before` is undefined) or removed (`after` is
 * undefined): only the conversations that it holds or would now hold are looked at (O2, O5, O6).
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
  const concerned = new Set([
    ...(after?.integrations ?? []),
    ...input.conversations.filter(({ matchedBy }) => matchedBy.includes(rule.id)).map(({ integration }) => integration)
  ])
  const plans = [...concerned].flatMap((integration) => {
    const conversation = known.get(integration)
    const letsGo = whyLetGo(input.alert, before, after, integration)
    if (letsGo !== undefined) {
      return conversation === undefined ? [] : settle(letGo(conversation, rule.id, letsGo), input)
    }
    const holds = after?.enabled === true && matches(after.match, input.alert) ? [rule.id] : []
    const held = hold(conversation, integration, holds, input)
    return held === undefined ? [] : settle(held, input)
  })
  return withStandIns(plans, input)
}

/** An integration is being removed: what stands in for its conversation closes with that (D4). */
export const onRemoval = (input: PlannerInput, integration: IntegrationId): ReadonlyArray<Plan> => {
  const holder = fallbackFor(integration)
  return input.conversations
    .filter(({ matchedBy }) => matchedBy.includes(holder))
    .map((conversation) => settle(letGo(conversation, holder, "integrationRemoved"), input))
}

/** What stood in for a conversation that is being closed closes with it (D4). */
const withStandIns = (plans: ReadonlyArray<Plan>, input: PlannerInput): ReadonlyArray<Plan> => {
  const byIntegration = new Map(plans.map((plan) => [plan.conversation.integration, plan]))
  for (const { conversation } of plans) {
    const { closedBecause, integration, state } = conversation
    if (state === "open" || closedBecause === undefined) continue
    for (const other of input.conversations) {
      if (!other.matchedBy.includes(fallbackFor(integration))) continue
      const planned = byIntegration.get(other.integration)
      const closed = letGo(planned?.conversation ?? other, fallbackFor(integration), closedBecause)
      if (closed.state === "open") byIntegration.set(other.integration, { ...planned, conversation: closed })
      else if (planned?.enqueue === undefined) byIntegration.set(other.integration, settle(closed, input))
    }
  }
  return [...byIntegration.values()]
}

/** Why the edited rule no longer leads this alert to the integration; undefined where the edit does not say so. */
const whyLetGo = (
  alert: Alert,
  before: AlertRule | undefined,
  after: AlertRule | undefined,
  integration: IntegrationId
): Because | undefined => {
  if (after === undefined) return "alertRuleRemoved"
  if (!after.enabled) return "alertRuleDisabled"
  if (!after.integrations.includes(integration)) return "integrationRemoved"
  // An alert that a rule holds since it was graver stays held by an edit of something else (I6).
  const edited = before === undefined || !Equal.equals(before.match, after.match)
  return edited && !matches(after.match, alert) ? "alertRuleChanged" : undefined
}

const hold = (
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

const letGo = (conversation: Conversation, rule: Matcher, because: Because): Conversation => {
  if (!conversation.matchedBy.includes(rule)) return conversation
  const matchedBy = conversation.matchedBy.filter((holder) => holder !== rule)
  return matchedBy.length > 0 ? { ...conversation, matchedBy } : close(conversation, because)
}

const close = (conversation: Conversation, because: Because): Conversation =>
  conversation.state === "closed"
    ? conversation
    : { ...conversation, state: "closed", matchedBy: [], closedBecause: because }

/**
 * What is owed now that the conversation is as it is. Called after every change
 * of it, and after every end of one of its deliveries.
 */
export const settle = (conversation: Conversation, input: Pick<PlannerInput, "alert" | "notifyOnClear">): Plan => {
  if (isBeingSaid(conversation.openDelivery)) return { conversation }
  return conversation.state === "open" ? settleOpen(conversation, input.alert) : settleClosed(conversation, input)
}

/** By itself, or by a digest or a later episode's message. */
const isBeingSaid = (openDelivery: OpenDelivery | undefined) =>
  openDelivery?.status === "sending" || openDelivery?.status === "folded"

const settleOpen = (conversation: Conversation, alert: Alert): Plan => {
  const { lastEnqueued, lastSent, openDelivery } = conversation
  if (openDelivery?.kind === "Cleared") {
    // Edited there and back before the clear was said: a room that was surely told still knows that it is raised (O9).
    const back = { ...conversation, openDelivery: undefined, lastEnqueued: "raised" as const }
    if (lastSent === "raised") return { ...settleOpen(back, alert), supersede: "matched again" }
    return { conversation: back, supersede: "matched again", enqueue: { kind: "Raised" } }
  }
  if (openDelivery?.kind === "Escalated" && !isMoreSevere(alert.severity, conversation.severitySent)) {
    return { conversation: { ...conversation, openDelivery: undefined }, supersede: "no longer graver" }
  }
  if (openDelivery !== undefined) return { conversation }
  if (lastEnqueued !== "raised") {
    const owed = { ...conversation, lastEnqueued: "raised" as const }
    return lastSent === "raised" ? settleOpen(owed, alert) : { conversation: owed, enqueue: { kind: "Raised" } }
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
  if (!conversation.everMatchedBy.some((holder) => isRule(holder) && notifyOnClear(holder)))
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

/** Whether the alert itself ended the conversation, and not an edit. */
export const isEnded = ({ closedBecause }: Pick<Conversation, "closedBecause">, alert: Alert): boolean =>
  alert.state === "cleared" && closedBecause === (alert.clearedBecause ?? "conditionsNoLongerMet")

const union = <A>(a: ReadonlyArray<A>, b: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set([...a, ...b])]
