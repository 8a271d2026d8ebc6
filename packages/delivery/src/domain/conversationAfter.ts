/**
 * What a conversation is after an attempt. Pure.
 */
import type { Alert, Kind, Reason } from "@tocsin/core"
import type { Outcome } from "./attempt.ts"
import type { Conversation } from "./conversation.ts"

/** What the conversation is after an attempt of that kind; `severity` is the alert's as it was sent. */
export const conversationAfter = <C extends Conversation>(
  conversation: C,
  kind: Kind,
  outcome: Outcome,
  severity: Alert["severity"] | null
): C => {
  const told = { ...conversation, severitySent: severity ?? conversation.severitySent }
  if (outcome._tag === "Delivered") {
    const word = kind === "Cleared" || kind === "RaisedAndCleared" ? "cleared" : "raised"
    // Now it is known what the room read last.
    return { ...told, lastSent: word, lastEnqueued: word, outcomeUnknown: false }
  }
  const failed = isUnanswered(outcome.reason) ? unanswered(conversation, kind) : conversation
  // A graver severity that could not be told is given up with its delivery.
  return outcome.consequence.status === "dead" && kind === "Escalated"
    ? { ...failed, severitySent: told.severitySent }
    : failed
}

/** What the conversation is after an attempt of that kind of which nobody knows whether it arrived. */
export const unanswered = <C extends Conversation>(conversation: C, kind: Kind): C => {
  switch (kind) {
    case "Raised":
    case "RaisedAndCleared":
      // Also of one that was told again after its clear was settled.
      return { ...conversation, outcomeUnknown: true, lastEnqueued: "raised" }
    case "Cleared":
      return { ...conversation, outcomeUnknown: true, lastSent: undefined }
    default:
      return conversation
  }
}

/** Whether the service may have taken the message all the same. */
export const isUnanswered = (reason: Reason) => reason._tag === "Unavailable" && reason.unanswered === true
