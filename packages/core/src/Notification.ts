/**
 * The content of a delivery: what happened, for a plugin to render.
 */
import { Schema } from "effect"
import { Alert, AlertClearedBecause, Link, Severity } from "./Alert.ts"

/** Why a conversation was closed. The first four end the alert itself, the others are edits by an operator. */
export const Because = Schema.Literals([
  "conditionsNoLongerMet",
  "sourceRuleChanged",
  "expired",
  "byHand",
  "alertRuleChanged",
  "alertRuleDisabled",
  "alertRuleRemoved",
  "integrationRemoved"
])
export type Because = typeof Because.Type

/** The reasons as messages show them. */
export const becauseText: Record<Because, string> = {
  conditionsNoLongerMet: "conditions no longer met",
  sourceRuleChanged: "source rule changed or removed",
  expired: "expired",
  byHand: "closed by hand",
  alertRuleChanged: "alert rule changed",
  alertRuleDisabled: "alert rule disabled",
  alertRuleRemoved: "alert rule removed",
  integrationRemoved: "integration removed from the rule"
}

/**
 * Whether the alert itself is over for that reason. The other reasons are edits by an operator: they end the messages about
 * the alert here, while it is still raised at its source.
 */
export const endsAlert: (because: Because) => boolean = Schema.is(AlertClearedBecause)

/** How often the alert cleared and was raised again since the integration was last notified, if it did. */
const flaps = Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)))

const cleared = { alert: Alert, because: Because, clearedAt: Schema.DateTimeUtc, flaps }

/** One group of a digest: the alerts of one source rule. */
export const DigestGroup = Schema.Struct({
  rule: Schema.NonEmptyString,
  severity: Severity,
  total: Schema.Natural,
  /** The first alerts of the group, the most severe first; `total` counts all of them. */
  alerts: Schema.Array(Schema.Struct({ text: Schema.NonEmptyString, link: Schema.optionalKey(Link) }))
})

/**
 * The most replies with which a digest lists its alerts in its thread, each as long as the channel's `sizes.text`. The
 * digest's page lists the others.
 */
export const maxDigestReplies = 3

const digestReply = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: maxDigestReplies }))

/**
 * A notification to send. A plugin need not distinguish the kinds: `Message` renders each of them, also kinds that later
 * versions add.
 */
export const Notification = Schema.Union([
  /** An alert was raised. */
  Schema.TaggedStruct("Raised", { alert: Alert, flaps }),
  /** A raised alert became more severe than the last message said (`from`). */
  Schema.TaggedStruct("Escalated", { alert: Alert, from: Severity }),
  /** An alert is still raised. */
  Schema.TaggedStruct("Reminder", { alert: Alert }),
  /** An alert that was sent as raised has cleared. */
  Schema.TaggedStruct("Cleared", cleared),
  /** An alert was raised, and cleared before its raise could be sent. */
  Schema.TaggedStruct("RaisedAndCleared", cleared),
  /** Many notifications as one, the most severe group first. */
  Schema.TaggedStruct("Digest", {
    because: Schema.Literals(["storm", "group"]),
    raised: Schema.Natural,
    cleared: Schema.Natural,
    /** How many of them were cleared by an edit only: these alerts are still raised at their source. */
    clearedHere: Schema.optionalKey(Schema.Natural),
    severity: Severity,
    groups: Schema.Array(DigestGroup),
    /** A page that lists all of them. */
    link: Schema.optionalKey(Link)
  }),
  /**
   * A reply to a digest that lists its alerts, the most severe first: `part` of `parts`. It is sent in plain form, and
   * only once the digest is delivered and nothing else waits.
   */
  Schema.TaggedStruct("DigestList", {
    part: digestReply,
    parts: digestReply,
    severity: Severity,
    /** The number of the first alert that it lists, from 1. */
    first: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
    /** How many alerts the digest includes. */
    total: Schema.Natural,
    alerts: Schema.Array(Schema.Struct({ text: Schema.NonEmptyString, severity: Severity })),
    /** How many alerts follow that no reply lists. */
    omitted: Schema.Natural,
    /** A page that lists all of them. */
    link: Schema.optionalKey(Link)
  }),
  /** Something that operators should know about Tocsin itself. */
  Schema.TaggedStruct("Notice", {
    severity: Severity,
    headline: Schema.NonEmptyString,
    lines: Schema.Array(Schema.NonEmptyString),
    link: Schema.optionalKey(Link)
  }),
  /** A trial of an integration, in the form of a raised or a cleared alert. */
  Schema.TaggedStruct("Test", { of: Schema.Literals(["Raised", "Cleared"]), alert: Alert })
]).pipe(Schema.toTaggedUnion("_tag"))
export type Notification = typeof Notification.Type

/** The name of a kind of notification. */
export const Kind = Schema.Literals([
  "Raised",
  "Escalated",
  "Reminder",
  "Cleared",
  "RaisedAndCleared",
  "Digest",
  "DigestList",
  "Notice",
  "Test"
]) satisfies Schema.Codec<Notification["_tag"]>
export type Kind = Notification["_tag"]
