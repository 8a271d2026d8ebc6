/**
 * An alert: one problem that a source reports, from raised to cleared, and the
 * events by which the source reports it.
 */
import { Schema } from "effect"
import { maxTextLength } from "./InboundLimits.ts"

/** How severe an alert is, from least to most severe: `info`, `minor`, `major`, `critical`. */
export const Severity = Schema.Literals(["info", "minor", "major", "critical"])
export type Severity = typeof Severity.Type

/** Returns the rank of a severity, from 0 (`info`) to 3 (`critical`). */
export const severityRank = (severity: Severity): number => Severity.literals.indexOf(severity)

/**
 * An absolute http or https URL of at most 4,096 characters; any other scheme is
 * refused, so that no message can carry a `javascript:` link.
 */
export const Link = Schema.URL.check(
  Schema.makeFilter((url) => url.protocol === "http:" || url.protocol === "https:", {
    expected: "an http or https URL"
  }),
  Schema.makeFilter((url) => url.href.length <= maxTextLength, {
    expected: `a URL of at most ${maxTextLength} characters`
  })
)
export type Link = typeof Link.Type

/** Tocsin's own id of an alert: a UUIDv7 that names one episode and never changes. */
export const AlertId = Schema.NonEmptyString.pipe(Schema.brand("AlertId"))
export type AlertId = typeof AlertId.Type

/** The source's own rule: the conditions that the alert met, as the source writes them. */
export const SourceRule = Schema.Struct({
  name: Schema.NonEmptyString.annotateKey({ description: "Its name at the source." }),
  id: Schema.optionalKey(Schema.NonEmptyString).annotateKey({ description: "Its id at the source." }),
  expression: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
    description: "Its conditions, as the source writes them."
  })
})

/** What the source was testing when the alert was raised. */
export const SourceTest = Schema.Struct({
  name: Schema.NonEmptyString.annotateKey({ description: "Its name at the source." }),
  id: Schema.optionalKey(Schema.NonEmptyString).annotateKey({ description: "Its id at the source." }),
  type: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
    description: "What kind of test it is, in the source's words."
  }),
  targets: Schema.optionalKey(Schema.Array(Schema.NonEmptyString)).annotateKey({
    description: "What it tests: hosts, URLs, addresses."
  })
})

/** What one agent or monitor of the source saw: its metrics when the alert was raised and when it was cleared. */
export const Observation = Schema.Struct({
  name: Schema.NonEmptyString.annotateKey({ description: "The agent or monitor." }),
  atStart: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
    description: "What it measured when the alert was raised."
  }),
  atEnd: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
    description: "What it measured when the alert was cleared."
  }),
  link: Schema.optionalKey(Link).annotateKey({ description: "Where its measurements can be seen." })
})
export type Observation = typeof Observation.Type

/** A link with its name, such as `Runbook`. */
export const NamedLink = Schema.Struct({
  label: Schema.NonEmptyString.annotateKey({ description: "What it leads to, such as `Runbook`." }),
  link: Link.annotateKey({ description: "Where it leads." })
})
export type NamedLink = typeof NamedLink.Type

/** Where a reader of a message can go. */
export const Links = Schema.Struct({
  started: Schema.optionalKey(Link).annotateKey({
    description: "The source's view at the time when the alert was raised."
  }),
  cleared: Schema.optionalKey(Link).annotateKey({
    description: "The source's view at the time when the alert was cleared."
  }),
  alert: Schema.optionalKey(Link).annotateKey({ description: "The alert itself at its source (its permalink)." }),
  more: Schema.optionalKey(Schema.Array(NamedLink)).annotateKey({
    description: "Others, such as the runbook and the dashboard; at most 8."
  }),
  view: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
    description:
      "The source's view at any time: a URL with `{time}` for the epoch seconds. It links the cleared message when an edit of a rule closes a conversation at a time that the source knows nothing of."
  })
})

/** The time zone that was assumed because the source stated no zone, or an unknown one (`stated`). */
export const AssumedTimeZone = Schema.Struct({
  zone: Schema.NonEmptyString.annotateKey({ description: "The zone in which they were read." }),
  stated: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
    description: "The source's own zone, if it stated one that is not known."
  })
})

/** Why an alert ended. Edits of alert rules close conversations, not alerts. */
export const AlertClearedBecause = Schema.Literals(["conditionsNoLongerMet", "sourceRuleChanged", "expired", "byHand"])
export type AlertClearedBecause = typeof AlertClearedBecause.Type

const known = {
  source: Schema.NonEmptyString.annotateKey({ description: "The name of the source; `[A-Za-z0-9._-]{1,64}`." }),
  sourceId: Schema.NonEmptyString.annotateKey({ description: "The source's own id of the alert." }),
  rule: SourceRule.annotateKey({ description: "The source's own rule, which the alert met." }),
  test: Schema.optionalKey(SourceTest).annotateKey({ description: "What the source was testing." }),
  severity: Severity.annotateKey({ description: "How severe it is: info, minor, major or critical." }),
  summary: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
    description: "A sentence or two on what is wrong."
  }),
  observations: Schema.Array(Observation).annotateKey({
    description: "What each agent or monitor saw; at most 5,000."
  }),
  observationsOmitted: Schema.Natural.annotateKey({
    description: "How many observations were left out beyond the first 5,000."
  }),
  labels: Schema.Record(Schema.String, Schema.String).annotateKey({
    description: "Further details from the source."
  }),
  links: Links.annotateKey({ description: "Where a reader of a message can go." }),
  assumedTimeZone: Schema.optionalKey(AssumedTimeZone).annotateKey({
    description: "The zone in which its times were read, if the source stated no known zone."
  })
}

/**
 * One problem that a source reports, in its current state.
 *
 * Its identity is `source` + `sourceId` + `episode`; `id` stands for the three.
 * `Schema.toCodecJson(Alert)` is its form in the API and in the store.
 */
export const Alert = Schema.Struct({
  id: AlertId.annotateKey({ description: "Tocsin's own id of it, which never changes." }),
  ...known,
  episode: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)).annotateKey({
    description:
      "Counts the times that this source used this id: 1 for the first raise, 2 for the raise after its clear, ..."
  }),
  state: Schema.Literals(["raised", "cleared"]).annotateKey({
    description: "Whether it is raised now, or has cleared."
  }),
  startedAt: Schema.DateTimeUtc.annotateKey({ description: "When it was raised." }),
  clearedAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
    description:
      "Present when `state` is `cleared`: the time that the source gave, else the time when its clear arrived."
  }),
  clearedBecause: Schema.optionalKey(AlertClearedBecause).annotateKey({
    description: "Present when `state` is `cleared`."
  })
})
export type Alert = typeof Alert.Type

/** One event of an alert, as a source reported it, in Tocsin's format. */
export const AlertEvent = Schema.Struct({
  ...known,
  eventId: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
    description: "Names the event at its source; the same key again changes nothing."
  }),
  state: Schema.Literals(["raised", "cleared"]),
  startedAt: Schema.DateTimeUtc,
  clearedAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
    description: "Only of a clear, and only if the source states it."
  }),
  clearedBecause: Schema.optionalKey(AlertClearedBecause).annotateKey({
    description: "Only of a clear; conditions no longer met when absent."
  }),
  expiresAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
    description:
      "Only of a raise of a source that repeats it: the alert expires then, unless the source repeats it before."
  }),
  reusesId: Schema.Boolean.annotateKey({
    description:
      "Whether the source uses an alert's id again for a later problem. If not, nothing reopens an alert after its clear."
  })
})
export type AlertEvent = typeof AlertEvent.Type
