/**
 * The outcomes of an alert: why each integration was notified or not, and what happened when.
 */
import { AlertRuleId, IntegrationId, Link } from "@tocsin/core"
import { Schema } from "effect"

/** The outcome of an alert at one integration. */
export const outcomes = [
  "delivered",
  "sending",
  "waiting",
  "inDigest",
  "diverted",
  "dead",
  "superseded",
  "integrationDisabled",
  "ruleDisabled",
  "notMatched",
  "noRule",
  "notDue"
] as const

/** Why one integration was notified, or not. */
export const Explanation = Schema.Struct({
  integration: IntegrationId,
  name: Schema.optionalKey(Schema.String).annotateKey({ description: "Its name; absent if it was removed." }),
  type: Schema.optionalKey(Schema.String),
  told: Schema.Boolean.annotateKey({ description: "Whether any message about the alert was delivered there." }),
  outcome: Schema.Literals(outcomes).annotateKey({
    description: [
      "delivered: the last message about it was delivered.",
      "sending: it is being sent.",
      "waiting: it waits; until when is in until.",
      "inDigest: a digest includes it, and is being sent.",
      "diverted: its fallback was notified instead.",
      "dead: it was given up.",
      "superseded: it was no longer true before it was sent.",
      "integrationDisabled: a rule matches, and the integration is disabled.",
      "ruleDisabled: a rule would match, and is disabled.",
      "notMatched: no rule that names the integration matches.",
      "noRule: no rule names the integration.",
      "notDue: a rule matches now, and did not while the alert was raised."
    ].join(" ")
  }),
  why: Schema.String.annotateKey({ description: "The same as a sentence." }),
  rules: Schema.Array(Schema.Struct({ id: AlertRuleId, name: Schema.String })).annotateKey({
    description: "The matching rules."
  }),
  delivery: Schema.optionalKey(Schema.String).annotateKey({ description: "The delivery with this outcome." }),
  digest: Schema.optionalKey(Schema.String).annotateKey({
    description: "The delivery of the digest that includes it."
  }),
  until: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "The time of the next attempt." }),
  link: Schema.optionalKey(Link).annotateKey({
    description: "Where the last message that was delivered there can be seen, if its service said so."
  }),
  nearest: Schema.optionalKey(
    Schema.Struct({
      rule: AlertRuleId,
      name: Schema.String,
      failed: Schema.Array(
        Schema.Struct({
          condition: Schema.String.annotateKey({
            description: "source, rule, test, severity, or labels/NAME, as in the rule's match."
          }),
          wanted: Schema.String.annotateKey({ description: "What the rule requires." }),
          found: Schema.optionalKey(Schema.String).annotateKey({
            description: "The alert's value, if it has one."
          })
        })
      ).annotateKey({ description: "The conditions that the alert does not meet." })
    })
  ).annotateKey({ description: "For notMatched: the rule with the fewest failed conditions." })
}).annotate({ identifier: "Explanation" })

/** Why each integration was notified, or not. */
export const Explanations = Schema.Struct({ items: Schema.Array(Explanation) }).annotate({
  identifier: "Explanations"
})

/** One thing that happened to an alert. */
export const TimelineEntry = Schema.Struct({
  at: Schema.DateTimeUtc,
  kind: Schema.Literals([
    "received",
    "planned",
    "attempt",
    "coalesced",
    "delivered",
    "dead",
    "superseded",
    "diverted",
    "requeued",
    "ruleEdited",
    "paused",
    "resumed"
  ]).annotateKey({
    description: [
      "received: the source reported something of it.",
      "planned: a delivery was made.",
      "attempt: a try of a delivery, at its begin.",
      "coalesced: a digest, or the message about a later episode, includes the delivery.",
      "delivered, dead, superseded, diverted: how a delivery ended.",
      "requeued: a delivery waits again for a reason other than its own attempt.",
      "ruleEdited: a rule that led somewhere was edited; by says by whom.",
      "paused, resumed: an integration was."
    ].join(" ")
  }),
  text: Schema.String.annotateKey({ description: "The same as a sentence." }),
  integration: Schema.optionalKey(IntegrationId),
  delivery: Schema.optionalKey(Schema.String),
  rule: Schema.optionalKey(AlertRuleId),
  attempt: Schema.optionalKey(
    Schema.Struct({
      number: Schema.Natural,
      outcome: Schema.optionalKey(Schema.String).annotateKey({
        description: "Delivered, or the reason of the failure, such as Unavailable; absent while it runs."
      }),
      milliseconds: Schema.optionalKey(Schema.Natural).annotateKey({ description: "How long it took." }),
      answer: Schema.optionalKey(Schema.String).annotateKey({ description: "The service's answer." })
    })
  ),
  by: Schema.optionalKey(Schema.String).annotateKey({ description: "Who did it, if known." })
}).annotate({ identifier: "TimelineEntry" })

/** What happened to an alert, oldest first. */
export const Timeline = Schema.Struct({ items: Schema.Array(TimelineEntry) }).annotate({ identifier: "Timeline" })
