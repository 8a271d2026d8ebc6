/**
 * Requeueing: deliveries that were claimed, but have no recorded outcome (cases D1, M2).
 */
import type { IntegrationId } from "@tocsin/core"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { AlertRules } from "../config/AlertRules.ts"
import { Integrations } from "../config/Integrations.ts"
import type { Lease } from "../domain/attempt.ts"
import { withUnknownOutcome } from "../domain/conversationAfter.ts"
import { settle } from "../domain/Planner.ts"
import { Conversations } from "../records/Conversations.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { type Row, undelivered, undeliveredAnywhere } from "../records/deliveryRow.ts"
import { subjects } from "../records/subjects.ts"

/** Requeues deliveries that are no longer being sent. All of it runs inside a transaction of `GroupCommit`. */
export const requeueing = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const alertRules = yield* AlertRules
  const conversations = yield* Conversations
  const deliveries = yield* Deliveries
  const integrations = yield* Integrations
  const subjectsOf = yield* subjects

  /** `wasSent`: the messages may have arrived. */
  const requeue = Effect.fnUntraced(function* (
    rows: ReadonlyArray<Row>,
    { cause, wasSent }: { readonly cause: string; readonly wasSent: boolean }
  ) {
    for (const row of rows) {
      const step = { delivery: row.id, attempt: row.attempts }
      // The next digest is composed from the state at that time; a reply that may have arrived is not repeated. After its
      // first attempt, a digest goes to the recipients who do not have it yet, like any other message.
      if ((row.kind === "Digest" && row.attempts === 1) || (row.kind === "DigestList" && wasSent)) {
        const ended =
          row.kind === "Digest" ? `requeued: ${cause}` : "not repeated: the gateway stopped during the attempt"
        yield* deliveries.transition([{ ...step, status: "superseded", cause: ended }])
        continue
      }
      yield* deliveries.transition([{ ...step, status: "retrying", cause, set: { foldedInto: null } }])
      // An edit may have closed the conversation while the message was being sent.
      const subject = (yield* subjectsOf([row])).get(row.id)
      if (subject === undefined) continue
      const { alert, conversation } = subject
      const { notifyOnClear } = yield* alertRules.current
      const after = wasSent ? withUnknownOutcome(conversation, row.kind) : conversation
      const plans = [settle(after, { alert, notifyOnClear })]
      yield* conversations.apply([{ alert: alert.id, plans, known: [conversation] }])
    }
  })

  return {
    /**
     * Requeues the deliveries that were being sent when this gateway took the partitions over; they may have been sent.
     */
    inFlight: Effect.fnUntraced(function* (partitions: ReadonlyArray<number>) {
      const rows = yield* sql<Row>`SELECT * FROM deliveries
        WHERE status IN ('sending', 'folded') AND ${sql.literal(undeliveredAnywhere)}
          AND (${sql.in("taken_under", partitions)} OR (taken_under IS NULL AND integration_id IN
            (SELECT id FROM integrations WHERE ${sql.in("partition", partitions)}))) ORDER BY sequence`
      yield* integrations.forgetPauses(partitions)
      yield* requeue(rows, { cause: "the gateway stopped during the attempt: may be duplicated", wasSent: true })
    }),
    /** Requeues the deliveries that a transaction claimed whose answer was lost, and that are not in flight. */
    unsent: Effect.fnUntraced(function* (
      integration: IntegrationId,
      { partition }: Lease,
      inFlight: ReadonlySet<string>
    ) {
      const rows = yield* sql<Row>`SELECT * FROM deliveries WHERE integration_id = ${integration}
        AND status IN ('sending', 'folded') AND ${sql.literal(undelivered)} AND taken_under = ${partition} ORDER BY sequence`
      yield* requeue(
        rows.filter(({ folded_into, id }) => !inFlight.has(folded_into ?? id)),
        { cause: "not sent: the store did not confirm the claim", wasSent: false }
      )
    })
  }
})
