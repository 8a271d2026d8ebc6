/**
 * Composes the message of a delivery that was selected for sending, from the current state. Pure.
 */
import { type ChannelPlugin, IntegrationId, Notification } from "@tocsin/core"
import { Schema } from "effect"
import type { ClaimedDelivery, Lease } from "../domain/attempt.ts"
import { composeNotification } from "../domain/composeNotification.ts"
import type { Opening } from "../records/DirectClaims.ts"
import { decodeDigestReply } from "../records/digestReply.ts"
import { partialFor } from "../records/partialDelivery.ts"
import { decodeMessages } from "../records/receipt.ts"
import { decodeTestSend } from "../records/testSend.ts"
import type { Candidate } from "./claim.ts"

/** Composes the message of a candidate. Throws if its stored data cannot be read. */
export const compose = ({ about, earlier, lease, row }: Candidate): ClaimedDelivery => {
  const claimed = {
    id: row.id,
    integration: IntegrationId.make(row.integration_id),
    lease,
    attempt: row.attempts + 1,
    createdAt: row.created_at,
    trace: row.trace
  }
  const message = (notification: Notification, conversation?: ChannelPlugin.Conversation) => {
    const partial = partialFor(notification, row.partial)
    const form = row.kind === "DigestList" ? "plain" : row.form
    const options = { form, deliveryId: row.id, ...(partial && { partial }), ...(conversation && { conversation }) }
    return { ...claimed, notification, options, included: [] }
  }
  if ("digest" in about) return { ...message(about.digest), replies: about.replies }
  if ("stored" in about) {
    if (row.kind === "DigestList") {
      const { digest, list, receipt } = decodeDigestReply(about.stored)
      return message(list, { id: digest, messages: [{ kind: "Digest", receipt }] })
    }
    if (row.kind !== "Test") return message(decodeNotification(about.stored))
    const { alert, follows, of } = decodeTestSend(about.stored)
    const messages = follows === undefined ? [] : [{ kind: "Test" as const, receipt: follows }]
    return message({ _tag: "Test", of, alert }, { id: alert.id, messages })
  }
  const { alert, conversation } = about
  const { id, receipt } = conversation
  const notification = composeNotification(row.kind, alert, conversation, earlier.length)
  return {
    ...message(notification, { id, messages: decodeMessages(receipt) }),
    included: earlier.map(({ row: { id, kind, trace }, subject }) => ({
      delivery: id,
      trace,
      kind: composeNotification(kind, subject.alert, subject.conversation)._tag
    })),
    subject: { alert, conversation, recipients: row.recipients }
  }
}

/** Composes the first message of a conversation, whose delivery does not exist yet. */
export const composeFirst = (
  id: string,
  { alert, conversation, trace }: Pick<Opening, "alert" | "conversation" | "trace">,
  { createdAt, lease }: { readonly createdAt: number; readonly lease: Lease }
): ClaimedDelivery => ({
  id,
  integration: conversation.integration,
  lease,
  attempt: 1,
  createdAt,
  trace: trace ?? null,
  notification: composeNotification("Raised", alert, conversation, 0),
  options: { form: "rich", deliveryId: id, conversation: { id: conversation.id, messages: [] } },
  included: [],
  subject: { alert, conversation, recipients: null }
})

const decodeNotification = Schema.decodeSync(Schema.fromJsonString(Schema.toCodecJson(Notification)))
