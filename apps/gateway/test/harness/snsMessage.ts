/**
 * Messages as Amazon SNS signs them, with a key of the test's own.
 */
import { sign } from "node:crypto"

export const topicArn = "arn:aws:sns:eu-west-1:123456789012:alarms"

export const certificateUrl = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"

export const subscribeUrl = `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=c4n4ry`

type Fields = { readonly [name: string]: string }

/** A notification of a CloudWatch alarm, to be signed. */
export const notification = (state: "ALARM" | "OK", more: Fields = {}): Fields => ({
  Type: "Notification",
  MessageId: `message-${state}`,
  TopicArn: topicArn,
  Subject: `${state}: "disk" in EU (Ireland)`,
  Message: JSON.stringify({
    AlarmName: "disk",
    AlarmArn: "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:disk",
    NewStateValue: state,
    NewStateReason: "Threshold Crossed",
    StateChangeTime: "2026-01-15T10:00:00.000+0000"
  }),
  Timestamp: "2026-01-15T10:00:00.100Z",
  SigningCertURL: certificateUrl,
  ...more
})

/** The confirmation of a subscription, or of its end, to be signed. */
export const confirmation = (
  type: "SubscriptionConfirmation" | "UnsubscribeConfirmation",
  more: Fields = {}
): Fields => ({
  Type: type,
  MessageId: "message-confirmation",
  Token: "c4n4ry",
  TopicArn: topicArn,
  Message: `You have chosen to subscribe to the topic ${topicArn}.`,
  SubscribeURL: subscribeUrl,
  Timestamp: "2026-01-15T09:00:00.000Z",
  SigningCertURL: certificateUrl,
  ...more
})

/** The message with its signature of version 1 or 2. */
export const signed = (key: string, fields: Fields, version: "1" | "2" = "1"): Fields => {
  const names =
    fields["Type"] === "Notification"
      ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
      : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
  const text = names.flatMap((name) => (name in fields ? [`${name}\n${fields[name]}\n`] : [])).join("")
  const signature = sign(version === "1" ? "sha1" : "sha256", Buffer.from(text), key)
  return { ...fields, SignatureVersion: version, Signature: signature.toString("base64") }
}
