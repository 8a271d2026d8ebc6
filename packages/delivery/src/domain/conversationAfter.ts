/**
 * Computes a conversation after an attempt to send in it. Pure.
 */
import type { Alert, Kind } from "@tocsin/core"
import type { Outcome } from "./attempt.ts"
import type { Conversation } from "./conversation.ts"
import type { FailureReason } from "./failureReason.ts"

/** Computes the conversation after an attempt of that kind; `severity` is the alert's in the sent message. */
export const conversationAfter = <C extends Conversation>(
  conversation: C,
  kind: Kind,
  outcome: Outcome,
  severity: Alert["severity"] | null
): C => {
  const sent = { ...conversation, severitySent: severity ?? conversation.severitySent }
  if (outcome._tag === "Delivered") {
    // The channel may show the raise without its end: the clear is due.
    if (outcome.isSkipped && kind === "RaisedAndCleared" && conversation.outcomeUnknown) {
      return { ...sent, lastEnqueued: "raised" }
    }
    const last = kind === "Cleared" || kind === "RaisedAndCleared" ? "cleared" : "raised"
    return { ...sent, lastSent: last, lastEnqueued: last, outcomeUnknown: false }
  }
  // If some of several recipients have a raise, its clear is due.
  const mayBeShown = isOutcomeUnknown(outcome.reason) || outcome.partial !== undefined
  const failed = mayBeShown ? withUnknownOutcome(conversation, kind) : conversation
  // A dead escalation is not enqueued again for the same severity.
  return outcome.consequence.status === "dead" && kind === "Escalated"
    ? { ...failed, severitySent: sent.severitySent }
    : failed
}

/** The conversation after an attempt of that kind whose outcome is unknown. */
export const withUnknownOutcome = <C extends Conversation>(conversation: C, kind: Kind): C => {
  switch (kind) {
    case "Raised":
    case "RaisedAndCleared":
      // Also if it was redelivered after its clear was settled.
      return { ...conversation, outcomeUnknown: true, lastEnqueued: "raised" }
    case "Cleared":
      return { ...conversation, outcomeUnknown: true, lastSent: undefined }
    default:
      return conversation
  }
}

/**
 * Whether the service may have accepted the message although the attempt failed. A plugin may throw after it was sent.
 */
const isOutcomeUnknown = (reason: FailureReason) =>
  reason._tag === "PluginFailed" || (reason._tag === "Unavailable" && reason.unanswered === true)
