/**
 * Records messages that were delivered (cases D2, D6).
 */
import { type Alert, type ChannelPlugin, Message } from "@tocsin/core"
import { DateTime, Effect } from "effect"
import { Integrations } from "../config/Integrations.ts"
import type { AttemptEnd, Delivered } from "../domain/attempt.ts"
import { storable } from "../domain/storableText.ts"
import { countDeliveries, countDigest } from "../metrics/engineMetrics.ts"
import { Conversations } from "../records/Conversations.ts"
import { Deliveries, type Step } from "../records/Deliveries.ts"
import type { Row } from "../records/deliveryRow.ts"
import { newDigestReply } from "../records/digestReply.ts"
import { withRecipients } from "../records/partialDelivery.ts"
import { withMessage } from "../records/receipt.ts"
import { clearedTestAlert, decodeTestSend, encodeTestSend, newTestSend } from "../records/testSend.ts"
import { afterCommit } from "../sql/transactionEnd.ts"

/** The longest plain text of a message that history keeps, in UTF-16 units. */
const maxTextLength = 4096

/** An attempt that delivered its message. */
export type DeliveredEnd = AttemptEnd & { readonly outcome: Delivered }

/** An attempt that ended, and the row of its delivery. */
export interface RecordedEnd extends AttemptEnd {
  readonly row: Row
}

/** What is left of an attempt's integration. */
export interface Current {
  /** Whether it was not edited. */
  readonly isCurrent: (end: Pick<AttemptEnd, "claimed" | "version">) => boolean
  /** Whether no edit changed its settings. */
  readonly hasSameSettings: (end: Pick<AttemptEnd, "claimed" | "sealed">) => boolean
}

/** Records that messages were delivered, and that their integrations work. */
export const deliveredRecording = Effect.gen(function* () {
  const conversations = yield* Conversations
  const deliveries = yield* Deliveries
  const integrations = yield* Integrations

  /** The clear of a test send follows its raise (D6). */
  const followTest = Effect.fnUntraced(function* (
    { claimed: { integration }, outcome: { receipt } }: DeliveredEnd,
    alert: Alert,
    hasSameSettings: boolean
  ) {
    const clear = clearedTestAlert(alert, yield* DateTime.now)
    const delivery = newTestSend(integration, { _tag: "Test", of: "Cleared", alert: clear, follows: receipt })
    yield* deliveries.enqueue([
      hasSameSettings ? delivery : { ...delivery, status: "superseded", cause: "by the edit" }
    ])
  })

  /** The replies that follow a digest whose message can be replied to (D5). */
  const repliesOf = ({ claimed: { id, integration, replies = [] }, outcome: { receipt } }: DeliveredEnd) =>
    receipt.data === undefined ? [] : replies.map((list) => newDigestReply(integration, { list, digest: id, receipt }))

  return Effect.fnUntraced(function* (
    delivered: ReadonlyArray<RecordedEnd & { readonly outcome: Delivered }>,
    { hasSameSettings, isCurrent }: Current
  ) {
    if (delivered.length === 0) return
    yield* deliveries.transition(
      delivered.map((end) => {
        const own = deliveredStep(end, end.row.recipients)
        const replies = hasSameSettings(end) ? repliesOf(end).length : 0
        const said = replies === 1 ? "a reply in its thread lists" : `${replies} replies in its thread list`
        const step = replies === 0 ? own : { ...own, cause: `${said} its alerts` }
        const test = testOf(end.row)
        return test === undefined
          ? step
          : { ...step, set: { ...step.set, notification: encodeTestSend({ ...test, receipt: end.outcome.receipt }) } }
      })
    )
    yield* afterCommit(Effect.sync(() => delivered.forEach(countDelivered)))
    for (const end of delivered) {
      const test = testOf(end.row)
      if (test?.of === "Raised") yield* followTest(end, test.alert, hasSameSettings(end))
    }
    const same = delivered.filter(hasSameSettings)
    yield* deliveries.enqueue(same.flatMap(repliesOf))
    yield* conversations.saveMessages(same.map((end) => ({ of: end.row, messages: messagesAfter(end) })))
    yield* integrations.recordSuccesses(delivered.filter(isCurrent).map(({ claimed }) => claimed.integration))
  })
})

/** The step of a delivery whose message was delivered; `recipients` is its column. */
export const deliveredStep = (
  { claimed: { attempt, id, notification }, outcome: { receipt } }: DeliveredEnd,
  recipients: string | null
): Step => ({
  delivery: id,
  status: "delivered",
  attempt,
  cause: receipt.unreadable === undefined ? undefined : storable(`answer unreadable: ${receipt.unreadable}`),
  set: {
    text: storable(Message.plainText(Message.fromNotification(notification), maxTextLength)),
    ...linkOf(receipt),
    ...recipientsOf(recipients, receipt)
  }
})

/** The messages of the conversation with the one that was delivered. */
export const messagesAfter = ({ claimed: { notification, options }, outcome: { receipt } }: DeliveredEnd) =>
  withMessage(options.conversation?.messages ?? [], { kind: notification._tag, receipt })

export const countDelivered = ({ claimed: { integration, notification } }: DeliveredEnd) => {
  if (notification._tag === "Digest") countDigest(integration)
  else if (notification._tag !== "DigestList") countDeliveries(integration, { outcome: "delivered" })
}

export const linkOf = ({ link }: Pick<ChannelPlugin.Receipt, "link">) => (link === undefined ? {} : { link: link.href })

/** The column `recipients` after an attempt that names some. */
export const recipientsOf = (
  stored: string | null,
  { recipients: outcomes }: Pick<ChannelPlugin.Receipt, "recipients">
) => {
  const recipients = withRecipients(stored, outcomes)
  return recipients === undefined ? {} : { recipients }
}

const testOf = ({ kind, notification }: Row) =>
  kind === "Test" && notification !== null ? decodeTestSend(notification) : undefined
