/**
 * Reads CloudWatch alarms that Amazon SNS posts to an HTTPS subscription. The gateway verifies their signatures first.
 *
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
 */
import { InboundLimits } from "@tocsin/core"
import { Option, Schema } from "effect"
import { Id, ifReadable, List, Plain } from "./reading/lenientFields.ts"
import { parseJson } from "./reading/parseJson.ts"
import { decoderOf, labelsOf, linkTo, nothing, type Read, type Report, valueOf } from "./reading/report.ts"
import type { Unreadable } from "./Decoded.ts"

/** Its name in URLs and alerts. */
export const type = "aws-sns"

/** Its name as its vendor spells it. */
export const title = "Amazon SNS (CloudWatch alarms)"

const TopicArn = Schema.String.check(
  Schema.isMaxLength(InboundLimits.maxIdLength),
  Schema.makeFilter((arn) => /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+$/.test(arn), {
    expected: "the ARN of a topic, such as arn:aws:sns:eu-west-1:123456789012:alarms"
  })
)

/** Whose messages are accepted. */
export const settings = Schema.Struct({
  topicArns: Schema.Array(TopicArn)
    .check(Schema.isMinLength(1), Schema.isMaxLength(InboundLimits.maxListed))
    .annotateKey({
      title: "Topic ARNs",
      description: "The topics whose messages are accepted, and whose subscriptions are confirmed"
    })
})

/** Settings as a person would enter them. */
export const example = { topicArns: ["arn:aws:sns:eu-west-1:123456789012:alarms"] }

/** The steps at the vendor's site. */
export const setup: ReadonlyArray<string> = [
  "In Amazon SNS, open the topic that your alarms notify, or create one of the type Standard.",
  "Create a subscription with the protocol HTTPS, the address of this source as endpoint, and raw message delivery off.",
  "The gateway confirms the subscription within a few seconds.",
  "In CloudWatch, let the alarms notify the topic in the states In alarm and OK."
]

const text = ifReadable(Plain)

const Message = Schema.Struct({
  Type: Schema.Literals(["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]),
  MessageId: ifReadable(Id),
  Message: Schema.optionalKey(Schema.Unknown)
})

/**
 * Reads a message, whose alarm is JSON in a text or an object. The confirmation of a subscription is no alert. The end of a subscription is unreadable, so that
 * operators learn that no alert will come any more.
 */
export const decode = decoderOf(Message, (sent) => {
  if (sent.Type === "SubscriptionConfirmation") return nothing
  if (sent.Type === "UnsubscribeConfirmation") return ended
  return Option.match(readAlarm(typeof sent.Message === "string" ? parse(sent.Message) : sent.Message), {
    onNone: () => noAlarm,
    onSome: (alarm) => report(alarm, sent.MessageId)
  })
})

const ended: Unreadable = {
  _tag: "Unreadable",
  why: "/Type: Amazon SNS has ended the subscription: no more alerts of this topic will arrive. If nobody meant that, subscribe the address again"
}

const noAlarm: Unreadable = {
  _tag: "Unreadable",
  why: "/Message: Expected a CloudWatch alarm, as JSON with AlarmName and NewStateValue"
}

const Alarm = Schema.Struct({
  AlarmName: Id,
  AlarmArn: ifReadable(Id),
  AlarmDescription: text,
  AlarmRule: text,
  AWSAccountId: ifReadable(Id),
  NewStateValue: Schema.Literals(["ALARM", "OK", "INSUFFICIENT_DATA"]),
  NewStateReason: text,
  StateChangeTime: text,
  Region: text,
  Trigger: ifReadable(
    Schema.Struct({
      MetricName: text,
      Namespace: text,
      Statistic: text,
      ExtendedStatistic: text,
      ComparisonOperator: text,
      Threshold: text,
      Dimensions: List
    })
  )
})

const readAlarm = Schema.decodeUnknownOption(Alarm)

const report = (alarm: typeof Alarm.Type, messageId: string | undefined): Read => {
  const { AlarmArn: arn, AlarmName: name, NewStateValue: state, Trigger: trigger = {} } = alarm
  const isOver = state === "OK"
  const dimensions = (trigger.Dimensions ?? []).slice(0, InboundLimits.maxLabels).flatMap(dimensionOf)
  const { partition, region } = placeOf(arn)
  return {
    _tag: "Report",
    state: isOver ? "cleared" : "raised",
    id: arn ?? [alarm.AWSAccountId ?? "", alarm.Region ?? "", name].join("/"),
    eventId: messageId,
    name,
    ruleId: arn,
    expression: alarm.AlarmRule ?? conditionOf(trigger),
    test: dimensions.length === 0 ? undefined : dimensions.map(([, value]) => value).join(", "),
    severity: undefined,
    summary: alarm.AlarmDescription,
    started: isOver ? undefined : alarm.StateChangeTime,
    ended: alarm.StateChangeTime,
    observations:
      alarm.NewStateReason === undefined ? [] : [{ name: state, [isOver ? "atEnd" : "atStart"]: alarm.NewStateReason }],
    labels: [
      ...labelsOf({
        account: alarm.AWSAccountId,
        region: region ?? alarm.Region,
        namespace: trigger.Namespace,
        metric: trigger.MetricName,
        ...(state === "INSUFFICIENT_DATA" && { state })
      }),
      ...dimensions
    ],
    link: region === undefined ? undefined : linkTo("", consoleUrl(partition, region, name))[0]?.link
  }
}

/** `AVG CPUUtilization GreaterThanThreshold 90`. */
const conditionOf = (trigger: NonNullable<(typeof Alarm.Type)["Trigger"]>): string | undefined => {
  const { ComparisonOperator, ExtendedStatistic, MetricName, Statistic, Threshold } = trigger
  const parts = [ExtendedStatistic ?? Statistic, MetricName, ComparisonOperator, Threshold]
  return MetricName === undefined ? undefined : parts.filter((part) => part !== undefined).join(" ")
}

/** Old alarms spell the fields of a dimension `Name` and `Value`. */
const dimensionOf = (stated: unknown): Report["labels"] =>
  Option.match(readFields(stated), {
    onNone: () => [],
    onSome: (fields) => labelsOf({ [valueOf(fields["name"] ?? fields["Name"])]: fields["value"] ?? fields["Value"] })
  })

const placeOf = (arn = ""): { readonly partition?: string; readonly region?: string } => {
  const [, partition, region] = /^arn:(aws[a-z-]*):cloudwatch:([a-z0-9-]+):/.exec(arn) ?? []
  return { ...(partition !== undefined && { partition }), ...(region !== undefined && { region }) }
}

const consoleUrl = (partition = "aws", region: string, name: string): string | undefined => {
  const host = consoles.get(partition)
  const alarm = encodeURIComponent(name.toWellFormed())
  return host && `https://${host}/cloudwatch/home?region=${region}#alarmsV2:alarm/${alarm}`
}

const consoles = new Map([
  ["aws", "console.aws.amazon.com"],
  ["aws-cn", "console.amazonaws.cn"],
  ["aws-us-gov", "console.amazonaws-us-gov.com"]
])

const readFields = Schema.decodeUnknownOption(Schema.Record(Schema.String, Schema.Unknown))

const parse = (json: string): unknown => {
  try {
    return parseJson(json)
  } catch {
    return undefined
  }
}
