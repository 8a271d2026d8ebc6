/**
 * Tocsin's own alert format, the body of `POST /v1/alerts`.
 */
import { Option, Schema } from "effect"
import { type AlertEvent, Link, NamedLink, Observation, Severity, SourceRule, SourceTest } from "../Alert.ts"
import { PathSegment } from "../identifiers.ts"
import { maxIdLength, maxLabels, maxLinks } from "../InboundLimits.ts"
import { PostedTime, readPostedTime } from "./postedTime.ts"

/** Sources with a format of their own. `POST /v1/alerts` refuses their names, in any case of letters. */
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
  source: SourceName.annotateKey({ description: "The sender's name." }),
  id: SourceId.annotateKey({ description: "The sender's own id of the alert; its clear carries the same." }),
  eventId: Schema.optionalKey(SourceId).annotateKey({
    description: "Names this event; the same key within seven days changes nothing."
  }),
  state: Schema.Literals(["raised", "cleared"]).annotateKey({
    description: "Whether the problem exists now, or is over."
  }),
  startedAt: PostedTime.annotateKey({
    description: "RFC 3339. Without a zone it is read as UTC, and messages say so."
  }),
  clearedAt: Schema.optionalKey(PostedTime).annotateKey({ description: "As `startedAt`; only of a clear." }),
  severity: Schema.optionalKey(Severity).annotateKey({ description: "`major` when absent." }),
  summary: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
    description: "A sentence or two on what is wrong; part of every message about a raise."
  }),
  rule: Schema.Struct({
    ...SourceRule.fields,
    id: Schema.optionalKey(SourceId).annotateKey({ description: "Its id at the source." })
  }).annotateKey({ description: "The sender's own rule, which the alert met; its name is the headline." }),
  test: Schema.optionalKey(
    Schema.Struct({
      ...SourceTest.fields,
      id: Schema.optionalKey(SourceId).annotateKey({ description: "Its id at the source." })
    })
  ).annotateKey({ description: "What the sender was testing." }),
  links: Schema.optionalKey(
    Schema.Struct({
      started: Schema.optionalKey(Link).annotateKey({ description: "Where to look at the time of the raise." }),
      cleared: Schema.optionalKey(Link).annotateKey({ description: "Where to look at the time of the clear." }),
      alert: Schema.optionalKey(Link).annotateKey({ description: "The alert at its source." }),
      more: Schema.optionalKey(
        Schema.Array(NamedLink).check(
          Schema.isMaxLength(maxLinks, { expected: `an array of at most ${maxLinks} links` })
        )
      ).annotateKey({ description: "Others, such as the runbook." })
    })
  ).annotateKey({ description: "Where a reader of a message can go." }),
  labels: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.String).check(
      Schema.isMaxProperties(maxLabels, { expected: `an object of at most ${maxLabels} labels` })
    )
  ).annotateKey({ description: "Further details; rules can match on them." }),
  observations: Schema.optionalKey(Schema.Array(Observation)).annotateKey({
    description: "What each agent or monitor saw."
  })
})
export type PostedAlert = typeof PostedAlert.Type

/** Converts a posted alert to an event. */
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

/** The schema guarantees that the time can be read. */
const readTime = (stated: string) => Option.getOrThrow(readPostedTime(stated))
