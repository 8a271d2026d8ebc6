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
import { DateTime } from "effect"
import { matchedText } from "../domain/conversation.ts"
import type { ConversationSummary, Delivery } from "./History.ts"
import type { ShownIntegration } from "../domain/integration.ts"

/** What became of an alert at an integration. */
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

/** What an integration was sent of an alert, and what decided it. */
export interface Explanation {
  readonly integration: IntegrationId
  /** Undefined if the integration was removed. */
  readonly name: string | undefined
  readonly type: string | undefined
  /** Whether any message about the alert was delivered there. */
  readonly told: boolean
  readonly outcome: Outcome
  readonly why: string
  /** The rules that led there. */
  readonly rules: ReadonlyArray<{ readonly id: AlertRuleId; readonly name: string }>
  /** The delivery that the outcome is of. */
  readonly delivery: string | undefined
  /** The digest that includes it. */
  readonly digest: string | undefined
  /** When it is tried next, in epoch milliseconds. */
  readonly until: number | undefined
  /**
   * The rule that names the integration and came nearest to matching, with the conditions that the alert does not meet.
   */
  readonly nearest:
    | { readonly rule: AlertRuleId; readonly name: string; readonly failed: ReadonlyArray<UnmetCondition> }
    | undefined
}

/** The current facts that decide. */
export interface Facts {
  readonly alert: Alert
  readonly rules: ReadonlyArray<AlertRule>
  readonly integrations: ReadonlyArray<ShownIntegration>
  readonly conversations: ReadonlyArray<ConversationSummary>
  /** Oldest first. */
  readonly deliveries: ReadonlyArray<Delivery>
}

/** Explains one alert at every integration, removed ones that it was sent to included. */
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
        ...whyNot(integration, facts)
      }
    }
    const own = facts.deliveries.filter((one) => one.integration === integration)
    const last = own.findLast(({ status }) => status !== "superseded") ?? own.at(-1)
    return {
      ...known,
      told: own.some(({ status }) => status === "delivered"),
      outcome: last === undefined ? "notDue" : outcomes[last.status],
      why: whatWasSent(conversation, facts),
      rules: conversation.rules.flatMap((id) => {
        const rule = facts.rules.find((rule) => rule.id === id)
        return rule === undefined ? [] : [{ id: rule.id, name: rule.name }]
      }),
      delivery: last?.id,
      digest: last?.foldedInto,
      until: last?.nextAt,
      nearest: undefined
    }
  })
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

const whatWasSent = ({ closedBecause, integration, rules }: ConversationSummary, { deliveries }: Facts): string => {
  const steps = deliveries
    .filter((delivery) => delivery.integration === integration)
    .map(
      ({ cause, kind, nextAt, status }) =>
        `${kind} ${status}${cause === undefined || status === "pending" ? "" : ` (${cause})`}${
          nextAt === undefined ? "" : `, next attempt at ${DateTime.formatIso(DateTime.makeUnsafe(nextAt))}`
        }`
    )
  const closed = closedBecause === undefined ? "" : `; closed: ${becauseText[closedBecause]}`
  return `${matchedText(rules)}: ${steps.join(", ")}${closed}`
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
  if (enabled.length === 0) {
    const [nearest] = naming
      .filter((rule) => rule.enabled)
      .map(({ id, match, name }) => ({ rule: id, name, failed: unmetConditions(match, alert) }))
      .toSorted((a, b) => a.failed.length - b.failed.length)
    return {
      rules: [],
      nearest: matching.length > 0 ? undefined : nearest,
      outcome: matching.length > 0 || nearest === undefined ? "ruleDisabled" : "notMatched",
      why: naming
        .map(({ enabled, id, match }) =>
          enabled ? `rule ${id} does not match${failedText(unmetConditions(match, alert))}` : `rule ${id} is disabled`
        )
        .join("; ")
    }
  }
  const names = enabled.map(({ id, name }) => ({ id, name }))
  const ids = enabled.map(({ id }) => id).join(", ")
  const found = { rules: names, nearest: undefined }
  if (integrations.some(({ enabled, id }) => id === integration && !enabled)) {
    return { ...found, outcome: "integrationDisabled", why: `rule ${ids} matches, the integration is disabled` }
  }
  return {
    ...found,
    outcome: "notDue",
    why:
      alert.state === "cleared"
        ? `rule ${ids} matches now, but nothing was due while the alert was raised`
        : `rule ${ids} matches`
  }
}

const failedText = (failed: ReadonlyArray<UnmetCondition>): string =>
  failed.length === 0
    ? ""
    : `: ${failed
        .map(
          ({ condition, found, wanted }) =>
            `${condition} must be ${wanted}, and ${found === undefined ? "there is none" : `is ${found}`}`
        )
        .join("; ")}`
