/** The script's words in the engine's. The name of a rule or an integration tells which save it was. */
import { AlertEvent, type AlertRule, AlertRuleId, IntegrationId } from "@tocsin/core"
import type { IntegrationInput } from "@tocsin/delivery"
import { DateTime } from "effect"
import type { ScriptedIntegration, ScriptedRule, SourceEvent } from "./Script.ts"
import { settingsOf, verifies } from "./Services.ts"

export const rule = (
  { enabled, id, integrations, notifyOnClear, severity, source, team }: ScriptedRule,
  save: number
): AlertRule => ({
  id: AlertRuleId.make(id),
  name: `${id} ${save}`,
  enabled,
  match: {
    ...(severity && { severity }),
    ...(source !== undefined && { source }),
    ...(team !== undefined && { labels: { team } })
  },
  integrations: integrations.map((id) => IntegrationId.make(id)),
  notifyOnClear
})

export const integration = (scripted: ScriptedIntegration, save: number): IntegrationInput => {
  const { delivery, enabled, fallback, id, limits } = scripted
  return {
    id: IntegrationId.make(id),
    name: `${id} ${save}`,
    type: verifies(id) ? "verified" : "simulated",
    enabled,
    settings: settingsOf(scripted),
    ...(limits && { limits }),
    ...(fallback !== undefined && { fallback: IntegrationId.make(fallback) }),
    ...(delivery && { delivery })
  }
}

/** `start` is the wall clock's time when the run began. */
export const event = (
  { because, clearedAt, eventId, reusesId, severity, source, sourceId, startedAt, state, summary, team }: SourceEvent,
  start: number
): AlertEvent => ({
  source,
  sourceId,
  state,
  severity,
  summary,
  reusesId,
  rule: { name: "it fails" },
  observations: [],
  observationsOmitted: 0,
  labels: { team },
  links: {},
  startedAt: DateTime.makeUnsafe(start + startedAt),
  ...(clearedAt !== undefined && { clearedAt: DateTime.makeUnsafe(start + clearedAt) }),
  ...(because && { clearedBecause: because }),
  ...(eventId !== undefined && { eventId })
})
