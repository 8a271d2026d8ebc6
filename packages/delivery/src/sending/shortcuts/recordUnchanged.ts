/**
 * A shortcut: records delivered messages without reading their deliveries, alerts and conversations again. Nearly none
 * has changed since it was claimed, and reading costs as much as writing.
 */
import { Effect } from "effect"
import { Integrations } from "../../config/Integrations.ts"
import type { AttemptEnd } from "../../domain/attempt.ts"
import { conversationAfter } from "../../domain/conversationAfter.ts"
import { settle } from "../../domain/Planner.ts"
import { Conversations } from "../../records/Conversations.ts"
import { Deliveries } from "../../records/Deliveries.ts"
import { countDelivered, type DeliveredEnd, deliveredStep, type Current, messagesAfter } from "../recordDelivered.ts"
import { afterCommit } from "../../sql/transactionEnd.ts"

/** Records those attempts that delivered what is still as it was claimed; returns which. */
export const unchangedRecording = Effect.gen(function* () {
  const conversations = yield* Conversations
  const deliveries = yield* Deliveries
  const integrations = yield* Integrations

  return Effect.fnUntraced(function* (ends: ReadonlyArray<AttemptEnd>, { isCurrent }: Current) {
    const sent = ends.every(isSent) ? ends.filter(isCurrent).flatMap((end) => sentMessage(end) ?? []) : []
    if (sent.length === 0) return () => false
    const saved = yield* conversations.saveSent(sent)
    const recorded = sent.flatMap(({ delivery, end }) => (saved.has(delivery) ? [end] : []))
    yield* deliveries.transition(recorded.map((end) => deliveredStep(end, end.claimed.subject?.recipients ?? null)))
    yield* afterCommit(Effect.sync(() => recorded.forEach(countDelivered)))
    yield* integrations.recordSuccesses(recorded.map(({ claimed }) => claimed.integration))
    return ({ claimed }: AttemptEnd) => saved.has(claimed.id)
  })
})

/** The order of successes and failures matters, so that a group with a failure is recorded in the general way. */
const isSent = (end: AttemptEnd): end is DeliveredEnd => end.outcome._tag === "Delivered"

/** The message, and its conversation after it; undefined if more than that follows from it. */
const sentMessage = (end: DeliveredEnd) => {
  const { attempt, id, included, notification, subject } = end.claimed
  if (subject === undefined || included.length > 0 || end.outcome.isSkipped === true) return undefined
  const { alert, conversation: known } = subject
  const ended = { ...known, openDelivery: undefined }
  let asksRules = false
  const { conversation: after, ...others } = settle(
    conversationAfter(ended, notification._tag, end.outcome, alert.severity),
    {
      alert,
      notifyOnClear: () => {
        asksRules = true
        return false
      }
    }
  )
  const isAll = !asksRules && others.enqueue === undefined && others.supersede === undefined
  return isAll ? { delivery: id, attempt, alert, known, after, messages: messagesAfter(end), end } : undefined
}
