/**
 * Records attempts in their deliveries, conversations and integrations (cases D1 to D5).
 */
import type { IntegrationId, Kind } from "@tocsin/core"
import { Array as Arr, Clock, Effect } from "effect"
import type { SqlError } from "effect/sql"
import { Integrations } from "../config/Integrations.ts"
import { AlertRules } from "../config/AlertRules.ts"
import {
  type AttemptEnd,
  type ClaimedDelivery,
  type Delivered,
  type Failed,
  isNewDigest,
  type Outcome,
  reachedSome
} from "../domain/attempt.ts"
import { conversationAfter } from "../domain/conversationAfter.ts"
import { causeOf, type FailureReason } from "../domain/failureReason.ts"
import { settle } from "../domain/Planner.ts"
import type { Consequence } from "../domain/retryPolicy.ts"
import { Shortcuts } from "../domain/Shortcuts.ts"
import { countDeliveries } from "../metrics/engineMetrics.ts"
import { Fallbacks } from "../planning/Fallbacks.ts"
import { OperatorNotices } from "../planning/OperatorNotices.ts"
import { Conversations } from "../records/Conversations.ts"
import { Deliveries, type StepChanges } from "../records/Deliveries.ts"
import type { Row } from "../records/deliveryRow.ts"
import { encodePartial } from "../records/partialDelivery.ts"
import { subjects } from "../records/subjects.ts"
import { deliveredRecording, type Current, linkOf, recipientsOf, type RecordedEnd } from "./recordDelivered.ts"
import { unchangedRecording } from "./shortcuts/recordUnchanged.ts"
import { afterCommit } from "../sql/transactionEnd.ts"

/** Records the outcomes of attempts. All of it runs inside a transaction of `GroupCommit`. */
export const recording = Effect.gen(function* () {
  const alertRules = yield* AlertRules
  const conversations = yield* Conversations
  const deliveries = yield* Deliveries
  const integrations = yield* Integrations
  const fallbacks = yield* Fallbacks
  const notices = yield* OperatorNotices
  const subjectsOf = yield* subjects
  const recordDelivered = yield* deliveredRecording
  const recordUnchanged = yield* unchangedRecording
  const takesShortcuts = yield* Shortcuts

  /** Records attempts; returns of which it is certain that nothing follows. */
  const record = Effect.fnUntraced(function* (
    ends: ReadonlyArray<AttemptEnd>
  ): Effect.fn.Return<(end: AttemptEnd) => boolean, SqlError.SqlError> {
    if (ends.length === 0) return () => false
    const current = yield* currentIntegrations
    const isRecorded = takesShortcuts ? yield* recordUnchanged(ends, current) : () => false
    yield* recordChanged(
      ends.filter((end) => !isRecorded(end)),
      current
    )
    return isRecorded
  })

  /** Reads the deliveries again: each may have ended meanwhile, because its integration was removed. */
  const recordChanged = Effect.fnUntraced(function* (ends: ReadonlyArray<AttemptEnd>, current: Current) {
    if (ends.length === 0) return
    const rows = yield* deliveries.byIds(ends.map(({ claimed }) => claimed.id))
    const known = ends.flatMap((end) => {
      const row = rows.get(end.claimed.id)
      return row?.status === "sending" && row.attempts === end.claimed.attempt ? [{ ...end, row }] : []
    })
    if (!Arr.isReadonlyArrayNonEmpty(known)) return
    // In order: the last one decides the state of its integration.
    for (const inARow of Arr.groupWith(known, (a, b) => isDelivered(a) && isDelivered(b))) {
      const delivered = inARow.filter(isDelivered)
      yield* recordDelivered(
        delivered.filter(({ outcome }) => outcome.isSkipped !== true),
        current
      )
      yield* deliveries.transition(
        delivered.flatMap(({ claimed: { attempt, id }, outcome }) =>
          outcome.isSkipped === true ? [{ delivery: id, status: "superseded", attempt, cause: skipped }] : []
        )
      )
      for (const end of inARow) {
        const { outcome, row } = end
        if (outcome._tag === "Failed") yield* recordFailed({ ...end, outcome }, current)
        // The next attempt posts a new message.
        if (outcome._tag === "Failed" && outcome.reason._tag === "MessageGone") {
          yield* conversations.saveMessages([{ of: row, messages: [] }])
        }
      }
      yield* settleAll(inARow.map(({ claimed, outcome, row }) => ({ row, kind: claimed.notification._tag, outcome })))
      for (const end of inARow) {
        const { claimed } = end
        const outcome = outcomeOfIncluded(end, current)
        yield* Effect.forEach(claimed.included, (included) => recordIncluded(claimed, included, outcome))
      }
    }
  })

  const currentIntegrations = Effect.map(
    Effect.suspend(() => integrations.assignments),
    (assignments): Current => ({
      isCurrent: ({ claimed, version }) => assignments.get(claimed.integration)?.version === version,
      hasSameSettings: ({ claimed, sealed }) => assignments.get(claimed.integration)?.sealed === sealed
    })
  )

  /** Settles the conversations of deliveries, no two of one conversation, after their attempts. */
  const settleAll = Effect.fnUntraced(function* (
    ends: ReadonlyArray<{ readonly row: Row; readonly kind: Kind; readonly outcome: Outcome }>
  ) {
    const about = yield* subjectsOf(ends.map(({ row }) => row))
    const { notifyOnClear } = yield* alertRules.current
    yield* conversations.apply(
      ends.flatMap(({ kind, outcome, row }) => {
        const subject = about.get(row.id)
        if (subject === undefined) return []
        const { alert, conversation } = subject
        const after = conversationAfter(conversation, kind, outcome, row.severity)
        return [{ alert: alert.id, plans: [settle(after, { alert, notifyOnClear })], known: [conversation] }]
      })
    )
  })

  const recordFailed = Effect.fnUntraced(function* (end: RecordedEnd & { readonly outcome: Failed }, current: Current) {
    const { claimed, outcome, row } = end
    const isCurrent = current.isCurrent(end)
    const hasSameSettings = current.hasSameSettings(end)
    const { attempt, id, integration, notification } = claimed
    const { breaks, consequence, partial, reason, requeued, waiting } = outcome
    const cause = causeOf(reason)
    const set =
      partial === undefined || !hasSameSettings
        ? {}
        : {
            partial: encodePartial(notification, partial),
            ...linkOf(partial),
            ...recipientsOf(row.recipients, partial)
          }
    if (isNewDigest(claimed) && !isSentOn(end, current)) {
      yield* deliveries.transition([{ delivery: id, status: "superseded", cause: `requeued: ${cause}`, attempt }])
    } else if (notification._tag === "DigestList" && (consequence.status === "dead" || !hasSameSettings)) {
      yield* deliveries.transition([{ delivery: id, status: "superseded", cause: `not repeated: ${cause}`, attempt }])
    } else {
      yield* retryOrEnd(id, integration, { attempt, cause, consequence, reason, set })
    }
    if (isCurrent && notification._tag !== "DigestList") yield* integrations.recordFailedAttempt(integration, cause)
    if (waiting !== undefined && isCurrent) yield* integrations.recordPause(integration, waiting)
    if (breaks && isCurrent) {
      yield* integrations.recordFailure(integration, cause)
      yield* notices.broken(integration, cause)
    }
    yield* Effect.forEach(requeued, requeueDead)
  })

  /** Retries or ends a delivery. One that would end `dead` goes to the fallback, if there is one. */
  const retryOrEnd = Effect.fnUntraced(function* (
    id: string,
    integration: IntegrationId,
    { consequence, reason, set, ...step }: RetryOrEnd
  ) {
    const ended = (outcome: "dead" | "diverted") =>
      afterCommit(Effect.sync(() => countDeliveries(integration, { outcome, reason: reason._tag })))
    if (consequence.status === "dead") {
      const fallback = yield* fallbacks.of(integration)
      if (fallback !== undefined && (yield* fallbacks.divert(id, fallback, step.cause))) {
        return yield* ended("diverted")
      }
      yield* deliveries.transition([{ delivery: id, status: "dead", ...step, ...(set && { set }) }])
      if (reason._tag === "PluginFailed") yield* notices.undelivered(integration, { delivery: id, cause: step.cause })
      yield* ended("dead")
      return yield* afterCommit(logDead(id, step.cause, integration))
    }
    const { form, nextAt } = consequence
    // Its alert may have become more severe while it was being sent.
    yield* deliveries.transition([
      { delivery: id, status: "retrying", ...step, set: { ...set, nextAt, form, refreshSeverity: true } }
    ])
  })

  /** Gives an included delivery its message's outcome; the deliveries of a failed digest are requeued. */
  const recordIncluded = Effect.fnUntraced(function* (
    claimed: ClaimedDelivery,
    { delivery, kind }: ClaimedDelivery["included"][number],
    outcome: Outcome
  ) {
    const row = (yield* deliveries.byIds([delivery])).get(delivery)
    if (row?.status !== "folded" || row.folded_into !== claimed.id) return
    if (outcome._tag === "Delivered") {
      yield* deliveries.transition([
        outcome.isSkipped === true
          ? { delivery, status: "superseded", cause: skipped }
          : { delivery, status: "delivered", cause: `in ${claimed.id}`, set: linkOf(outcome.receipt) }
      ])
      yield* afterCommit(Effect.sync(() => countDeliveries(claimed.integration, { outcome: "delivered" })))
      return yield* settleAll([{ row, kind, outcome }])
    }
    const retry: Consequence = {
      status: "retrying",
      nextAt: outcome.consequence.status === "dead" ? yield* Clock.currentTimeMillis : outcome.consequence.nextAt,
      form: "rich"
    }
    const isOver =
      claimed.notification._tag === "Digest"
        ? row.created_at <= outcome.overBefore
        : outcome.consequence.status === "dead"
    const consequence: Consequence = isOver ? { status: "dead" } : retry
    const cause = `requeued: ${causeOf(outcome.reason)}`
    yield* retryOrEnd(delivery, claimed.integration, {
      cause,
      consequence,
      reason: outcome.reason,
      set: { foldedInto: null }
    })
    yield* settleAll([{ row, kind, outcome: { ...outcome, consequence } }])
  })

  /** Requeues a dead delivery, unless its conversation has another open one by now. */
  const requeueDead = Effect.fnUntraced(function* (id: string) {
    const row = (yield* deliveries.byIds([id])).get(id)
    if (row?.status !== "dead") return
    const subject = (yield* subjectsOf([row])).get(id)
    if (subject?.conversation.openDelivery !== undefined) return
    const cause = "requeued: others were refused too, so the message is not the reason"
    yield* deliveries.transition([{ delivery: id, status: "retrying", cause, set: { form: "rich" } }])
  })

  const markDead = Effect.fnUntraced(function* (delivery: string, integration: IntegrationId) {
    const cause = "it cannot be read from the store"
    yield* deliveries.transition([{ delivery, status: "dead", cause }])
    yield* afterCommit(logDead(delivery, cause, integration))
  })

  return { record, markDead }
})

/** Why a notification of a kind in `capabilities.skips` was not sent. */
const skipped = "the channel has no message for this kind of notification"

interface RetryOrEnd {
  readonly attempt?: number
  readonly cause: string
  readonly consequence: Consequence
  readonly reason: FailureReason
  readonly set?: StepChanges
}

/** Whether a digest that failed is itself sent again, to the recipients who do not have it yet. */
const isSentOn = (end: AttemptEnd, { hasSameSettings }: Current): boolean =>
  end.outcome._tag === "Failed" && isNewDigest(end.claimed) && reachedSome(end.outcome) && hasSameSettings(end)

/** The outcome of what a message includes: it is delivered with a digest that some recipients have. */
const outcomeOfIncluded = (end: AttemptEnd, current: Current): Outcome => {
  const { outcome } = end
  if (outcome._tag === "Delivered" || !isSentOn(end, current)) return outcome
  const link = outcome.partial?.link
  return { _tag: "Delivered", receipt: { ...(link && { link }) } }
}

const isDelivered = (end: RecordedEnd): end is RecordedEnd & { readonly outcome: Delivered } =>
  end.outcome._tag === "Delivered"

const logDead = (delivery: string, cause: string, integration: IntegrationId) =>
  Effect.annotateLogs(Effect.logWarning(`Delivery ${delivery} to integration ${integration} is dead: ${cause}`), {
    event: "delivery-dead",
    delivery,
    integration
  })
