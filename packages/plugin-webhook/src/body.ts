/**
 * The JSON body of a webhook: a notification as text and as data.
 */
import {
  Alert,
  Because,
  type ChannelPlugin,
  DigestGroup,
  type Kind,
  Link,
  Message,
  type Notification,
  Severity
} from "@tocsin/core"
import { type DateTime, Schema } from "effect"

const types = {
  Raised: "alert.raised",
  Escalated: "alert.escalated",
  Reminder: "alert.reminder",
  Cleared: "alert.cleared",
  RaisedAndCleared: "alert.raised_and_cleared",
  Digest: "digest",
  DigestList: "digest",
  Notice: "notice"
} satisfies { readonly [K in Exclude<Kind, "Test">]: string }

/**
 * The body, version 1. Later versions may add fields, but never change or remove one.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure
 */
export const Body = Schema.Struct({
  type: Schema.NonEmptyString.annotateKey({
    description:
      "What happened: alert.raised, alert.escalated, alert.reminder, alert.cleared, alert.raised_and_cleared, digest, test.raised or test.cleared; or notice, about Tocsin itself. Later versions may add types: ignore those that you do not know."
  }),
  timestamp: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
    description: "When the alert was raised, or when it cleared. Absent for digests and notices."
  }),
  data: Schema.Struct({
    conversation: Schema.optionalKey(Schema.NonEmptyString).annotateKey({
      description:
        "The same for all messages about one alert here: a clear has that of its raise. Absent for digests and notices."
    }),
    state: Schema.Literals(["raised", "cleared", "notice"]).annotateKey({
      description:
        "`raised`: a problem exists now. `cleared`: it is over. `notice`: neither, such as an alert that an edit of a rule cleared here while it is still raised at its source."
    }),
    severity: Severity.annotateKey({ description: "info, minor, major or critical" }),
    headline: Schema.NonEmptyString.annotateKey({ description: "What happened, in one line" }),
    text: Schema.NonEmptyString.annotateKey({ description: "All of it as plain text, at most 4,000 characters" }),
    link: Schema.optionalKey(Link).annotateKey({ description: "Where to see more" }),
    alert: Schema.optionalKey(Alert).annotateKey({
      description:
        "The alert as it is known now, with at most 50 of its observations. Absent for digests and notices, and in the short form."
    }),
    from: Schema.optionalKey(Severity).annotateKey({ description: "The severity before an escalation" }),
    because: Schema.optionalKey(Because).annotateKey({ description: "Why the alert was cleared" }),
    digest: Schema.optionalKey(
      Schema.Struct({ raised: Schema.Natural, cleared: Schema.Natural, groups: Schema.Array(DigestGroup) })
    ).annotateKey({
      description: "How many alerts were raised and cleared, and which, by rule. Absent in the short form."
    })
  })
}).annotate({ title: "Tocsin webhook", description: "The body of a webhook, version 1" })

/** The JSON Schema of the body, draft 2020-12; a gateway serves it at `/schemas/webhook-v1.json`. */
export const bodySchema = (): Schema.Json => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(Schema.toCodecJson(Body))
  const dialect = "https://json-schema.org/draft/2020-12/schema"
  return Schema.decodeUnknownSync(Schema.Json)({ $schema: dialect, ...schema, $defs: definitions })
}

/** The longest `text`. */
export const maxText = 4000

/** The most observations of an alert, to keep bodies below 20 KB, as Standard Webhooks advises. */
const maxObservations = 50

/**
 * The body for a notification, as JSON. The plain form is shorter: it has the text, without the alert or the digest.
 */
export const body = (
  notification: Notification,
  { conversation, form }: Pick<ChannelPlugin.DeliverOptions, "conversation" | "form">
): Schema.Json => {
  const message = Message.fromNotification(notification)
  const { headline, link, severity, state } = message
  const timestamp = timeOf(notification)
  return encode({
    type: notification._tag === "Test" ? `test.${notification.of.toLowerCase()}` : types[notification._tag],
    ...(timestamp && { timestamp }),
    data: {
      ...(conversation && { conversation: conversation.id }),
      state,
      severity,
      headline,
      text: Message.plainText(message, maxText),
      ...(link && { link }),
      ...("from" in notification && { from: notification.from }),
      ...("clearedAt" in notification && { because: notification.because }),
      ...(form === "rich" && details(notification))
    }
  })
}

const encode = Schema.encodeSync(Schema.toCodecJson(Body))

const timeOf = (notification: Notification): DateTime.Utc | undefined => {
  if ("clearedAt" in notification) return notification.clearedAt
  if (!("alert" in notification)) return undefined
  const { clearedAt, startedAt } = notification.alert
  return notification._tag === "Test" && notification.of === "Cleared" ? clearedAt : startedAt
}

const details = (notification: Notification): Pick<(typeof Body.Type)["data"], "alert" | "digest"> => {
  if (notification._tag === "Digest") return { digest: notification }
  if (!("alert" in notification)) return {}
  const { alert } = notification
  const observations = alert.observations.slice(0, maxObservations)
  const observationsOmitted = alert.observationsOmitted + alert.observations.length - observations.length
  return { alert: { ...alert, observations, observationsOmitted } }
}
