/**
 * The partial results of failed attempts, as the columns `partial` and `recipients` of `deliveries` store them.
 */
import { Kind, type Notification, PartialDelivery, RecipientOutcome, Severity } from "@tocsin/core"
import { Schema } from "effect"

/** A partial result with its message: recipients of an earlier message do not have the current one. */
const Partial = Schema.fromJsonString(
  Schema.toCodecJson(Schema.Struct({ kind: Kind, severity: Schema.optionalKey(Severity), partial: PartialDelivery }))
)
const encode = Schema.encodeSync(Partial)
const decode = Schema.decodeSync(Partial)

const messageOf = (notification: Notification) => ({
  kind: notification._tag,
  ...("alert" in notification && { severity: notification.alert.severity })
})

/** The column `partial` after an attempt to send this notification. */
export const encodePartial = (notification: Notification, partial: PartialDelivery): string =>
  encode({ ...messageOf(notification), partial })

/**
 * The partial result for the next attempt. Undefined if there is none, or if the notification has changed, so that
 * every recipient must get it.
 */
export const partialFor = (notification: Notification, stored: string | null): PartialDelivery | undefined => {
  if (stored === null) return undefined
  const { kind, partial, severity } = decode(stored)
  const message = messageOf(notification)
  return message.kind === kind && message.severity === severity ? partial : undefined
}

const Recipients = Schema.fromJsonString(Schema.Array(RecipientOutcome))
const encodeRecipients = Schema.encodeSync(Recipients)
const decodeAll = Schema.decodeSync(Recipients)

/** Decodes the column `recipients`. */
export const decodeRecipients = (stored: string | null): ReadonlyArray<RecipientOutcome> =>
  stored === null ? [] : decodeAll(stored)

/**
 * The column `recipients` after another attempt: the last outcome of each recipient. Undefined if the attempt names
 * none.
 */
export const withRecipients = (
  stored: string | null,
  outcomes: ReadonlyArray<RecipientOutcome> | undefined
): string | undefined => {
  if (outcomes === undefined || outcomes.length === 0) return undefined
  const all = new Map([...decodeRecipients(stored), ...outcomes].map((outcome) => [outcome.recipient, outcome]))
  return encodeRecipients([...all.values()])
}
