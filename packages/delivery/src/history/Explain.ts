/**
 * Why was I (not) told? For one alert, each integration with its answer.
 */
import { type Alert, type AlertRule, becauseText, type IntegrationId, matches } from "@tocsin/core"
import { DateTime } from "effect"
import { matchedText } from "../domain/conversation.ts"
import type { ConversationSummary, Delivery } from "./History.ts"
import type { ShownIntegration } from "../domain/integration.ts"

/** What one integration was told of an alert, and what decided it. */
export interface Explanation {
  readonly integration: IntegrationId
  /** Whether it was told of the raise, of the clear, or of both. */
  readonly told: boolean
  readonly why: string
}

/** All that decides; as it is now. */
export interface Facts {
  readonly alert: Alert
  readonly rules: ReadonlyArray<AlertRule>
  readonly integrations: ReadonlyArray<ShownIntegration>
  readonly conversations: ReadonlyArray<ConversationSummary>
  /** Oldest first. */
  readonly deliveries: ReadonlyArray<Delivery>
}

/** Explains one alert at every integration there is, and at those that it was told to and that are gone. */
export const explain = (facts: Facts): ReadonlyArray<Explanation> => {
  const ids = new Set([
    ...facts.conversations.map(({ integration }) => integration),
    ...facts.integrations.map(({ id }) => id)
  ])
  return [...ids].map((integration) => {
    const conversation = facts.conversations.find((one) => one.integration === integration)
    return conversation === undefined
      ? { integration, told: false, why: whyNot(integration, facts) }
      : {
          integration,
          told: facts.deliveries.some((one) => one.integration === integration && one.status === "delivered"),
          why: whatWasSaid(conversation, facts)
        }
  })
}

const whatWasSaid = ({ closedBecause, integration, rules }: ConversationSummary, { deliveries }: Facts): string => {
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

const whyNot = (integration: IntegrationId, { alert, integrations, rules }: Facts): string => {
  const naming = rules.filter((rule) => rule.integrations.includes(integration))
  if (naming.length === 0) return "no alert rule names it"
  const matching = naming.filter(({ enabled, match }) => enabled && matches(match, alert))
  if (matching.length === 0) {
    return naming
      .map(({ enabled, id }) => (enabled ? `rule ${id} does not match` : `rule ${id} is disabled`))
      .join("; ")
  }
  const ids = matching.map(({ id }) => id).join(", ")
  if (integrations.some(({ enabled, id }) => id === integration && !enabled))
    return `rule ${ids} matches, the integration is disabled`
  return alert.state === "cleared"
    ? `rule ${ids} matches now, but nothing was owed while the alert was raised`
    : `rule ${ids} matches`
}
