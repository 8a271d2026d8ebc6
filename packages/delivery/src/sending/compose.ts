/**
 * Composing: the message that says what is true now about a delivery that was selected for sending. Pure.
 */
import { IntegrationId, Notification } from "@tocsin/core"
import { Schema } from "effect"
import type { ClaimedDelivery } from "../domain/attempt.ts"
import { composeNotification } from "../domain/composeNotification.ts"
import { decodeMessages } from "../records/receipt.ts"
import { decodeTestSend } from "../records/testSend.ts"
import type { Candidate } from "./claim.ts"

/** Composes the message of a candidate. Throws where what the store holds of it cannot be read. */
export const compose = ({ about, earlier, lease, row }: Candidate): ClaimedDelivery => {
  const claimed = {
    id: row.id,
    integration: IntegrationId.make(row.integration_id),
    lease,
    attempt: row.attempts + 1,
    createdAt: row.created_at
  }
  if ("stored" in about) {
    if (row.kind !== "Test") {
      return {
        ...claimed,
        notification: decodeNotification(about.stored),
        options: { form: row.form, deliveryId: row.id },
        included: []
      }
    }
    const test = decodeTestSend(about.stored)
    const messages = test.follows === undefined ? [] : [{ kind: "Test" as const, receipt: test.follows }]
    return {
      ...claimed,
      notification: { _tag: "Test", of: test.of, alert: test.alert },
      options: { form: row.form, deliveryId: row.id, conversation: { id: test.alert.id, messages } },
      included: []
    }
  }
  const { alert, conversation } = about
  const { id, receipt } = conversation
  return {
    ...claimed,
    notification: composeNotification(row.kind, alert, conversation, earlier.length),
    options: {
      form: row.form,
      deliveryId: row.id,
      conversation: { id, messages: decodeMessages(receipt) }
    },
    included: earlier.map(({ row: { id, kind }, subject }) => ({
      delivery: id,
      kind: subject === undefined ? kind : composeNotification(kind, subject.alert, subject.conversation)._tag
    }))
  }
}

const decodeNotification = Schema.decodeSync(Schema.fromJsonString(Schema.toCodecJson(Notification)))
