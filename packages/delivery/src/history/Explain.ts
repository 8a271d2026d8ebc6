/**
 * Explains for one alert why each integration was notified or not.
 */
import {
  type Alert,
  type AlertRule,
  type AlertRuleId,
  becauseText,
  type IntegrationId,
  matches,
  type UnmetCondition,
  unmetConditions
} from "@tocsin/core"
import type { ConversationSummary, Delivery } from "./History.ts"
import type { ShownIntegration } from "../domain/integration.ts"

/** The outcome of an alert at an integration. */
export type Outcome =
  | "delivered"
  | "sending"
  | "waiting"
  | "inDigest"
  | "diverted"
  | "dead"
  | "superseded"
  | "integrationDisabled"
  | "ruleDisabled"
  | "notMatched"
  | "noRule"
  | "notDue"

/** The messages about an alert at one integration, and the deciding reason. */
export interface Explanation {
  readonly integration: IntegrationId
  /** Undefined if the integration was removed. */
  readonly name: string | undefined
  readonly type: string | undefined
  /** Whether any message about the alert was delivered there. */
  readonly told: boolean
  readonly outcome: Outcome
  readonly why: string
  /** The rules that matched there. */
  readonly rules: ReadonlyArray<{ readonly id: AlertRuleId; readonly name: string }>
  /** The delivery with this outcome. */
  readonly delivery: string | undefined
  /** The digest that includes it. */
  readonly digest: string | undefined
  /** The time of the next attempt, in epoch milliseconds. */
  readonly until: number | undefined
  /** Where a person can see the last message that was delivered there. */
  readonly link: URL | undefined
  /**
   * The rule that names the integration and came nearest to matching, with the conditions that the alert does not meet.
   */
  readonly nearest:
    | { readonly rule: AlertRuleId; readonly name: string; readonly failed: ReadonlyArray<UnmetCondition> }
    | undefined
}

/** The current facts that decide the outcomes. */
export interface Facts {
  readonly alert: Alert
  readonly rules: ReadonlyArray<AlertRule>
  readonly integrations: ReadonlyArray<ShownIntegration>
  readonly conversations: ReadonlyArray<ConversationSummary>
  /** Oldest first. */
  readonly deliveries: ReadonlyArray<Delivery>
  /** When the rate limit allows the next message, in epoch milliseconds, of each integration where that is not now. */
  readonly allowedAt: ReadonlyMap<IntegrationId, number>
}

/** Explains one alert at every integration, including removed ones that received it. */
export const explain = (facts: Facts): ReadonlyArray<Explanation> => {
  const ids = new Set([
    ...facts.conversations.map(({ integration }) => integration),
    ...facts.integrations.map(({ id }) => id)
  ])
  return [...ids].map((integration) => {
    const conversation = facts.conversations.find((one) => one.integration === integration)
    const shown = facts.integrations.find(({ id }) => id === integration)
    const known = { integration, name: shown?.name, type: shown?.type }
    if (conversation === undefined) {
      return {
        ...known,
        told: false,
        delivery: undefined,
        digest: undefined,
        until: undefined,
        link: undefined,
        ...whyNot(integration, facts)
      }
    }
    const own = facts.deliveries.filter((one) => one.integration === integration)
    const last = own.findLast(({ status }) => status !== "superseded") ?? own.at(-1)
    const isWaiting = last !== undefined && outcomes[last.status] === "waiting"
    const reason = isWaiting ? whyWaiting(last, shown, facts) : undefined
    return {
      ...known,
      told: own.some(({ status }) => status === "delivered"),
      outcome: last === undefined ? "notDue" : outcomes[last.status],
      why: `${whatWasSent(conversation, facts)}${reason === undefined ? "" : `; ${reason}`}`,
      rules: conversation.rules.flatMap((id) => {
        const rule = facts.rules.find((rule) => rule.id === id)
        return rule === undefined ? [] : [{ id: rule.id, name: rule.name }]
      }),
      delivery: last?.id,
      digest: last?.foldedInto,
      until: isWaiting ? waitsUntil(last, shown, facts) : undefined,
      link: own.findLast(({ link }) => link !== undefined)?.link,
      nearest: undefined
    }
  })
}

/** Why a pending delivery waits; undefined if it may be sent now. */
const whyWaiting = (
  { nextAt }: Delivery,
  shown: ShownIntegration | undefined,
  { allowedAt }: Facts
): string | undefined => {
  if (shown === undefined) return undefined
  if (shown.paused !== undefined) return `waits because ${shown.paused.by} paused ${shown.name}: ${shown.paused.reason}`
  if (!shown.enabled) return `waits because ${shown.name} is disabled`
  if (shown.broken !== undefined) {
    return `waits because ${shown.name} is broken, and is tried every 5 minutes: ${shown.broken.reason}`
  }
  if (shown.waiting !== undefined) {
    return shown.waiting.because === "limited"
      ? "waits because the service asked for a pause"
      : "waits because the service cannot be reached"
  }
  return nextAt === undefined && allowedAt.has(shown.id) ? `waits for the rate limit of ${shown.name}` : undefined
}

/** The time until which it waits; undefined if that is not known. */
const waitsUntil = (
  { nextAt }: Delivery,
  shown: ShownIntegration | undefined,
  { allowedAt }: Facts
): number | undefined => {
  if (shown === undefined || shown.paused !== undefined || !shown.enabled || shown.broken !== undefined) return nextAt
  return nextAt ?? shown.waiting?.until ?? allowedAt.get(shown.id)
}

const outcomes = {
  pending: "waiting",
  retrying: "waiting",
  sending: "sending",
  folded: "inDigest",
  delivered: "delivered",
  dead: "dead",
  superseded: "superseded",
  diverted: "diverted"
} as const

const words = {
  pending: "pending",
  retrying: "retrying",
  sending: "sending",
  folded: "coalesced",
  delivered: "delivered",
  dead: "failed for good",
  superseded: "superseded",
  diverted: "diverted"
} as const

const whatWasSent = (
  { closedBecause, integration, rules: matchers }: ConversationSummary,
  { deliveries, integrations, rules }: Facts
): string => {
  const nameOf = (id: string) => {
    const fallback = id.startsWith("for:") ? id.slice("for:".length) : undefined
    return fallback === undefined
      ? `rule "${rules.find((rule) => rule.id === id)?.name ?? id}"`
      : `the fallback for ${integrations.find((one) => one.id === fallback)?.name ?? fallback}`
  }
  const steps = deliveries
    .filter((delivery) => delivery.integration === integration)
    .map(
      ({ cause, kind, status }) =>
        `${kind} ${words[status]}${cause === undefined || status === "pending" ? "" : ` (${cause})`}`
    )
  const closed = closedBecause === undefined ? "" : `; closed: ${becauseText[closedBecause]}`
  return `matched by ${matchers.map(nameOf).join(", ")}: ${steps.join(", ")}${closed}`
}

const whyNot = (
  integration: IntegrationId,
  { alert, integrations, rules }: Facts
): Pick<Explanation, "outcome" | "why" | "rules" | "nearest"> => {
  const naming = rules.filter((rule) => rule.integrations.includes(integration))
  const none = { rules: [], nearest: undefined }
  if (naming.length === 0) return { ...none, outcome: "noRule", why: "no alert rule names it" }
  const matching = naming.filter(({ match }) => matches(match, alert))
  const enabled = matching.filter(({ enabled }) => enabled)
  if (matching.length > 0 && enabled.length === 0) {
    return {
      rules: matching.map(({ id, name }) => ({ id, name })),
      nearest: undefined,
      outcome: "ruleDisabled",
      why: `${ruleNames(matching)} would match, and ${matching.length === 1 ? "is" : "are"} disabled`
    }
  }
  if (enabled.length === 0) {
    const [nearest] = naming
      .toSorted((a, b) => Number(b.enabled) - Number(a.enabled))
      .map(({ id, match, name }) => ({ rule: id, name, failed: unmetConditions(match, alert) }))
      .toSorted((a, b) => a.failed.length - b.failed.length)
    return {
      rules: [],
      nearest,
      outcome: "notMatched",
      why: naming
        .map((rule) => `${ruleNames([rule])} does not match${failedText(unmetConditions(rule.match, alert))}`)
        .join("; ")
    }
  }
  const names = enabled.map(({ id, name }) => ({ id, name }))
  const named = `${ruleNames(enabled)} ${enabled.length === 1 ? "matches" : "match"}`
  const found = { rules: names, nearest: undefined }
  if (integrations.some(({ enabled, id }) => id === integration && !enabled)) {
    return { ...found, outcome: "integrationDisabled", why: `${named}, and the integration is disabled` }
  }
  return {
    ...found,
    outcome: "notDue",
    why: alert.state === "cleared" ? `${named} now, but nothing was due while the alert was raised` : named
  }
}

const ruleNames = (rules: ReadonlyArray<AlertRule>): string =>
  `${rules.length === 1 ? "rule" : "rules"} ${rules.map(({ name }) => `"${name}"`).join(", ")}`

const failedText = (failed: ReadonlyArray<UnmetCondition>): string =>
  failed.length === 0
    ? ""
    : `: ${failed
        .map(
          ({ condition, found, wanted }) =>
            `${condition} must be ${wanted}, and ${found === undefined ? "there is none" : `is ${found}`}`
        )
        .join("; ")}`
