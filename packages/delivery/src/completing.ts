/**
 * The end of an attempt in the store: what became of what it said (cases D1 to D5).
 */
import { ChannelPlugin, type IntegrationId, type Kind, Message } from "@tocsin/core"
import { Clock, Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { afterwards, isUnanswered, unanswered } from "./afterwards.ts"
import { AlertRules } from "./AlertRules.ts"
import type { Outcome, Taken } from "./Attempts.ts"
import { Conversations, openStatus } from "./Conversations.ts"
import { type Row, subjects } from "./deliveryRow.ts"
import { Fallbacks } from "./Fallbacks.ts"
import { Integrations } from "./Integrations.ts"
import { Notices } from "./Notices.ts"
import { settle } from "./Planner.ts"
import type { Consequence } from "./retry.ts"

/** The longest plain text of a message that history keeps, in UTF-16 units. */
const maxTextKept = 4096

/** Writes down how attempts ended, also those that a stop of the gateway ended. */
export const completing = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const alertRules = yield* AlertRules
  const conversations = yield* Conversations
  const integrations = yield* Integrations
  const fallbacks = yield* Fallbacks
  const notices = yield* Notices
  const subjectOf = yield* subjects

  const complete = Effect.fnUntraced(function* (taken: Taken, outcome: Outcome, updatedAt: number | undefined) {
    const [row] = yield* sql<Row>`SELECT * FROM deliveries
      WHERE id = ${taken.id} AND status = 'sending' AND attempts = ${taken.attempt}`
    // Ended meanwhile: its integration was removed.
    if (row === undefined) return
    yield* outcome._tag === "Delivered" ? delivered(taken, row, outcome.receipt, updatedAt) : failed(taken, outcome)
    yield* settleAfter(row, taken.notification._tag, outcome)
    yield* Effect.forEach(taken.carries, (carried) => completeCarried(taken, carried, outcome))
  })

  /** What follows from the attempt for the delivery's conversation. */
  const settleAfter = Effect.fnUntraced(function* (row: Row, kind: Kind, outcome: Outcome) {
    const subject = yield* subjectOf(row)
    if (subject === undefined) return
    const { alert, conversation } = subject
    const { notifyOnClear } = yield* alertRules.current
    const now = afterwards(conversation, kind, outcome, row.severity)
    yield* conversations.apply(alert.id, [settle(now, { alert, notifyOnClear })])
  })

  const delivered = Effect.fnUntraced(function* (
    { attempt, id, integration, notification }: Taken,
    { conversation_id }: Row,
    receipt: ChannelPlugin.Receipt,
    updatedAt: number | undefined
  ) {
    const text = Message.plainText(Message.fromNotification(notification), maxTextKept)
    yield* sql`UPDATE deliveries SET text = ${text} WHERE id = ${id}`
    yield* conversations.move(id, "delivered", { attempt })
    if (notification._tag === "Raised") {
      yield* sql`UPDATE conversations SET receipt = ${encodeReceipt(receipt)} WHERE id = ${conversation_id}
        AND EXISTS (SELECT 1 FROM integrations WHERE id = ${integration} AND updated_at = ${updatedAt})`
    }
    yield* integrations.note(integration, { worked: true })
  })

  const failed = Effect.fnUntraced(function* (
    { attempt, id, integration, notification }: Taken,
    { breaks, consequence, givenBack, reason }: Extract<Outcome, { _tag: "Failed" }>
  ) {
    const cause = `${reason._tag}: ${reason.detail}`
    if (notification._tag === "Digest") {
      yield* conversations.move(id, "superseded", { cause: `given back: ${cause}`, attempt })
    } else {
      yield* endOrRetry(id, integration, { attempt, cause, consequence })
    }
    if (isUnanswered(reason)) yield* sql`UPDATE deliveries SET unanswered = 1 WHERE id = ${id}`
    if (breaks) {
      yield* integrations.note(integration, { brokenBecause: cause })
      yield* notices.broken(integration, cause)
    }
    yield* Effect.forEach(givenBack, giveBack)
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
    if (consequence.status === "dead") {
      const fallback = yield* fallbacks.of(integration)
      if (fallback !== undefined && (yield* fallbacks.divert(id, fallback, cause))) return
      return yield* conversations.move(id, "dead", { cause, ...(attempt !== undefined && { attempt }) })
    }
    yield* conversations.move(id, "retrying", { cause, ...(attempt !== undefined && { attempt }) })
    // It may have become graver while it was being sent.
    yield* sql`UPDATE deliveries SET next_at = ${consequence.nextAt}, form = ${consequence.form},
      severity = (SELECT severity FROM alerts WHERE id = deliveries.alert_id) WHERE id = ${id}`
  })

  /** What was folded into another takes its outcome; any end of a digest but delivered gives it back. */
  const completeCarried = Effect.fnUntraced(function* (
    taken: Taken,
    { delivery, kind }: Taken["carries"][number],
    outcome: Outcome
  ) {
    const [row] = yield* sql<Row>`SELECT * FROM deliveries
      WHERE id = ${delivery} AND status = 'folded' AND folded_into = ${taken.id}`
    if (row === undefined) return
    if (outcome._tag === "Delivered") {
      yield* conversations.move(delivery, "delivered", { cause: `in ${taken.id}` })
      return yield* settleAfter(row, kind, outcome)
    }
    yield* sql`UPDATE deliveries SET folded_into = NULL WHERE id = ${delivery}`
    const { reason } = outcome
    const cause = `given back: ${reason._tag}: ${reason.detail}`
    const now = yield* Clock.currentTimeMillis
    const again: Consequence = {
      status: "retrying",
      nextAt: outcome.consequence.status === "dead" ? now : outcome.consequence.nextAt,
      form: "rich"
    }
    const isOver =
      taken.notification._tag === "Digest"
        ? row.created_at <= outcome.overBefore
        : outcome.consequence.status === "dead"
    const consequence: Consequence = isOver ? { status: "dead" } : again
    yield* endOrRetry(delivery, taken.integration, { cause, consequence })
    yield* settleAfter(row, kind, { ...outcome, consequence })
  })

  /** Owes a dead delivery again, unless something else has become owed there since. */
  const giveBack = Effect.fnUntraced(function* (id: string) {
    const [row] = yield* sql<Row>`SELECT * FROM deliveries WHERE id = ${id} AND status = 'dead'`
    if (row === undefined) return
    const subject = yield* subjectOf(row)
    if (subject?.conversation.waiting !== undefined) return
    yield* sql`UPDATE deliveries SET form = 'rich' WHERE id = ${id}`
    yield* conversations.move(id, "retrying", {
      cause: "given back: others were refused too, so it is not to blame"
    })
  })

  const bury = (id: string) => conversations.move(id, "dead", { cause: "it cannot be read from the store" })

  const resume = Effect.fnUntraced(function* (partitions: ReadonlyArray<number>) {
    const cause = "the gateway stopped during the attempt: perhaps sent twice"
    const rows = yield* sql<Row>`SELECT * FROM deliveries
        WHERE ${sql.literal(openStatus)} AND status IN ('sending', 'folded')
          AND integration_id IN (SELECT id FROM integrations WHERE ${sql.in("partition", partitions)}) ORDER BY sequence`
    for (const row of rows) {
      if (row.kind === "Digest") {
        yield* conversations.move(row.id, "superseded", { cause: `given back: ${cause}`, attempt: row.attempts })
        continue
      }
      yield* sql`UPDATE deliveries SET unanswered = 1, folded_into = NULL WHERE id = ${row.id}`
      yield* conversations.move(row.id, "retrying", { cause, attempt: row.attempts })
      // An edit may have closed the conversation while it was being sent.
      const subject = yield* subjectOf(row)
      if (subject === undefined) continue
      const { alert, conversation } = subject
      const { notifyOnClear } = yield* alertRules.current
      const now = unanswered(conversation, row.kind)
      yield* conversations.apply(alert.id, [settle(now, { alert, notifyOnClear })])
    }
  })

  return { complete, bury, resume }
})

const encodeReceipt = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(ChannelPlugin.Receipt)))
