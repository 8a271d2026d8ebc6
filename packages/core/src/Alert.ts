/**
 * An alert: one problem that a source reports, from raised to cleared, and the
 * events by which the source reports it.
 */
import { Schema } from "effect"
import { maxTextLength } from "./InboundLimits.ts"

/** How grave an alert is, from the least to the gravest: `info`, `minor`, `major`, `critical`. */
export const Severity = Schema.Literals(["info", "minor", "major", "critical"])
export type Severity = typeof Severity.Type

/** A severity's place in the order, from 0 (`info`) to 3 (`critical`). */
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

/** The source's own rule: the conditions that the alert met, in the source's words. */
export const SourceRule = Schema.Struct({
  name: Schema.NonEmptyString,
  id: Schema.optionalKey(Schema.NonEmptyString),
  expression: Schema.optionalKey(Schema.NonEmptyString)
})

/** What the source was testing when the alert was raised. */
export const SourceTest = Schema.Struct({
  name: Schema.NonEmptyString,
  id: Schema.optionalKey(Schema.NonEmptyString),
  type: Schema.optionalKey(Schema.NonEmptyString),
  targets: Schema.optionalKey(Schema.Array(Schema.NonEmptyString))
})

/** What one agent or monitor of the source saw: its metrics when the alert was raised and when it was cleared. */
export const Observation = Schema.Struct({
  name: Schema.NonEmptyString,
  atStart: Schema.optionalKey(Schema.NonEmptyString),
  atEnd: Schema.optionalKey(Schema.NonEmptyString),
  link: Schema.optionalKey(Link)
})
export type Observation = typeof Observation.Type

/** Where a reader of a message can go. */
export const Links = Schema.Struct({
  /** The source's view at the time when the alert was raised. */
  started: Schema.optionalKey(Link),
  /** The source's view at the time when the alert was cleared. */
  cleared: Schema.optionalKey(Link),
  /** The alert itself at its source (its permalink). */
  alert: Schema.optionalKey(Link),
  /**
   * The source's view at any time: a URL with `{time}` for the epoch seconds. It
   * gives the cleared message its link when an edit of a rule closes a
   * conversation at a time that the source knows nothing of.
   */
  view: Schema.optionalKey(Schema.NonEmptyString)
})

/** Which zone the times were read in when the source stated none, or one that is not known (`stated`). */
export const AssumedTimeZone = Schema.Struct({
  zone: Schema.NonEmptyString,
  stated: Schema.optionalKey(Schema.NonEmptyString)
})

/** Why a source's own clear ended an alert; edits of alert rules close conversations, not alerts. */
export const AlertClearedBecause = Schema.Literals(["conditionsNoLongerMet", "sourceRuleChanged", "expired", "byHand"])
export type AlertClearedBecause = typeof AlertClearedBecause.Type

const known = {
  /** The name of the source; `[A-Za-z0-9._-]{1,64}`. */
  source: Schema.NonEmptyString,
  /** The source's own id of the alert. */
  sourceId: Schema.NonEmptyString,
  rule: SourceRule,
  test: Schema.optionalKey(SourceTest),
  severity: Severity,
  summary: Schema.optionalKey(Schema.NonEmptyString),
  observations: Schema.Array(Observation),
  /** How many observations were left out beyond the first 5,000. */
  observationsOmitted: Schema.Natural,
  labels: Schema.Record(Schema.String, Schema.String),
  links: Links,
  assumedTimeZone: Schema.optionalKey(AssumedTimeZone)
}

/**
 * One problem that a source reports, as it is known now.
 *
 * Its identity is `source` + `sourceId` + `episode`; `id` stands for the three.
 * `Schema.toCodecJson(Alert)` is its form in the API and in the store.
 */
export const Alert = Schema.Struct({
  id: AlertId,
  ...known,
  /** Counts the times that this source used this id: 1 for the first raise, 2 for the raise after its clear, ... */
  episode: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
  state: Schema.Literals(["raised", "cleared"]),
  startedAt: Schema.DateTimeUtc,
  /** Present when `state` is `cleared`: the time that the source gave, else the time when its clear arrived. */
  clearedAt: Schema.optionalKey(Schema.DateTimeUtc),
  /** Present when `state` is `cleared`. */
  clearedBecause: Schema.optionalKey(AlertClearedBecause)
})
export type Alert = typeof Alert.Type

/** What a source says of one alert at one time, in Tocsin's words. */
export const AlertEvent = Schema.Struct({
  ...known,
  /** Names the event at its source; the same key again changes nothing. */
  eventId: Schema.optionalKey(Schema.NonEmptyString),
  state: Schema.Literals(["raised", "cleared"]),
  startedAt: Schema.DateTimeUtc,
  /** Only of a clear, and only if the source states it. */
  clearedAt: Schema.optionalKey(Schema.DateTimeUtc),
  /** Only of a clear; conditions no longer met when absent. */
  clearedBecause: Schema.optionalKey(AlertClearedBecause),
  /** Whether the source uses an alert's id again for a later problem. If not, nothing reopens an alert after its clear. */
  reusesId: Schema.Boolean
})
export type AlertEvent = typeof AlertEvent.Type
