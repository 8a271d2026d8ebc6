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
  const told = { ...conversation, severityTold: severity ?? conversation.severityTold }
  if (outcome._tag === "Delivered") {
    const word = kind === "Cleared" || kind === "RaisedAndCleared" ? "cleared" : "raised"
    // Now it is known what the room read last.
    return { ...told, lastWord: word, lastOwed: word, perhapsTold: false }
  }
  const failed = isUnanswered(outcome.reason) ? unanswered(conversation, kind) : conversation
  // A graver severity that could not be told is given up with its delivery.
  return outcome.consequence.status === "dead" && kind === "Escalated"
    ? { ...failed, severityTold: told.severityTold }
    : failed
}

/** What the conversation is after an attempt of that kind of which nobody knows whether it arrived. */
export const unanswered = <C extends Conversation>(conversation: C, kind: Kind): C => {
  switch (kind) {
    case "Raised":
    case "RaisedAndCleared":
      // Also of one that was told again after its clear was settled.
      return { ...conversation, perhapsTold: true, lastOwed: "raised" }
    case "Cleared":
      return { ...conversation, perhapsTold: true, lastWord: undefined }
    default:
      return conversation
  }
}

/** Whether the service may have taken the message all the same. */
export const isUnanswered = (reason: Reason) => reason._tag === "Unavailable" && reason.unanswered === true
