/**
 * Reads the webhooks of Google Cloud Monitoring's notification channels: version 1.2.
 *
 * @see https://cloud.google.com/monitoring/support/notification-options#schema-pubsub
 */
import { Option, Schema } from "effect"
import { Fields, Id, ifReadable, List, Plain, TextLink } from "./reading/lenientFields.ts"
import { decoderOf, labelsOf, linesOf, linkTo } from "./reading/report.ts"
import { severityOf } from "./reading/severity.ts"

/** Its name in URLs and alerts. */
export const type = "google-cloud-monitoring"

/** Its name as its vendor spells it. */
export const title = "Google Cloud Monitoring"

const text = ifReadable(Plain)

const Notification = Schema.Struct({
  version: text,
  incident: Schema.Struct({
    incident_id: Id,
    state: Plain,
    started_at: text,
    ended_at: text,
    summary: text,
    policy_name: text,
    condition_name: text,
    severity: text,
    scoping_project_id: text,
    resource_name: text,
    resource_display_name: text,
    resource: ifReadable(Schema.Struct({ type: text, labels: Fields })),
    metric: ifReadable(Schema.Struct({ type: text, displayName: text, labels: Fields })),
    metadata: ifReadable(Schema.Struct({ user_labels: Fields })),
    policy_user_labels: Fields,
    observed_value: text,
    threshold_value: text,
    url: ifReadable(TextLink),
    documentation: ifReadable(Schema.Struct({ content: text, links: List }))
  })
})

/** Reads an incident that opens or closes. The button that tests a channel sends the version `test`. */
export const decode = decoderOf(Notification, ({ incident, version }) => {
  if (version === "test") return { _tag: "Test" }
  const state = incident.state.toLowerCase()
  if (!["open", "acknowledged", "closed"].includes(state)) {
    return { _tag: "Unreadable", why: "/incident/state: Expected open, acknowledged or closed" }
  }
  const isOver = state === "closed"
  const { documentation, metric, resource } = incident
  return {
    _tag: "Report",
    state: isOver ? "cleared" : "raised",
    id: incident.incident_id,
    name: incident.policy_name ?? incident.condition_name,
    expression: incident.policy_name === undefined ? undefined : incident.condition_name,
    test: incident.resource_display_name ?? incident.resource_name,
    severity: severityOf(incident.severity),
    summary: linesOf(incident.summary, documentation?.content),
    started: incident.started_at,
    ended: incident.ended_at,
    observations:
      incident.observed_value === undefined
        ? []
        : [{ name: metric?.displayName ?? "Value", [isOver ? "atEnd" : "atStart"]: incident.observed_value }],
    labels: [
      ...labelsOf({ project: incident.scoping_project_id, resource: resource?.type, metric: metric?.type }),
      ...labelsOf(resource?.labels),
      ...labelsOf(metric?.labels),
      ...labelsOf(incident.metadata?.user_labels),
      ...labelsOf(incident.policy_user_labels)
    ],
    link: incident.url,
    more: (documentation?.links ?? [])
      .slice(0, 100)
      .flatMap((link) =>
        Option.toArray(readLink(link)).flatMap(({ display_name, url }) => linkTo(display_name ?? "", url))
      )
  }
})

const readLink = Schema.decodeUnknownOption(Schema.Struct({ display_name: text, url: Plain }))
