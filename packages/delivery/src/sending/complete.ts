/**
 * The end of an attempt in the store: what became of what it said (cases D1 to D5).
 */
import { type IntegrationId, type Kind, Message } from "@tocsin/core"
import { Array as Arr, Clock, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { conversationAfter, isUnanswered, unanswered } from "../domain/conversationAfter.ts"
import { AlertRules } from "../config/AlertRules.ts"
import { Conversations, openStatus } from "../records/Conversations.ts"
import { type Row, subjects } from "../records/deliveryRow.ts"
import { encodeReceipt } from "../records/receipt.ts"
import { Fallbacks } from "../planning/Fallbacks.ts"
import { Integrations } from "../config/Integrations.ts"
import { isOneOf, updateAll } from "../sql/bulk.ts"
import { OperatorNotices } from "../planning/OperatorNotices.ts"
import { settle } from "../domain/Planner.ts"
import type { Consequence } from "../domain/retryPolicy.ts"
import { storable } from "../domain/storableText.ts"
import { causeOf, type End, type Outcome, type ClaimedDelivery, type Lease } from "../domain/attempt.ts"

/** The longest plain text of a message that history keeps, in UTF-16 units. */
const maxTextKept = 4096

/** Writes down how attempts ended, also those that a stop of the gateway ended. */
export const completions = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const alertRules = yield* AlertRules
  const conversations = yield* Conversations
  const integrations = yield* Integrations
  const fallbacks = yield* Fallbacks
  const notices = yield* OperatorNotices
  const subjectsOf = yield* subjects

  const complete = Effect.fnUntraced(function* (ends: ReadonlyArray<End>) {
    const ids = ends.map(({ claimed }) => claimed.id)
    const rows = yield* sql<Row>`SELECT * FROM deliveries WHERE ${isOneOf(sql, "id", ids)}`
    const byId = new Map(rows.map((row) => [row.id, row]))
    const known = ends.flatMap((end) => {
      const row = byId.get(end.claimed.id)
      // Else it ended meanwhile: its integration was removed.
      return row?.status === "sending" && row.attempts === end.claimed.attempt ? [{ ...end, row }] : []
    })
    if (!Arr.isReadonlyArrayNonEmpty(known)) return
    const isCurrent = yield* current(known)
    // In their order: the last one says how its integration is.
    for (const inARow of Arr.groupWith(known, (a, b) => isDelivered(a) && isDelivered(b))) {
      yield* delivered(inARow.filter(isDelivered), isCurrent)
      for (const end of inARow)
        if (end.outcome._tag === "Failed") yield* failed(end.claimed, end.outcome, isCurrent(end))
      yield* settleAfter(inARow.map(({ outcome, row, claimed }) => ({ row, kind: claimed.notification._tag, outcome })))
      for (const { outcome, claimed } of inARow) {
        yield* Effect.forEach(claimed.included, (carried) => completeCarried(claimed, carried, outcome))
      }
    }
  })

  /** Which of them were sent by their integrations as they are now: what was found out of others is worth nothing (O8). */
  const current = Effect.fnUntraced(function* (ends: ReadonlyArray<End>) {
    const rows = yield* sql<{ id: IntegrationId; updated_at: number }>`SELECT id, updated_at FROM integrations
      WHERE ${isOneOf(sql, "id", new Set(ends.map(({ claimed }) => claimed.integration)))}`
    const states = new Map(rows.map(({ id, updated_at }) => [id, updated_at]))
    return ({ claimed, updatedAt }: End) => states.get(claimed.integration) === updatedAt
  })

  /** What follows from attempts for the conversations of deliveries, no two of one conversation. */
  const settleAfter = Effect.fnUntraced(function* (
    ends: ReadonlyArray<{ readonly row: Row; readonly kind: Kind; readonly outcome: Outcome }>
  ) {
    const about = yield* subjectsOf(ends.map(({ row }) => row))
    const { notifyOnClear } = yield* alertRules.current
    yield* conversations.apply(
      ends.flatMap(({ kind, outcome, row }) => {
        const subject = about.get(row.id)
        if (subject === undefined) return []
        const { alert, conversation } = subject
        const now = conversationAfter(conversation, kind, outcome, row.severity)
        return [{ alert: alert.id, plans: [settle(now, { alert, notifyOnClear })], known: [conversation] }]
      })
    )
  })

  const delivered = Effect.fnUntraced(function* (
    told: ReadonlyArray<Ended & { readonly outcome: Delivered }>,
    isCurrent: (end: End) => boolean
  ) {
    if (told.length === 0) return
    yield* conversations.move(
      told.map(({ outcome: { receipt }, claimed: { attempt, id, notification } }) => ({
        delivery: id,
        status: "delivered",
        attempt,
        cause: receipt.unreadable === undefined ? undefined : storable(`answer unreadable: ${receipt.unreadable}`),
        set: { text: storable(Message.plainText(Message.fromNotification(notification), maxTextKept)) }
      }))
    )
    const inForce = told.filter(isCurrent)
    yield* updateAll(
      sql,
      "conversations",
      inForce.flatMap(({ outcome, row, claimed: { notification } }) =>
        notification._tag === "Raised" && row.conversation_id !== null
          ? [{ id: row.conversation_id, receipt: encodeReceipt(outcome.receipt) }]
          : []
      )
    )
    const worked = new Set(inForce.map(({ claimed }) => claimed.integration))
    // In an order, so that no two transactions wait for each other.
    yield* Effect.forEach([...worked].toSorted(), (id) => integrations.note(id, { worked: true }))
  })

  const failed = Effect.fnUntraced(function* (
    { attempt, id, integration, notification }: ClaimedDelivery,
    { breaks, consequence, requeued, reason, waiting }: Extract<Outcome, { _tag: "Failed" }>,
    isCurrent: boolean
  ) {
    const cause = causeOf(reason)
    if (notification._tag === "Digest") {
      yield* conversations.move([{ delivery: id, status: "superseded", cause: `given back: ${cause}`, attempt }])
    } else {
      yield* endOrRetry(id, integration, { attempt, cause, consequence })
    }
    if (isUnanswered(reason)) yield* sql`UPDATE deliveries SET unanswered = 1 WHERE id = ${id}`
    if (waiting !== undefined && isCurrent) yield* integrations.note(integration, { waiting })
    if (breaks && isCurrent) {
      yield* integrations.note(integration, { brokenBecause: cause })
      yield* notices.broken(integration, cause)
    }
    yield* Effect.forEach(requeued, requeueDead)
  })

  /** A delivery that would die goes to the fallback, if there is one. */
  const endOrRetry = Effect.fnUntraced(function* (
    id: string,
    integration: IntegrationId,
    {
      attempt,
      cause,
      consequence
    }: { readonly attempt?: number; readonly cause: string; readonly consequence: Consequence }
  ) {
    const end = { delivery: id, cause, ...(attempt !== undefined && { attempt }) }
    if (consequence.status === "dead") {
      const fallback = yield* fallbacks.of(integration)
      if (fallback !== undefined && (yield* fallbacks.divert(id, fallback, cause))) return
      yield* conversations.move([{ ...end, status: "dead" }])
      return yield* sql.afterCommit(logDead(id, cause, integration))
    }
    yield* conversations.move([{ ...end, status: "retrying" }])
    // It may have become graver while it was being sent.
    yield* sql`UPDATE deliveries SET next_at = ${consequence.nextAt}, form = ${consequence.form},
      severity = (SELECT severity FROM alerts WHERE id = deliveries.alert_id) WHERE id = ${id}`
  })

  /** What was folded into another takes its outcome; any end of a digest but delivered gives it back. */
  const completeCarried = Effect.fnUntraced(function* (
    claimed: ClaimedDelivery,
    { delivery, kind }: ClaimedDelivery["included"][number],
    outcome: Outcome
  ) {
    const [row] = yield* sql<Row>`SELECT * FROM deliveries
      WHERE id = ${delivery} AND status = 'folded' AND folded_into = ${claimed.id}`
    if (row === undefined) return
    if (outcome._tag === "Delivered") {
      yield* conversations.move([{ delivery, status: "delivered", cause: `in ${claimed.id}` }])
      return yield* settleAfter([{ row, kind, outcome }])
    }
    yield* sql`UPDATE deliveries SET folded_into = NULL WHERE id = ${delivery}`
    const cause = `given back: ${causeOf(outcome.reason)}`
    const now = yield* Clock.currentTimeMillis
    const again: Consequence = {
      status: "retrying",
      nextAt: outcome.consequence.status === "dead" ? now : outcome.consequence.nextAt,
      form: "rich"
    }
    const isOver =
      claimed.notification._tag === "Digest"
        ? row.created_at <= outcome.overBefore
        : outcome.consequence.status === "dead"
    const consequence: Consequence = isOver ? { status: "dead" } : again
    yield* endOrRetry(delivery, claimed.integration, { cause, consequence })
    yield* settleAfter([{ row, kind, outcome: { ...outcome, consequence } }])
  })

  /** Owes a dead delivery again, unless something else has become owed there since. */
  const requeueDead = Effect.fnUntraced(function* (id: string) {
    const [row] = yield* sql<Row>`SELECT * FROM deliveries WHERE id = ${id} AND status = 'dead'`
    if (row === undefined) return
    const subject = (yield* subjectsOf([row])).get(id)
    if (subject?.conversation.waiting !== undefined) return
    yield* sql`UPDATE deliveries SET form = 'rich' WHERE id = ${id}`
    const cause = "given back: others were refused too, so it is not to blame"
    yield* conversations.move([{ delivery: id, status: "retrying", cause }])
  })

  const markDead = Effect.fnUntraced(function* (id: string, integration: IntegrationId) {
    const cause = "it cannot be read from the store"
    yield* conversations.move([{ delivery: id, status: "dead", cause }])
    yield* sql.afterCommit(logDead(id, cause, integration))
  })

  /** Owes again what was being sent, or was folded into that; what is `sent` has perhaps arrived. */
  const requeue = Effect.fnUntraced(function* (
    rows: ReadonlyArray<Row>,
    { cause, sent }: { readonly cause: string; readonly sent: boolean }
  ) {
    for (const row of rows) {
      if (row.kind === "Digest") {
        const why = `given back: ${cause}`
        yield* conversations.move([{ delivery: row.id, status: "superseded", cause: why, attempt: row.attempts }])
        continue
      }
      const set = { folded_into: null, ...(sent && { unanswered: 1 }) }
      yield* conversations.move([{ delivery: row.id, status: "retrying", cause, attempt: row.attempts, set }])
      // An edit may have closed the conversation while it was being sent.
      const subject = (yield* subjectsOf([row])).get(row.id)
      if (subject === undefined) continue
      const { alert, conversation } = subject
      const { notifyOnClear } = yield* alertRules.current
      const now = sent ? unanswered(conversation, row.kind) : conversation
      const plans = [settle(now, { alert, notifyOnClear })]
      yield* conversations.apply([{ alert: alert.id, plans, known: [conversation] }])
    }
  })

  const resume = Effect.fnUntraced(function* (partitions: ReadonlyArray<number>) {
    const rows = yield* sql<Row>`SELECT * FROM deliveries
        WHERE ${sql.literal(openStatus)} AND status IN ('sending', 'folded')
          AND (${sql.in("taken_under", partitions)} OR (taken_under IS NULL AND integration_id IN
            (SELECT id FROM integrations WHERE ${sql.in("partition", partitions)}))) ORDER BY sequence`
    // Whoever knew why a lane waits is gone.
    yield* sql`UPDATE integrations SET waiting_because = NULL
      WHERE ${sql.in("partition", partitions)} AND waiting_because IS NOT NULL`
    yield* requeue(rows, { cause: "the gateway stopped during the attempt: perhaps sent twice", sent: true })
  })

  const requeueUnsent = Effect.fnUntraced(function* (
    integration: IntegrationId,
    { partition }: Lease,
    sending: ReadonlySet<string>
  ) {
    const rows = yield* sql<Row>`SELECT * FROM deliveries WHERE integration_id = ${integration}
      AND status IN ('sending', 'folded') AND taken_under = ${partition} ORDER BY sequence`
    yield* requeue(
      rows.filter(({ folded_into, id }) => !sending.has(folded_into ?? id)),
      { cause: "not sent: the store did not say that it was taken", sent: false }
    )
  })

  return { complete, markDead, resume, requeueUnsent }
})

/** An attempt that ended, and its delivery. */
interface Ended extends End {
  readonly row: Row
}

type Delivered = Extract<Outcome, { _tag: "Delivered" }>

const isDelivered = (end: Ended): end is Ended & { readonly outcome: Delivered } => end.outcome._tag === "Delivered"

const logDead = (delivery: string, cause: string, integration: IntegrationId) =>
  Effect.annotateLogs(Effect.logWarning(`Delivery ${delivery} to integration ${integration} is dead: ${cause}`), {
    event: "delivery-dead",
    delivery,
    integration
  })
