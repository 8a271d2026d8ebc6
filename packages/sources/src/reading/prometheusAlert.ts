import { Option, Schema } from "effect"
import { fingerprint } from "./fingerprint.ts"
import { Fields, Id, ifReadable, Plain, TextLink } from "./lenientFields.ts"
import { expected, labelsOf, linesOf, linkTo, type Report, valueOf } from "./report.ts"
import { severityOf } from "./severity.ts"
import type { Unreadable } from "../Decoded.ts"

/** An alert as Prometheus, Alertmanager and Grafana send it. */
export const PrometheusAlert = Schema.Struct({
  status: ifReadable(Plain),
  labels: Fields,
  annotations: Fields,
  startsAt: ifReadable(Plain),
  endsAt: ifReadable(Plain),
  generatorURL: ifReadable(TextLink),
  fingerprint: ifReadable(Id)
})

/** Annotations that are shown as something else than labels. */
const shown = new Set(["summary", "description", "message", "runbook_url", "runbook", "dashboard_url"])

/**
 * Reads an alert. Its identity is the fingerprint of its labels: the same alert has the same one at Prometheus and at
 * Alertmanager.
 */
export const readPrometheusAlert = (
  alert: typeof PrometheusAlert.Type,
  state: Report["state"]
): Report | Unreadable => {
  const { annotations = {}, generatorURL } = alert
  // Prometheus drops labels that are empty.
  const labels = labelsOf(alert.labels)
  const [first] = labels
  if (first === undefined && alert.fingerprint === undefined) return expected("an object with labels")
  const label = (name: string) => readPlain(alert.labels?.[name])
  const annotation = (name: string) => readPlain(annotations[name])
  const text = linesOf(annotation("summary"), annotation("description") ?? annotation("message"))
  return {
    _tag: "Report",
    state,
    id: alert.fingerprint ?? fingerprint(labels),
    name: label("alertname") ?? annotation("summary"),
    expression: readPlain(generatorURL?.searchParams.get("g0.expr")),
    test: label("instance"),
    severity: severityOf(label("severity")),
    summary: text,
    started: alert.startsAt,
    ended: alert.endsAt,
    labels: [...labels, ...labelsOf(annotations, (name) => isPublic(name) && !Object.hasOwn(alert.labels ?? {}, name))],
    link: generatorURL,
    more: [
      ...linkTo("Runbook", annotations["runbook_url"] ?? annotations["runbook"]),
      ...linkTo("Dashboard", annotations["dashboard_url"])
    ]
  }
}

/** Grafana's own annotations begin with two underscores. */
const isPublic = (name: string) => !shown.has(name) && !name.startsWith("__")

const readPlain = (stated: unknown): string | undefined => Option.getOrUndefined(decodePlain(valueOf(stated)))

const decodePlain = Schema.decodeUnknownOption(Plain)
