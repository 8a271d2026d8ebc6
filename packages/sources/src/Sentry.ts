/**
 * Reads Sentry's webhooks: those of an internal integration about metric alerts, issue alerts and issues, and those of
 * the legacy webhook plugin.
 *
 * @see https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
 */
import { Effect, Option, Predicate, Schema } from "effect"
import type { Decoded } from "./Decoded.ts"
import { Id, ifReadable, List, Plain, TextLink } from "./reading/lenientFields.ts"
import { decoderOf, expected, labelsOf, nothing, type Read } from "./reading/report.ts"
import { severityOf } from "./reading/severity.ts"
import type { Options } from "./Source.ts"

/** Its name in URLs and alerts. */
export const type = "sentry"

/** Its name as its vendor spells it. */
export const title = "Sentry"

/** Reads a webhook. An issue and the issue alerts about it are one alert, which the issue's resolution clears. */
export const decode = (body: unknown, options: Options): Effect.Effect<Decoded> => {
  const data = Predicate.hasProperty(body, "data") ? body.data : undefined
  if (Predicate.hasProperty(data, "metric_alert")) return decodeMetricAlert(body, options)
  if (Predicate.hasProperty(data, "event")) return decodeEventAlert(body, options)
  if (Predicate.hasProperty(data, "issue")) return decodeIssue(body, options)
  if (Predicate.hasProperty(data, "installation")) return Effect.succeed({ _tag: "Test" })
  if (Predicate.hasProperty(body, "project") && Predicate.hasProperty(body, "event")) return decodeLegacy(body, options)
  return Effect.succeed(expected("an object with data of a metric_alert, an event or an issue"))
}

const text = ifReadable(Plain)

const MetricAlert = Schema.Struct({
  action: Schema.Literals(["critical", "warning", "resolved"]),
  data: Schema.Struct({
    description_text: text,
    description_title: text,
    web_url: ifReadable(TextLink),
    metric_alert: Schema.Struct({
      id: Id,
      title: text,
      date_started: text,
      date_closed: text,
      projects: List,
      alert_rule: ifReadable(
        Schema.Struct({ id: ifReadable(Id), name: text, query: text, aggregate: text, environment: text })
      )
    })
  })
})

const decodeMetricAlert = decoderOf(MetricAlert, ({ action, data }) => {
  const { alert_rule: rule = {}, ...incident } = data.metric_alert
  const projects = (incident.projects ?? []).filter((project) => typeof project === "string").join(", ")
  return {
    _tag: "Report",
    state: action === "resolved" ? "cleared" : "raised",
    id: `metric:${incident.id}`,
    name: rule.name ?? data.description_title ?? incident.title,
    ruleId: rule.id,
    expression: [rule.aggregate, rule.query].filter((part) => part !== undefined).join(" ") || undefined,
    test: projects === "" ? undefined : projects,
    severity: severityOf(action),
    summary: data.description_text,
    started: incident.date_started,
    ended: incident.date_closed,
    labels: labelsOf({ environment: rule.environment }),
    link: data.web_url
  }
})

const EventAlert = Schema.Struct({
  data: Schema.Struct({
    triggered_rule: text,
    event: Schema.Struct({
      issue_id: ifReadable(Id),
      event_id: ifReadable(Id),
      title: text,
      culprit: text,
      level: text,
      datetime: text,
      web_url: ifReadable(TextLink),
      environment: text,
      platform: text,
      release: text
    })
  })
})

const decodeEventAlert = decoderOf(EventAlert, ({ data: { event, triggered_rule } }) => {
  const id = event.issue_id ?? event.event_id
  if (id === undefined) return { _tag: "Unreadable", why: "/data/event/issue_id: Expected an id" }
  return {
    _tag: "Report",
    state: "raised",
    id: `issue:${id}`,
    eventId: event.event_id,
    name: event.title ?? triggered_rule,
    severity: levelOf(event.level),
    summary: event.culprit,
    started: event.datetime,
    ended: undefined,
    labels: labelsOf({
      rule: triggered_rule,
      level: event.level,
      environment: event.environment,
      platform: event.platform,
      release: event.release
    }),
    link: event.web_url
  }
})

const Issue = Schema.Struct({
  action: text,
  data: Schema.Struct({
    issue: Schema.Struct({
      id: Id,
      shortId: text,
      title: text,
      culprit: text,
      level: text,
      status: text,
      firstSeen: text,
      web_url: ifReadable(TextLink),
      permalink: ifReadable(TextLink),
      project: ifReadable(Schema.Struct({ name: text, slug: text }))
    })
  })
})

/** Whether an action raises or clears an issue; an assignment, for example, does neither. */
const isAboutState = (action: string | undefined): action is keyof typeof states =>
  action !== undefined && Object.hasOwn(states, action)

const states = {
  created: "raised",
  unresolved: "raised",
  resolved: "cleared",
  archived: "cleared",
  ignored: "cleared"
} as const

const decodeIssue = decoderOf(Issue, ({ action, data: { issue } }): Read => {
  if (!isAboutState(action)) return nothing
  return {
    _tag: "Report",
    state: states[action],
    id: `issue:${issue.id}`,
    name: issue.title,
    test: issue.project?.name ?? issue.project?.slug,
    severity: levelOf(issue.level),
    summary: issue.culprit,
    // An issue that reappears may have been first seen long ago, which is not when it was raised.
    started: action === "created" ? issue.firstSeen : undefined,
    ended: undefined,
    labels: labelsOf({ shortId: issue.shortId, level: issue.level }),
    link: issue.web_url ?? issue.permalink
  }
})

const Legacy = Schema.Struct({
  id: Id,
  project_name: text,
  message: text,
  culprit: text,
  level: text,
  url: ifReadable(TextLink),
  event: Schema.Unknown
})

const decodeLegacy = decoderOf(Legacy, (sent) => ({
  _tag: "Report",
  state: "raised",
  id: `issue:${sent.id}`,
  eventId: Option.getOrUndefined(readEventId(sent.event))?.event_id,
  name: Option.getOrUndefined(readEventId(sent.event))?.title ?? sent.message ?? sent.culprit,
  test: sent.project_name,
  severity: levelOf(sent.level),
  summary: sent.culprit,
  started: undefined,
  ended: undefined,
  labels: labelsOf({ level: sent.level }),
  link: sent.url
}))

const readEventId = Schema.decodeUnknownOption(Schema.Struct({ event_id: ifReadable(Id), title: text }))

/** Sentry's levels are fatal, error, warning, info and debug; `sample` counts as info. */
const levelOf = (level: string | undefined) => severityOf(level === "sample" ? "info" : level)
