/**
 * Records attempts in their deliveries, conversations and integrations (cases D1 to D5).
 */
import { type Alert, type ChannelPlugin, type IntegrationId, type Kind, Message } from "@tocsin/core"
import { Array as Arr, Clock, DateTime, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Integrations } from "../config/Integrations.ts"
import { AlertRules } from "../config/AlertRules.ts"
import { type AttemptEnd, type ClaimedDelivery, type Delivered, type Failed, type Outcome } from "../domain/attempt.ts"
import { conversationAfter } from "../domain/conversationAfter.ts"
import { causeOf, type FailureReason } from "../domain/failureReason.ts"
import { settle } from "../domain/Planner.ts"
import type { Consequence } from "../domain/retryPolicy.ts"
import { storable } from "../domain/storableText.ts"
import { countDeliveries, countDigest } from "../metrics/engineMetrics.ts"
import { Fallbacks } from "../planning/Fallbacks.ts"
import { OperatorNotices } from "../planning/OperatorNotices.ts"
import { Conversations } from "../records/Conversations.ts"
import { Deliveries, type StepChanges } from "../records/Deliveries.ts"
import type { Row } from "../records/deliveryRow.ts"
import { encodePartial, withRecipients } from "../records/partialDelivery.ts"
import { withMessage } from "../records/receipt.ts"
import { subjects } from "../records/subjects.ts"
import { clearedTestAlert, decodeTestSend, encodeTestSend, newTestSend } from "../records/testSend.ts"

/** The longest plain text of a message that history keeps, in UTF-16 units. */
const maxTextLength = 4096

/** Records the outcomes of attempts. All of it runs inside a transaction of `GroupCommit`. */
export const recording = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const alertRules = yield* AlertRules
  const conversations = yield* Conversations
  const deliveries = yield* Deliveries
  const integrations = yield* Integrations
  const fallbacks = yield* Fallbacks
  const notices = yield* OperatorNotices
  const subjectsOf = yield* subjects

  const record = Effect.fnUntraced(function* (ends: ReadonlyArray<AttemptEnd>) {
    const rows = yield* deliveries.byIds(ends.map(({ claimed }) => claimed.id))
    const known = ends.flatMap((end) => {
      const row = rows.get(end.claimed.id)
      // Otherwise it ended meanwhile: its integration was removed.
      return row?.status === "sending" && row.attempts === end.claimed.attempt ? [{ ...end, row }] : []
    })
    if (!Arr.isReadonlyArrayNonEmpty(known)) return
    const isCurrent = yield* currentVersions
    // In order: the last one decides the state of its integration.
    for (const inARow of Arr.groupWith(known, (a, b) => isDelivered(a) && isDelivered(b))) {
      const delivered = inARow.filter(isDelivered)
      yield* recordDelivered(
        delivered.filter(({ outcome }) => outcome.isSkipped !== true),
        isCurrent
      )
      yield* deliveries.transition(
        delivered.flatMap(({ claimed: { attempt, id }, outcome }) =>
          outcome.isSkipped === true ? [{ delivery: id, status: "superseded", attempt, cause: skipped }] : []
        )
      )
      for (const { claimed, outcome, row, version } of inARow) {
        if (outcome._tag === "Failed") yield* recordFailed({ claimed, row, outcome }, isCurrent({ claimed, version }))
        // The next attempt posts a new message.
        if (outcome._tag === "Failed" && outcome.reason._tag === "MessageGone" && row.conversation_id !== null) {
          yield* conversations.saveMessages([{ id: row.conversation_id, messages: [] }])
        }
      }
      yield* settleAll(inARow.map(({ claimed, outcome, row }) => ({ row, kind: claimed.notification._tag, outcome })))
      for (const { claimed, outcome } of inARow) {
        yield* Effect.forEach(claimed.included, (included) => recordIncluded(claimed, included, outcome))
      }
    }
  })

  /** Whether the attempt's integration is current. Findings of another version are not recorded (O8). */
  const currentVersions = Effect.map(
    Effect.suspend(() => integrations.assignments),
    (assignments) =>
      ({ claimed, version }: Pick<AttemptEnd, "claimed" | "version">) =>
        assignments.get(claimed.integration)?.version === version
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

  const recordDelivered = Effect.fnUntraced(function* (
    delivered: ReadonlyArray<RecordedEnd & { readonly outcome: Delivered }>,
    isCurrent: (end: RecordedEnd) => boolean
  ) {
    if (delivered.length === 0) return
    yield* deliveries.transition(
      delivered.map(({ claimed: { attempt, id, notification }, outcome: { receipt }, row }) => {
        const test = testOf(row)
        return {
          delivery: id,
          status: "delivered",
          attempt,
          cause: receipt.unreadable === undefined ? undefined : storable(`answer unreadable: ${receipt.unreadable}`),
          set: {
            text: storable(Message.plainText(Message.fromNotification(notification), maxTextLength)),
            ...linkOf(receipt),
            ...recipientsOf(row, receipt),
            ...(test && { notification: encodeTestSend({ ...test, receipt }) })
          }
        }
      })
    )
    yield* sql.afterCommit(
      Effect.sync(() =>
        delivered.forEach(({ claimed: { integration, notification } }) =>
          notification._tag === "Digest"
            ? countDigest(integration)
            : countDeliveries(integration, { outcome: "delivered" })
        )
      )
    )
    for (const end of delivered) {
      const test = testOf(end.row)
      if (test?.of === "Raised") yield* followTest(end, test.alert, isCurrent(end))
    }
    const current = delivered.filter(isCurrent)
    yield* conversations.saveMessages(
      current.flatMap(({ claimed: { notification, options }, outcome: { receipt }, row: { conversation_id } }) => {
        if (conversation_id === null) return []
        const delivered = { kind: notification._tag, receipt }
        return [{ id: conversation_id, messages: withMessage(options.conversation?.messages ?? [], delivered) }]
      })
    )
    const succeeded = new Set(current.map(({ claimed }) => claimed.integration))
    // In a fixed order, so that no two transactions wait for each other.
    yield* Effect.forEach([...succeeded].toSorted(), integrations.recordSuccess)
  })

  /** The clear of a test send follows its raise (D6). */
  const followTest = Effect.fnUntraced(function* (
    { claimed: { integration }, outcome: { receipt } }: RecordedEnd & { readonly outcome: Delivered },
    alert: Alert,
    isCurrent: boolean
  ) {
    const clear = clearedTestAlert(alert, yield* DateTime.now)
    const delivery = newTestSend(integration, { _tag: "Test", of: "Cleared", alert: clear, follows: receipt })
    yield* deliveries.enqueue([isCurrent ? delivery : { ...delivery, status: "superseded", cause: "by the edit" }])
  })

  const recordFailed = Effect.fnUntraced(function* (
    { claimed, outcome, row }: Omit<RecordedEnd, "version"> & { readonly outcome: Failed },
    isCurrent: boolean
  ) {
    const { attempt, id, integration, notification } = claimed
    const { breaks, consequence, partial, reason, requeued, waiting } = outcome
    const cause = causeOf(reason)
    const set =
      partial === undefined || !isCurrent
        ? {}
        : { partial: encodePartial(notification, partial), ...linkOf(partial), ...recipientsOf(row, partial) }
    if (notification._tag === "Digest") {
      yield* deliveries.transition([{ delivery: id, status: "superseded", cause: `given back: ${cause}`, attempt }])
    } else {
      yield* retryOrEnd(id, integration, { attempt, cause, consequence, reason, set })
    }
    if (isCurrent) yield* integrations.recordFailedAttempt(integration, cause)
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
      sql.afterCommit(Effect.sync(() => countDeliveries(integration, { outcome, reason: reason._tag })))
    if (consequence.status === "dead") {
      const fallback = yield* fallbacks.of(integration)
      if (fallback !== undefined && (yield* fallbacks.divert(id, fallback, step.cause))) {
        return yield* ended("diverted")
      }
      yield* deliveries.transition([{ delivery: id, status: "dead", ...step, ...(set && { set }) }])
      if (reason._tag === "PluginFailed") yield* notices.undelivered(integration, { delivery: id, cause: step.cause })
      yield* ended("dead")
      return yield* sql.afterCommit(logDead(id, step.cause, integration))
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
      yield* sql.afterCommit(Effect.sync(() => countDeliveries(claimed.integration, { outcome: "delivered" })))
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
    const cause = `given back: ${causeOf(outcome.reason)}`
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
    const cause = "given back: others were refused too, so it is not to blame"
    yield* deliveries.transition([{ delivery: id, status: "retrying", cause, set: { form: "rich" } }])
  })

  const markDead = Effect.fnUntraced(function* (delivery: string, integration: IntegrationId) {
    const cause = "it cannot be read from the store"
    yield* deliveries.transition([{ delivery, status: "dead", cause }])
    yield* sql.afterCommit(logDead(delivery, cause, integration))
  })

  return { record, markDead }
})

/** Why a notification of a kind in `capabilities.skips` was not sent. */
const skipped = "the channel has no message for this kind of notification"

/** An attempt that ended, and the row of its delivery. */
interface RecordedEnd extends AttemptEnd {
  readonly row: Row
}

interface RetryOrEnd {
  readonly attempt?: number
  readonly cause: string
  readonly consequence: Consequence
  readonly reason: FailureReason
  readonly set?: StepChanges
}

const isDelivered = (end: RecordedEnd): end is RecordedEnd & { readonly outcome: Delivered } =>
  end.outcome._tag === "Delivered"

const linkOf = ({ link }: Pick<ChannelPlugin.Receipt, "link">) => (link === undefined ? {} : { link: link.href })

const recipientsOf = (row: Row, { recipients: outcomes }: Pick<ChannelPlugin.Receipt, "recipients">) => {
  const recipients = withRecipients(row.recipients, outcomes)
  return recipients === undefined ? {} : { recipients }
}

const testOf = ({ kind, notification }: Row) =>
  kind === "Test" && notification !== null ? decodeTestSend(notification) : undefined

const logDead = (delivery: string, cause: string, integration: IntegrationId) =>
  Effect.annotateLogs(Effect.logWarning(`Delivery ${delivery} to integration ${integration} is dead: ${cause}`), {
    event: "delivery-dead",
    delivery,
    integration
  })
