/**
 * Tocsin's own alert format: what `POST /v1/alerts` takes.
 */
import { Option, Schema } from "effect"
import { type AlertEvent, Link, Observation, Severity, SourceRule, SourceTest } from "./Alert.ts"
import { PathSegment } from "./configured.ts"
import { maxIdLength, maxLabels } from "./InboundLimits.ts"
import { PostedTime, readPostedTime } from "./postedTime.ts"

/** Names of sources that have a format of their own; nobody may raise or clear their alerts through `POST /v1/alerts`, in whatever case. */
export const reservedSources: ReadonlyArray<string> = [
  "thousandeyes",
  "prometheus",
  "alertmanager",
  "grafana",
  "pagerduty",
  "cloudevents",
  "datadog",
  "tocsin"
]

const SourceId = Schema.NonEmptyString.check(
  Schema.isMaxLength(maxIdLength, { expected: `an id of at most ${maxIdLength} characters` })
)

const SourceName = PathSegment.check(
  Schema.makeFilter((name) => !reservedSources.includes(name.toLowerCase()), {
    expected: `a name that belongs to no built-in source (${reservedSources.join(", ")})`
  })
)

/** One alert as a sender reports it, raised or cleared. */
export const PostedAlert = Schema.Struct({
  /** The sender's name. */
  source: SourceName,
  /** The sender's own id of the alert; its clear carries the same. */
  id: SourceId,
  /** Names this event; sent again within seven days it changes nothing. */
  eventId: Schema.optionalKey(SourceId),
  state: Schema.Literals(["raised", "cleared"]),
  /** RFC 3339. Without a zone it is read as UTC, and messages say so. */
  startedAt: PostedTime,
  /** As `startedAt`; only of a clear. */
  clearedAt: Schema.optionalKey(PostedTime),
  /** `major` when absent. */
  severity: Schema.optionalKey(Severity),
  /** A sentence or two on what is wrong; part of every message about a raise. */
  summary: Schema.optionalKey(Schema.NonEmptyString),
  rule: Schema.Struct({ ...SourceRule.fields, id: Schema.optionalKey(SourceId) }),
  test: Schema.optionalKey(Schema.Struct({ ...SourceTest.fields, id: Schema.optionalKey(SourceId) })),
  links: Schema.optionalKey(
    Schema.Struct({
      /** Where to look at the time of the raise. */
      started: Schema.optionalKey(Link),
      /** Where to look at the time of the clear. */
      cleared: Schema.optionalKey(Link),
      /** The alert at its source. */
      alert: Schema.optionalKey(Link)
    })
  ),
  labels: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.String).check(
      Schema.isMaxProperties(maxLabels, { expected: `an object of at most ${maxLabels} labels` })
    )
  ),
  observations: Schema.optionalKey(Schema.Array(Observation))
})
export type PostedAlert = typeof PostedAlert.Type

/** The event that a posted alert stands for. */
export const fromPostedAlert = ({
  clearedAt,
  id,
  labels,
  links,
  observations,
  severity,
  startedAt,
  ...posted
}: PostedAlert): AlertEvent => {
  const started = readTime(startedAt)
  const cleared = clearedAt === undefined ? undefined : readTime(clearedAt)
  return {
    ...posted,
    sourceId: id,
    startedAt: started.at,
    ...(cleared && { clearedAt: cleared.at }),
    ...((!started.isZoned || cleared?.isZoned === false) && { assumedTimeZone: { zone: "UTC" } }),
    severity: severity ?? "major",
    labels: labels ?? {},
    links: links ?? {},
    observations: observations ?? [],
    observationsOmitted: 0,
    reusesId: true
  }
}

/** The schema has seen to it that the time can be read. */
const readTime = (stated: string) => Option.getOrThrow(readPostedTime(stated))
