/**
 * Composes the notification of a delivery when it is claimed. Pure.
 */
import { type Alert, type Kind, type Notification } from "@tocsin/core"
import { DateTime } from "effect"
import { isEnded } from "./Planner.ts"
import type { StoredConversation } from "./conversation.ts"

/**
 * Composes the notification from the current state: a raise that was still pending when its alert cleared becomes
 * `RaisedAndCleared` (O3). `flaps` counts the earlier episodes that the message includes (O7).
 */
export const composeNotification = (
  kind: Kind,
  alert: Alert,
  conversation: StoredConversation,
  flaps = 0
): Notification => {
  // If the alert cleared after an edit closed the conversation, the message reports the clear, not the edit.
  const isOver = alert.state === "cleared"
  const because = (isOver ? alert.clearedBecause : conversation.closedBecause) ?? "conditionsNoLongerMet"
  const closedAt = DateTime.makeUnsafe(conversation.closedAt ?? alert.startedAt.epochMilliseconds)
  const clearedAt = (isOver ? alert.clearedAt : undefined) ?? closedAt
  const flapped = flaps > 0 ? { flaps } : {}
  switch (kind) {
    case "Escalated":
      return { _tag: "Escalated", alert, from: conversation.severitySent ?? alert.severity }
    case "Cleared":
      return { _tag: "Cleared", alert, because, clearedAt, ...flapped }
    default:
      return isEnded(conversation, alert)
        ? { _tag: "RaisedAndCleared", alert, because, clearedAt, ...flapped }
        : { _tag: "Raised", alert, ...flapped }
  }
}
