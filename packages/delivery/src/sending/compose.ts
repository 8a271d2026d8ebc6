/**
 * Composes the message of a delivery that was selected for sending, from the current state. Pure.
 */
import { IntegrationId, Notification } from "@tocsin/core"
import { Schema } from "effect"
import type { ClaimedDelivery } from "../domain/attempt.ts"
import { composeNotification } from "../domain/composeNotification.ts"
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
    createdAt: row.created_at
  }
  const options = { form: row.form, deliveryId: row.id }
  const partial = (notification: Notification) => {
    const partial = partialFor(notification, row.partial)
    return partial && { partial }
  }
  if ("stored" in about) {
    if (row.kind !== "Test") {
      const notification = decodeNotification(about.stored)
      return {
        ...claimed,
        notification,
        options: { ...options, ...partial(notification) },
        included: []
      }
    }
    const test = decodeTestSend(about.stored)
    const notification = { _tag: "Test" as const, of: test.of, alert: test.alert }
    const messages = test.follows === undefined ? [] : [{ kind: "Test" as const, receipt: test.follows }]
    return {
      ...claimed,
      notification,
      options: { ...options, ...partial(notification), conversation: { id: test.alert.id, messages } },
      included: []
    }
  }
  const { alert, conversation } = about
  const { id, receipt } = conversation
  const notification = composeNotification(row.kind, alert, conversation, earlier.length)
  return {
    ...claimed,
    notification,
    options: { ...options, ...partial(notification), conversation: { id, messages: decodeMessages(receipt) } },
    included: earlier.map(({ row: { id, kind }, subject }) => ({
      delivery: id,
      kind: subject === undefined ? kind : composeNotification(kind, subject.alert, subject.conversation)._tag
    }))
  }
}

const decodeNotification = Schema.decodeSync(Schema.fromJsonString(Schema.toCodecJson(Notification)))
