import { InboundLimits, type Observation } from "@tocsin/core"
import { Result, Schema } from "effect"
import type { Unreadable } from "./Decoded.ts"
import { extras, Id, ifReadable, List, readable, Text, withExtras } from "./lenientFields.ts"
import type { Reported } from "./thousandEyesEvent.ts"
import { unreadable } from "./unreadable.ts"

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

/** What the template of the Generic preset renders; Tocsin's own template adds the account and the test's id and type. */
const Notification = Schema.Struct({
  id: ifReadable(Id),
  type: Schema.Union([Schema.Literals(["1", "2"]), Schema.Literals([1, 2])]).annotate({ expected: `"1" or "2"` }),
  alert: withExtras(fields)
})

const Detail = Schema.Struct({
  metricsAtStart: ifReadable(Text),
  metricsAtEnd: ifReadable(Text),
  source: Schema.Struct({ id: ifReadable(Id), name: ifReadable(Text) })
})

const decode = Schema.decodeUnknownResult(Notification)

/** Reads what a custom webhook renders from the Generic preset or from Tocsin's own template. */
export const readCustom = (body: unknown): Reported | Unreadable =>
  Result.match(decode(body), { onFailure: unreadable, onSuccess: report })

const report = ({ alert, id, type }: typeof Notification.Type): Reported => {
  const { details = [], rule, test } = alert
  const observers = readDetails(details.slice(0, InboundLimits.maxObservations))
  return {
    _tag: "Reported",
    state: states[type],
    alertId: alert.id,
    // A template that gives the alert's id for the event's would make its clear a duplicate of its raise.
    eventId: id === alert.id ? undefined : id,
    ruleId: rule?.id,
    ruleName: rule?.name,
    expression: rule?.expression,
    testId: test?.id,
    testName: test?.name,
    testType: test?.type ?? alert.type,
    targets: readTexts(alert.targets),
    severity: alert.severity,
    summary: rule?.notes,
    started: [alert.triggered],
    ended: [alert.cleared],
    observations: observers.flatMap(observation),
    observationsOmitted: Math.max(0, details.length - InboundLimits.maxObservations),
    active: [],
    testLabels: readTexts(test?.labels),
    extras: extras(alert, fields),
    permalink: undefined,
    aid: alert.account?.id,
    agentId: observers[0]?.source.id
  }
}

const readTexts = readable(Text)
const readDetails = readable(Detail)

const observation = ({ metricsAtEnd, metricsAtStart, source }: typeof Detail.Type): ReadonlyArray<Observation> => {
  const name = source.name ?? (source.id && `agent ${source.id}`)
  if (name === undefined) return []
  return [{ name, ...(metricsAtStart && { atStart: metricsAtStart }), ...(metricsAtEnd && { atEnd: metricsAtEnd }) }]
}
