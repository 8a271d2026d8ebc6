/**
 * Reads the common alert schema, which action groups of Azure Monitor post.
 *
 * @see https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema
 */
import type { Severity } from "@tocsin/core"
import { Option, Schema } from "effect"
import { Fields, Id, ifReadable, List, Plain, TextLink } from "./reading/lenientFields.ts"
import { decoderOf, labelsOf, linkTo } from "./reading/report.ts"

/** Its name in URLs and alerts. */
export const type = "azure-monitor"

/** Its name as its vendor spells it. */
export const title = "Azure Monitor"

const text = ifReadable(Plain)

const Notification = Schema.Struct({
  schemaId: Schema.Literals(["azureMonitorCommonAlertSchema"]),
  data: Schema.Struct({
    essentials: Schema.Struct({
      alertId: Id,
      alertRule: text,
      severity: text,
      signalType: text,
      monitorCondition: Schema.Literals(["Fired", "Resolved"]),
      monitoringService: text,
      alertTargetIDs: List,
      configurationItems: List,
      firedDateTime: text,
      resolvedDateTime: text,
      description: text,
      investigationLink: ifReadable(TextLink)
    }),
    alertContext: ifReadable(
      Schema.Struct({ condition: ifReadable(Schema.Struct({ allOf: List })), properties: Fields })
    ),
    customProperties: Fields
  })
})

/** Sev0 is critical, Sev1 an error, Sev2 a warning, Sev3 informational and Sev4 verbose. */
const severities: { readonly [name: string]: Severity } = {
  sev0: "critical",
  sev1: "major",
  sev2: "minor",
  sev3: "info",
  sev4: "info"
}

/** Reads a notification. An alert has the same `alertId` when it fires and when it is resolved. */
export const decode = decoderOf(Notification, ({ data: { alertContext, customProperties, essentials } }) => {
  const targets = (essentials.alertTargetIDs ?? []).slice(0, 100).flatMap((target) => Option.toArray(readPlain(target)))
  const items = (essentials.configurationItems ?? []).flatMap((item) => Option.toArray(readPlain(item)))
  const [condition] = (alertContext?.condition?.allOf ?? []).flatMap((one) => Option.toArray(readCondition(one)))
  const severity = essentials.severity?.toLowerCase() ?? ""
  return {
    _tag: "Report",
    state: essentials.monitorCondition === "Resolved" ? "cleared" : "raised",
    id: essentials.alertId,
    name: essentials.alertRule,
    expression: condition && expression(condition),
    test: items.slice(0, 10).join(", ") || undefined,
    targets,
    severity: Object.hasOwn(severities, severity) ? severities[severity] : undefined,
    summary: essentials.description,
    started: essentials.firedDateTime,
    ended: essentials.resolvedDateTime,
    observations:
      condition?.metricValue === undefined
        ? []
        : [
            {
              name: condition.metricName ?? "Value",
              [essentials.monitorCondition === "Resolved" ? "atEnd" : "atStart"]: condition.metricValue
            }
          ],
    labels: [
      ...labelsOf({ service: essentials.monitoringService, signal: essentials.signalType }),
      ...labelsOf(alertContext?.properties),
      ...labelsOf(customProperties)
    ],
    link: essentials.investigationLink,
    more: linkTo("Search results", condition?.linkToFilteredSearchResultsUI ?? condition?.linkToSearchResultsUI)
  }
})

const readPlain = Schema.decodeUnknownOption(Plain)

const Condition = Schema.Struct({
  metricName: text,
  operator: text,
  threshold: text,
  timeAggregation: text,
  metricValue: text,
  searchQuery: text,
  linkToSearchResultsUI: ifReadable(TextLink),
  linkToFilteredSearchResultsUI: ifReadable(TextLink)
})
const readCondition = Schema.decodeUnknownOption(Condition)

const expression = ({ metricName, operator, searchQuery, threshold, timeAggregation }: typeof Condition.Type) =>
  [timeAggregation, metricName ?? searchQuery, operator, threshold].filter((part) => part !== undefined).join(" ") ||
  undefined
