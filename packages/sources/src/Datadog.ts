/**
 * Reads the webhooks of Datadog, with the default payload and with the one in the guide.
 *
 * @see https://docs.datadoghq.com/integrations/webhooks/
 */
import { Schema } from "effect"
import { Id, ifReadable, Plain, TextLink } from "./reading/lenientFields.ts"
import { decoderOf, labelsOf, linkTo } from "./reading/report.ts"
import { severityOf } from "./reading/severity.ts"

/** Its name in URLs and alerts. */
export const type = "datadog"

/** Its name as its vendor spells it. */
export const title = "Datadog"

const text = ifReadable(Plain)

const Notification = Schema.Struct({
  id: ifReadable(Id),
  event_type: text,
  title: text,
  body: text,
  text_only_msg: text,
  date: text,
  last_updated: text,
  org: ifReadable(Schema.Struct({ id: ifReadable(Id), name: text })),
  alert_id: ifReadable(Id),
  alert_cycle_key: ifReadable(Id),
  alert_transition: text,
  alert_type: text,
  alert_status: text,
  alert_metric: text,
  alert_query: text,
  alert_scope: text,
  alert_title: text,
  priority: text,
  alert_priority: text,
  hostname: text,
  tags: text,
  link: ifReadable(TextLink),
  snapshot: ifReadable(TextLink)
})

/** The beginning of a title: `[P2] [Triggered on {host:web-1}] `. */
const titled =
  /^(?:\[(P[1-5])\] *)?\[((?:Re-)?(?:Triggered|Warn|No data)|Recovered|Renotify|Alert)(?: on \{(.*)\})?\] *(.*)$/is

/** Returns undefined for a variable of the template that Datadog did not fill. */
const stated = (value: string | undefined): string | undefined =>
  value === undefined || /^\$[A-Z_]+$|^null$/i.test(value) ? undefined : value

/** Reads a notification. Without `alert_transition`, its title says whether the monitor recovered. */
export const decode = decoderOf(Notification, (sent) => {
  const { title: subject = "" } = sent
  if (/^\[TEST\]/i.test(subject)) return { _tag: "Test" }
  const [, priorityOfTitle, transitionOfTitle, scopeOfTitle, rest] = titled.exec(subject) ?? []
  const transition = (stated(sent.alert_transition) ?? transitionOfTitle)?.toLowerCase()
  if (transition === undefined) {
    return {
      _tag: "Unreadable",
      why: "/alert_transition: Expected one, or a title that begins with [Triggered or [Recovered"
    }
  }
  const scope = stated(sent.alert_scope) ?? scopeOfTitle
  const name = rest ?? stated(sent.alert_title) ?? subject
  const monitor = stated(sent.alert_id)
  const isOver = transition === "recovered"
  const at = stated(sent.date) ?? stated(sent.last_updated)
  const eventId = stated(sent.id)
  const priority = [sent.priority, sent.alert_priority, priorityOfTitle].find((one) => /^P[1-5]$/i.test(one ?? ""))
  const organization = stated(sent.org?.id)
  return {
    _tag: "Report",
    state: isOver ? "cleared" : "raised",
    id: stated(sent.alert_cycle_key) ?? [organization ?? "", monitor ?? name, scope ?? ""].join("/"),
    ...(eventId !== undefined && { eventId: `${eventId}:${transition}` }),
    name: name === "" ? "unnamed monitor" : name,
    ruleId: monitor,
    expression: stated(sent.alert_query),
    test: stated(sent.hostname) ?? scope,
    severity: severityOf(priority ?? (/warn/.test(transition) ? "warning" : stated(sent.alert_type))),
    summary: stated(sent.text_only_msg) ?? stated(sent.body),
    started: isOver ? undefined : at,
    ended: at,
    labels: [
      ...labelsOf({ scope, metric: stated(sent.alert_metric), status: stated(sent.alert_status), transition }),
      ...tagsOf(stated(sent.tags))
    ],
    link: sent.link,
    more: linkTo("Snapshot", sent.snapshot)
  }
})

/** `env:prod,monitor` as labels. */
const tagsOf = (tags: string | undefined): ReadonlyArray<readonly [name: string, value: string]> =>
  (tags ?? "")
    .split(",")
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "")
    .map((tag) => {
      const [name = "", ...value] = tag.split(":")
      return value.length === 0 || name === "" ? ([tag, "true"] as const) : ([name, value.join(":")] as const)
    })
