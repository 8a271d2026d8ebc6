/**
 * Reads the webhooks of Grafana's contact points: those of unified alerting (8 and later), and those of the older
 * dashboard alerts.
 *
 * @see https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
 */
import { InboundLimits, type Observation } from "@tocsin/core"
import { Effect, Option, Predicate, Schema } from "effect"
import type { Decoded } from "./Decoded.ts"
import { Fields, Id, ifReadable, List, Plain, TextLink } from "./reading/lenientFields.ts"
import { PrometheusAlert, readPrometheusAlert } from "./reading/prometheusAlert.ts"
import { decoderOf, expected, labelsOf, linkTo, nothing, readEach, readerOf } from "./reading/report.ts"
import { severityOf } from "./reading/severity.ts"
import type { Options } from "./Source.ts"

/** Its name in URLs and alerts. */
export const type = "grafana"

/** Its name as its vendor spells it. */
export const title = "Grafana"

/** Reads a notification: each alert of a group becomes an event. The Test button of a contact point is a test. */
export const decode = (body: unknown, options: Options): Effect.Effect<Decoded> => {
  if (Predicate.hasProperty(body, "alerts") && Array.isArray(body.alerts)) {
    const { alerts } = body
    if (alerts.length > 0 && alerts.every(isTest)) return Effect.succeed({ _tag: "Test" })
    const orgId = Predicate.hasProperty(body, "orgId") ? body.orgId : undefined
    const status = Predicate.hasProperty(body, "status") ? body.status : undefined
    return readEach(alerts, "/alerts", unified(orgId, status), options)
  }
  if (Predicate.hasProperty(body, "ruleUrl") || Predicate.hasProperty(body, "evalMatches")) {
    return decodeLegacy(body, options)
  }
  return Effect.succeed(expected("an object with alerts (unified alerting) or ruleUrl (dashboard alerts)"))
}

/** The body that the Test button sends. */
const isTest = Schema.is(
  Schema.Struct({
    labels: Schema.Struct({ alertname: Schema.Literal("TestAlert"), instance: Schema.Literal("Grafana") })
  })
)

const UnifiedAlert = Schema.Struct({
  ...PrometheusAlert.fields,
  orgId: ifReadable(Id),
  ruleUID: ifReadable(Id),
  silenceURL: ifReadable(TextLink),
  dashboardURL: ifReadable(TextLink),
  panelURL: ifReadable(TextLink),
  imageURL: ifReadable(TextLink),
  values: Fields
})

/** Two organizations may have alerts with the same labels. */
const unified = (ofGroup: unknown, status: unknown) => {
  const organization = Option.getOrUndefined(readId(ofGroup))
  return readerOf(UnifiedAlert, (alert) => {
    const report = readPrometheusAlert(alert, (alert.status ?? status) === "resolved" ? "cleared" : "raised")
    if (report._tag === "Unreadable") return report
    const orgId = alert.orgId ?? organization
    const values = labelsOf(alert.values)
    const measured = values.map(([name, value]) => `${name}=${value}`).join(", ")
    const name = report.state === "cleared" ? "atEnd" : "atStart"
    return {
      ...report,
      id: orgId === undefined ? report.id : `${orgId}:${report.id}`,
      ruleId: alert.ruleUID,
      ...(measured !== "" && { observations: [{ name: "Values", [name]: measured }] }),
      more: [
        ...(report.more ?? []),
        ...linkTo("Dashboard", alert.dashboardURL),
        ...linkTo("Panel", alert.panelURL),
        ...linkTo("Silence", alert.silenceURL),
        ...linkTo("Image", alert.imageURL)
      ]
    }
  })
}

const readId = Schema.decodeUnknownOption(Id)

const LegacyAlert = Schema.Struct({
  ruleId: Id,
  orgId: ifReadable(Id),
  ruleName: ifReadable(Plain),
  ruleUrl: ifReadable(TextLink),
  title: ifReadable(Plain),
  message: ifReadable(Plain),
  state: Schema.Literals(["alerting", "no_data", "ok", "paused", "pending"]),
  tags: Fields,
  evalMatches: List,
  imageUrl: ifReadable(TextLink)
})

const decodeLegacy = decoderOf(LegacyAlert, (alert) => {
  if (alert.state === "pending") return nothing
  const isOver = alert.state === "ok" || alert.state === "paused"
  return {
    _tag: "Report",
    state: isOver ? "cleared" : "raised",
    ...(alert.state === "paused" && { clearedBecause: "sourceRuleChanged" }),
    id: alert.orgId === undefined ? alert.ruleId : `${alert.orgId}:${alert.ruleId}`,
    name: alert.ruleName ?? alert.title,
    ruleId: alert.ruleId,
    severity: severityOf(Option.getOrUndefined(readPlain(alert.tags?.["severity"]))),
    summary: alert.message,
    started: undefined,
    ended: undefined,
    observations: (alert.evalMatches ?? [])
      .slice(0, InboundLimits.maxObservations)
      .flatMap((match) => observation(match, isOver ? "atEnd" : "atStart")),
    labels: [...labelsOf(alert.tags), ...(alert.state === "no_data" ? [["state", "no_data"] as const] : [])],
    link: alert.ruleUrl,
    more: linkTo("Image", alert.imageUrl)
  }
})

const readPlain = Schema.decodeUnknownOption(Plain)

const readMatch = Schema.decodeUnknownOption(Schema.Struct({ metric: Plain, value: ifReadable(Plain) }))

const observation = (match: unknown, when: "atStart" | "atEnd"): ReadonlyArray<Observation> =>
  Option.toArray(readMatch(match)).map(({ metric, value }) => ({
    name: metric,
    ...(value !== undefined && { [when]: value })
  }))
