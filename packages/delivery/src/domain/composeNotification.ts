/**
 * What a delivery says when it is taken. Pure.
 */
import { type Alert, type Kind, type Notification } from "@tocsin/core"
import { DateTime } from "effect"
import { isEnded } from "./Planner.ts"
import type { StoredConversation } from "./conversation.ts"

/**
 * What to say now: a raise that was still waiting when its alert cleared is said as what is true by now (O3). `flaps`
 * counts the earlier episodes that the message also speaks of (O7).
 */
export const composeNotification = (
  kind: Kind,
  alert: Alert,
  conversation: StoredConversation,
  flaps = 0
): Notification => {
  // An alert that cleared after an edit had closed the conversation is over, and not only cleared here.
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
