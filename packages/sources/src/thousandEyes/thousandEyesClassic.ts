import { InboundLimits, type Observation } from "@tocsin/core"
import { Effect, Result, Schema } from "effect"
import type { Test, Unreadable } from "../Decoded.ts"
import { extras, Id, ifReadable, List, readable, Text, TextLink, withExtras } from "../reading/lenientFields.ts"
import type { Reported } from "./thousandEyesEvent.ts"
import { unreadable } from "../reading/unreadable.ts"

const fields = {
  alertId: ifReadable(Id),
  agentNotificationId: ifReadable(Id),
  active: ifReadable(Id),
  type: ifReadable(Text),
  severity: ifReadable(Text),
  ruleId: ifReadable(Id),
  agentRuleId: ifReadable(Id),
  ruleAid: ifReadable(Id),
  ruleName: ifReadable(Text),
  ruleExpression: ifReadable(Text),
  testId: ifReadable(Id),
  testName: ifReadable(Text),
  testLabels: List,
  testTargetsDescription: List,
  dateStart: ifReadable(Text),
  dateStartZoned: ifReadable(Text),
  dateEnd: ifReadable(Text),
  dateEndZoned: ifReadable(Text),
  agents: List,
  monitors: List,
  permalink: ifReadable(TextLink),
  // For alerts about an agent or a device.
  agentId: ifReadable(Id),
  agentName: ifReadable(Text),
  deviceId: ifReadable(Id),
  deviceName: ifReadable(Text),
  hostname: ifReadable(Text),
  ipAddress: ifReadable(Text),
  metricsAtStart: ifReadable(Text),
  metricsAtEnd: ifReadable(Text),
  // Listed here, so that they do not become labels.
  apiLinks: List,
  violationCount: ifReadable(Id)
}

const Alert = withExtras(fields)

/** An agent that runs a test or, for BGP, a monitor of routes. */
const Observer = Schema.Struct({
  agentId: ifReadable(Id),
  agentName: ifReadable(Text),
  monitorId: ifReadable(Id),
  monitorName: ifReadable(Text),
  network: ifReadable(Text),
  prefix: ifReadable(Text),
  active: ifReadable(Id),
  metricsAtStart: ifReadable(Text),
  metricsAtEnd: ifReadable(Text),
  permalink: ifReadable(TextLink)
})

const states = {
  ALERT_NOTIFICATION_TRIGGER: "raised",
  ALERT_NOTIFICATION_CLEAR: "cleared",
  AGENT_ALERT_NOTIFICATION_TRIGGER: "raised",
  AGENT_ALERT_NOTIFICATION_CLEAR: "cleared"
} as const

const Notification = Schema.Struct({
  eventType: Schema.Literals([
    "ALERT_NOTIFICATION_TRIGGER",
    "ALERT_NOTIFICATION_CLEAR",
    "AGENT_ALERT_NOTIFICATION_TRIGGER",
    "AGENT_ALERT_NOTIFICATION_CLEAR",
    "WEBHOOK_TEST"
  ]),
  eventId: ifReadable(Id),
  alert: ifReadable(Alert),
  agentAlert: ifReadable(Alert),
  deviceAlert: ifReadable(Alert)
})

const decode = Schema.decodeUnknownResult(Notification)

/** Reads ThousandEyes' own webhook; its `eventType` distinguishes it from the other formats. */
export const readClassic = (body: unknown): Effect.Effect<Reported | Test | Unreadable> =>
  Result.match(decode(body), {
    onFailure: (error) => Effect.succeed(unreadable(error)),
    onSuccess: ({
      agentAlert,
      alert,
      deviceAlert,
      eventId,
      eventType
    }): Effect.Effect<Reported | Test | Unreadable> => {
      if (eventType === "WEBHOOK_TEST") return Effect.succeed({ _tag: "Test", ...(eventId && { eventId }) })
      // Since 2021 an alert about an agent is sent as both `alert` and `agentAlert`, before only as the latter.
      for (const object of [alert, agentAlert, deviceAlert]) {
        const alertId = object?.alertId ?? object?.agentNotificationId
        if (object && alertId) return report(object, { alertId, eventId, state: states[eventType] })
      }
      return Effect.succeed({ _tag: "Unreadable", why: "/alert: Expected an object with an alertId" })
    }
  })

const report = Effect.fnUntraced(function* (
  alert: typeof Alert.Type,
  known: Pick<Reported, "alertId" | "eventId" | "state">
): Effect.fn.Return<Reported> {
  const all = [...(alert.agents ?? []), ...(alert.monitors ?? [])]
  const observers = yield* readObservers(all.slice(0, InboundLimits.maxObservations))
  const observations = observers.flatMap(observation)
  const observer = observers.find(({ active }) => active === "1") ?? observers[0]
  return {
    _tag: "Reported",
    ...known,
    ruleId: alert.ruleId ?? alert.agentRuleId,
    ruleName: alert.ruleName,
    expression: alert.ruleExpression,
    testId: alert.testId,
    testName: alert.testName,
    testType: alert.type,
    targets: yield* readTexts(alert.testTargetsDescription),
    severity: alert.severity,
    summary: undefined,
    started: [alert.dateStartZoned, alert.dateStart],
    ended: [alert.dateEndZoned, alert.dateEnd],
    observations: all.length === 0 ? itself(alert) : observations,
    observationsOmitted: Math.max(0, all.length - InboundLimits.maxObservations),
    active: [alert.active, ...observers.map(({ active }) => active)],
    testLabels: (yield* readNamed(alert.testLabels)).map(({ name }) => name),
    extras: extras(alert, fields),
    permalink: alert.permalink,
    aid: alert.ruleAid,
    agentId: observer?.agentId
  }
})

const readTexts = readable(Text, 1)
const readNamed = readable(Schema.Struct({ name: Text }), 2)
const readObservers = readable(Observer, 11)

const observation = (observer: typeof Observer.Type): ReadonlyArray<Observation> => {
  const { agentId, agentName, monitorId, monitorName, network, prefix } = observer
  const name = agentName ?? monitorName ?? (agentId && `agent ${agentId}`) ?? (monitorId && `monitor ${monitorId}`)
  if (name === undefined) return []
  const about = [network, prefix].filter((text) => text !== undefined).join(", ")
  return [
    {
      name: about === "" ? name : `${name} (${about})`,
      ...metrics(observer),
      ...(observer.permalink && { link: observer.permalink })
    }
  ]
}

/** The observation of an alert about an agent or a device: the agent or the device itself. */
const itself = (alert: typeof Alert.Type): ReadonlyArray<Observation> => {
  const names = new Set([alert.hostname, alert.agentName, alert.deviceName].filter((name) => name !== undefined))
  const name = names.size > 0 ? [...names].join("/") : alert.ipAddress
  if (name === undefined) return []
  const address = alert.ipAddress === undefined || name === alert.ipAddress ? "" : ` (${alert.ipAddress})`
  return [{ name: name + address, ...metrics(alert) }]
}

const metrics = ({
  metricsAtEnd,
  metricsAtStart
}: {
  readonly metricsAtStart?: string
  readonly metricsAtEnd?: string
}): Pick<Observation, "atStart" | "atEnd"> => ({
  ...(metricsAtStart && { atStart: metricsAtStart }),
  ...(metricsAtEnd && { atEnd: metricsAtEnd })
})
