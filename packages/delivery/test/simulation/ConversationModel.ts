/**
 * Which rules hold which alert at which integration, after O1, O2, O6, O8 and I6,
 * whatever the lanes are doing. Plain data, like the model of alerts.
 */
import { type Because, severityRank } from "@tocsin/core"
import type { ModelAlert } from "./AlertModel.ts"
import type { ScriptedIntegration, ScriptedRule } from "./Script.ts"

export interface ModelConversation {
  readonly alert: string
  readonly integration: string
  matchedBy: Set<string>
  readonly everMatchedBy: Set<string>
  because: Because | undefined
  /** How often it opened. */
  opened: number
  /** The integration was removed since, so what was told before counts no more. */
  forgotten: boolean
}

export interface ConversationModel {
  readonly rules: Map<string, ScriptedRule>
  /** Every value of `notifyOnClear` that a rule ever had. */
  readonly notified: Map<string, Set<boolean>>
  readonly integrations: Map<string, ScriptedIntegration>
  /** All that was ever saved. */
  readonly saved: Array<ScriptedIntegration>
  readonly conversations: Map<string, ModelConversation>
}

export const empty = (): ConversationModel => ({
  rules: new Map(),
  notified: new Map(),
  integrations: new Map(),
  saved: [],
  conversations: new Map()
})

export const nameOf = ({ episode, source, sourceId }: ModelAlert) => `${source}/${sourceId}#${episode}`

/** An event moved the alert. */
export const moved = (model: ConversationModel, alert: ModelAlert, only?: string) => {
  if (alert.state === "cleared") {
    for (const conversation of of(model, alert)) close(conversation, alert.because)
    return
  }
  for (const rule of model.rules.values()) {
    if (!rule.enabled || !matches(rule, alert)) continue
    for (const id of rule.integrations) if (only === undefined || only === id) hold(model, alert, id, rule.id)
  }
}

/** A rule was saved, or removed if `after` is undefined. */
export const edited = (
  model: ConversationModel,
  raised: ReadonlyArray<ModelAlert>,
  id: string,
  after: ScriptedRule | undefined
) => {
  const before = model.rules.get(id)
  if (after === undefined) model.rules.delete(id)
  else {
    model.rules.set(id, after)
    model.notified.set(id, new Set([...(model.notified.get(id) ?? []), after.notifyOnClear]))
  }
  const matchEdited =
    before?.severity !== after?.severity || before?.team !== after?.team || before?.source !== after?.source
  for (const alert of raised) {
    for (const conversation of of(model, alert)) {
      const because: Because | undefined =
        after === undefined
          ? "alertRuleRemoved"
          : !after.enabled
            ? "alertRuleDisabled"
            : !after.integrations.includes(conversation.integration)
              ? "integrationRemoved"
              : // I6: matched while it was more severe, and kept by an edit of something else.
                (before === undefined || matchEdited) && !matches(after, alert)
                ? "alertRuleChanged"
                : undefined
      if (because === undefined || !conversation.matchedBy.delete(id)) continue
      if (conversation.matchedBy.size === 0) conversation.because = because
    }
    if (after?.enabled !== true || !matches(after, alert)) continue
    for (const integration of after.integrations) hold(model, alert, integration, id)
  }
}

/** An integration was saved; enabling it opens what matches by now (O8). */
export const saved = (
  model: ConversationModel,
  raised: ReadonlyArray<ModelAlert>,
  integration: ScriptedIntegration
) => {
  const before = model.integrations.get(integration.id)
  model.integrations.set(integration.id, integration)
  model.saved.push(integration)
  if (before?.enabled !== false || !integration.enabled) return
  for (const alert of raised) moved(model, alert, integration.id)
}

/** What names the integration: what keeps it from being removed without force. */
export const naming = ({ integrations, rules }: ConversationModel, id: string) => [
  ...[...rules.values()].filter((rule) => rule.integrations.includes(id)),
  ...[...integrations.values()].filter(({ fallback }) => fallback === id)
]

export const removed = (model: ConversationModel, id: string) => {
  model.integrations.delete(id)
  for (const rule of model.rules.values()) {
    if (!rule.integrations.includes(id)) continue
    model.rules.set(rule.id, { ...rule, integrations: rule.integrations.filter((other) => other !== id) })
  }
  for (const { fallback, ...other } of model.integrations.values()) {
    if (fallback === id) model.integrations.set(other.id, other)
  }
  for (const conversation of model.conversations.values()) {
    if (conversation.integration !== id) continue
    close(conversation, "integrationRemoved")
    conversation.forgotten = true
  }
}

const of = (model: ConversationModel, alert: ModelAlert) =>
  [...model.conversations.values()].filter((conversation) => conversation.alert === nameOf(alert))

const hold = (model: ConversationModel, alert: ModelAlert, integration: string, rule: string) => {
  const key = `${nameOf(alert)} ${integration}`
  const known = model.conversations.get(key)
  const isOpen = known !== undefined && known.matchedBy.size > 0
  if (!isOpen && model.integrations.get(integration)?.enabled !== true) return
  const conversation: ModelConversation = known ?? {
    alert: nameOf(alert),
    integration,
    matchedBy: new Set(),
    everMatchedBy: new Set(),
    because: undefined,
    opened: 0,
    forgotten: false
  }
  model.conversations.set(key, conversation)
  if (!isOpen) {
    conversation.opened++
    conversation.because = undefined
  }
  conversation.matchedBy.add(rule)
  conversation.everMatchedBy.add(rule)
}

const close = (conversation: ModelConversation, because: Because | undefined) => {
  if (conversation.matchedBy.size === 0) return
  conversation.matchedBy.clear()
  conversation.because = because
}

const matches = ({ severity, source, team }: ScriptedRule, alert: ModelAlert) =>
  (severity === undefined || severityRank(alert.severity) >= severityRank(severity)) &&
  (team === undefined || team === alert.team) &&
  (source === undefined || (source === "*e*" ? alert.source.includes("e") : source === alert.source))
