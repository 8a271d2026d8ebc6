/**
 * The timeline of one alert. Pure; times are epoch milliseconds.
 */
import { type Alert, type AlertRuleId, becauseText, type IntegrationId } from "@tocsin/core"
import type { StoredRule } from "../config/AlertRules.ts"
import { reasonOfCause } from "../domain/failureReason.ts"
import type { RuleEdit } from "../records/access/AuditLog.ts"
import type { Delivery, Pause, Transition } from "./History.ts"

/** One thing that happened. */
export interface TimelineEntry {
  readonly at: number
  readonly kind:
    | "received"
    | "planned"
    | "attempt"
    | "coalesced"
    | "delivered"
    | "dead"
    | "superseded"
    | "diverted"
    | "requeued"
    | "ruleEdited"
    | "paused"
    | "resumed"
  /** The same as a sentence. */
  readonly text: string
  readonly integration?: IntegrationId
  readonly delivery?: string
  readonly rule?: AlertRuleId
  readonly attempt?: {
    readonly number: number
    /** `Delivered`, or the class of the failure; absent while the attempt runs. */
    readonly outcome?: string
    readonly milliseconds?: number
    /** The service's answer. */
    readonly answer?: string
  }
  /** Who did it: a user's name or a network address. */
  readonly by?: string
}

/** The facts about the alert. */
export interface TimelineFacts {
  readonly alert: Alert
  readonly deliveries: ReadonlyArray<Delivery>
  readonly notes: ReadonlyArray<{ readonly at: number; readonly note: string }>
  /** The rules that ever matched, in their current form. */
  readonly rules: ReadonlyArray<StoredRule>
  /** The recorded edits of these rules since the alert was raised. */
  readonly edits: ReadonlyArray<RuleEdit>
  /** The pauses of the integrations that matched, oldest first. */
  readonly pauses: ReadonlyArray<Pause>
}

/** The time of the last entry of an alert; undefined while more entries may follow. */
export const endOf = ({ alert, deliveries }: Pick<TimelineFacts, "alert" | "deliveries">): number | undefined =>
  alert.clearedAt === undefined || deliveries.some(({ status }) => isOpen.has(status))
    ? undefined
    : Math.max(alert.clearedAt.epochMilliseconds, ...deliveries.map(({ updatedAt }) => updatedAt))

const isOpen = new Set<Delivery["status"]>(["pending", "retrying", "sending", "folded"])

/** Everything that happened, oldest first. */
export const timeline = ({
  alert,
  deliveries,
  edits,
  notes,
  pauses,
  rules
}: TimelineFacts): ReadonlyArray<TimelineEntry> => {
  const startedAt = alert.startedAt.epochMilliseconds
  return [
    { at: startedAt, kind: "received" as const, text: `Raised at ${alert.source}: ${alert.rule.name}` },
    ...(alert.clearedAt === undefined
      ? []
      : [{ at: alert.clearedAt.epochMilliseconds, kind: "received" as const, text: clearedText(alert) }]),
    ...notes.map(({ at, note }) => ({ at, kind: "received" as const, text: note })),
    ...rules.flatMap((rule) => ofRule(rule, edits, startedAt)),
    ...pauses.flatMap((pause, index) => ofPause(pause, pauses.slice(index + 1), startedAt)),
    ...deliveries.flatMap(ofDelivery)
  ].toSorted((a, b) => a.at - b.at)
}

const clearedText = ({ clearedBecause }: Alert): string =>
  clearedBecause === undefined ? "Cleared" : `Cleared: ${becauseText[clearedBecause]}`

/** The edits of a rule. Of one that was edited before edits were recorded, only the last edit is known. */
const ofRule = (
  { createdAt, rule: { id: rule, name }, updatedAt }: StoredRule,
  edits: ReadonlyArray<RuleEdit>,
  startedAt: number
): ReadonlyArray<TimelineEntry> => {
  const own = edits.filter((edit) => edit.rule === rule)
  const last = updatedAt > createdAt && updatedAt >= startedAt ? [{ at: updatedAt }] : []
  return (own.length > 0 ? own : last).map((edit) => ({
    at: edit.at,
    kind: "ruleEdited",
    text: `Rule ${name} was edited`,
    rule,
    ...("by" in edit && { by: edit.by })
  }))
}

/** Ignores a pause that was over before the alert was raised. */
const ofPause = (
  { action, at, by, integration, reason }: Pause,
  later: ReadonlyArray<Pause>,
  startedAt: number
): ReadonlyArray<TimelineEntry> => {
  const next = later.find((one) => one.integration === integration)
  if (at < startedAt && (action === "resumed" || (next?.at ?? Infinity) < startedAt)) return []
  return [{ at, kind: action, text: `${action === "paused" ? "Paused" : "Resumed"}: ${reason}`, integration, by }]
}

const ofDelivery = (delivery: Delivery): ReadonlyArray<TimelineEntry> =>
  delivery.transitions.flatMap((step, index, steps) => {
    const { at, cause, status } = step
    const entry = (kind: TimelineEntry["kind"], text: string): ReadonlyArray<TimelineEntry> => [
      { at, kind, text, integration: delivery.integration, delivery: delivery.id }
    ]
    const because = cause === undefined ? "" : `: ${cause}`
    switch (status) {
      case "pending":
        return entry("planned", `${delivery.kind} was planned${because}`)
      case "sending":
        return [
          {
            at,
            kind: "attempt",
            text: `Attempt ${step.attempt ?? 1}${outcomeText(steps[index + 1])}`,
            integration: delivery.integration,
            delivery: delivery.id,
            attempt: { number: step.attempt ?? 1, ...outcomeOf(step, steps[index + 1]) }
          }
        ]
      case "folded":
        return entry("coalesced", `${delivery.kind} was coalesced${because}`)
      case "retrying":
        // After an attempt it is the attempt's own outcome.
        return steps[index - 1]?.status === "sending" ? [] : entry("requeued", `${delivery.kind} waits again${because}`)
      case "delivered":
      case "dead":
      case "superseded":
      case "diverted":
        return entry(status, `${delivery.kind} ${status}${because}`)
    }
  })

const outcomeOf = (begun: Transition, ended: Transition | undefined) => {
  if (ended === undefined) return {}
  const milliseconds = Math.max(0, ended.at - begun.at)
  if (ended.status === "delivered") return { outcome: "Delivered", milliseconds }
  const reason = reasonOfCause(ended.cause ?? "")
  return reason === undefined
    ? { outcome: "Unknown", milliseconds, ...(ended.cause !== undefined && { answer: ended.cause }) }
    : { outcome: reason._tag, milliseconds, answer: reason.detail }
}

const outcomeText = (ended: Transition | undefined): string => {
  if (ended === undefined) return " is running"
  return ended.status === "delivered"
    ? " was delivered"
    : ` failed${ended.cause === undefined ? "" : `: ${ended.cause}`}`
}
