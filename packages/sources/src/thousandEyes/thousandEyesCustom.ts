import { InboundLimits, type Observation } from "@tocsin/core"
import { Effect, Predicate, Result, Schema } from "effect"
import type { Unreadable } from "../Decoded.ts"
import { extras, Id, ifReadable, List, readable, Text, withExtras } from "../reading/lenientFields.ts"
import type { Reported } from "./thousandEyesEvent.ts"
import { unreadable } from "../reading/unreadable.ts"

const fields = {
  id: Id,
  type: ifReadable(Text),
  severity: ifReadable(Text),
  test: ifReadable(Schema.Struct({ id: ifReadable(Id), name: ifReadable(Text), type: ifReadable(Text), labels: List })),
  targets: List,
  rule: ifReadable(
    Schema.Struct({
      id: ifReadable(Id),
      name: ifReadable(Text),
      expression: ifReadable(Text),
      notes: ifReadable(Text)
    })
  ),
  account: ifReadable(Schema.Struct({ id: ifReadable(Id) })),
  triggered: ifReadable(Text),
  cleared: ifReadable(Text),
  details: List
}

const states = { "1": "cleared", "2": "raised" } as const

/**
 * The output of the templates. All render an alert like the Generic preset. Tocsin's template adds the account and the
 * test's id and type to the alert, the Splunk preset adds them beside it.
 */
const Notification = Schema.Struct({
  id: ifReadable(Id),
  eventId: ifReadable(Id),
  accountId: ifReadable(Id),
  testId: ifReadable(Id),
  test_type: ifReadable(Text),
  type: Schema.Union([Schema.Literals(["1", "2"]), Schema.Literals([1, 2])]).annotate({ expected: `"1" or "2"` }),
  alert: withExtras(fields)
})

const Detail = Schema.Struct({
  metricsAtStart: ifReadable(Text),
  metricsAtEnd: ifReadable(Text),
  source: Schema.Struct({ id: ifReadable(Id), name: ifReadable(Text), asn: ifReadable(Text) })
})

const decode = Schema.decodeUnknownResult(Notification)

/**
 * Whether a body has the fields of a custom webhook. An `eventType` makes no difference: the Splunk preset has one, and
 * anybody may add one to a template, or an `alertId`. ThousandEyes' own format has no `rule` in its alerts.
 */
export const isCustom = (body: unknown): boolean =>
  Predicate.hasProperty(body, "type") &&
  Predicate.hasProperty(body, "alert") &&
  (!Predicate.hasProperty(body, "eventType") ||
    Predicate.hasProperty(body.alert, "rule") ||
    (Predicate.hasProperty(body.alert, "id") && !Predicate.hasProperty(body.alert, "alertId")))

/** Reads a custom webhook with the preset Generic or Splunk, or with Tocsin's template. */
export const readCustom = (body: unknown): Effect.Effect<Reported | Unreadable> =>
  Result.match(decode(body), {
    onFailure: (error): Effect.Effect<Reported | Unreadable> => Effect.succeed(unreadable(error)),
    onSuccess: report
  })

const report = Effect.fnUntraced(function* ({
  alert,
  type,
  ...stated
}: typeof Notification.Type): Effect.fn.Return<Reported> {
  const { details = [], rule, test } = alert
  const observers = yield* readDetails(details.slice(0, InboundLimits.maxObservations))
  return {
    _tag: "Reported",
    state: states[type],
    alertId: alert.id,
    eventId: eventId(stated, alert.id),
    ruleId: rule?.id,
    ruleName: rule?.name,
    expression: rule?.expression,
    testId: test?.id ?? stated.testId,
    testName: test?.name,
    testType: test?.type ?? stated.test_type ?? alert.type,
    targets: yield* readTexts(alert.targets),
    severity: alert.severity,
    summary: rule?.notes,
    started: [alert.triggered],
    ended: [alert.cleared],
    observations: observers.flatMap(observation),
    observationsOmitted: Math.max(0, details.length - InboundLimits.maxObservations),
    active: [],
    testLabels: yield* readTexts(test?.labels),
    extras: extras(alert, fields),
    permalink: undefined,
    aid: alert.account?.id ?? stated.accountId,
    agentId: observers[0]?.source.id
  }
})

/**
 * The event's id; undefined if a clear could have the id of its raise and count as a duplicate: if a template renders
 * the alert's id, and in the Splunk preset, whose id combines the two.
 */
const eventId = (stated: Pick<typeof Notification.Type, "id" | "eventId">, alertId: string): string | undefined =>
  stated.id === alertId || stated.eventId !== undefined ? undefined : stated.id

const readTexts = readable(Text, 1)
const readDetails = readable(Detail, 7)

const observation = ({ metricsAtEnd, metricsAtStart, source }: typeof Detail.Type): ReadonlyArray<Observation> => {
  const name = source.name ?? (source.id && `agent ${source.id}`)
  if (name === undefined) return []
  const from = source.asn === undefined ? name : `${name} (${source.asn})`
  return [
    { name: from, ...(metricsAtStart && { atStart: metricsAtStart }), ...(metricsAtEnd && { atEnd: metricsAtEnd }) }
  ]
}
