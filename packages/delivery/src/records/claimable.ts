/**
 * What a claim reads about alerts, in one statement.
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { OpenDelivery } from "../domain/conversation.ts"
import { given } from "../sql/bulk.ts"
import { fromRow as toAlert, type Row as AlertRow } from "./alertRow.ts"
import { fromRow as toConversation, type Row as ConversationRow } from "./conversationRow.ts"
import type { ClaimedRow } from "./deliveryRow.ts"
import { episodes } from "./openEpisodes.ts"
import type { Subject } from "./subjects.ts"

/** An open delivery about an alert. */
export interface AboutAlert {
  readonly row: ClaimedRow
  readonly subject: Subject
}

/**
 * Finds for each of the deliveries that are open and about an alert, by its id, all open ones of the same alert at the same
 * integration, including itself, in the order of the alert's episodes.
 */
export const claimable = Effect.map(SqlClient.SqlClient, (sql) =>
  Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
    const asked = [...new Set(ids)].map((id) => ({ id }))
    const rows = yield* sql<Row>`SELECT given.id AS asked,
        d.id, d.alert_id, d.integration_id, d.kind, d.status, d.form, d.attempts, d.partial, d.recipients, d.trace, d.created_at,
        a.source, a.source_id, a.episode, a.state AS alert_state, a.severity, a.started_at, a.cleared_at, a.alert,
        c.id AS conversation_id, c.state AS conversation_state, c.holders, c.held_by, c.closed_because, c.closed_at,
        c.last_word, c.last_owed, c.severity_told, c.perhaps_told, c.receipt, c.diverted_to
        FROM ${given(sql, "deliveries", asked)} AS given CROSS JOIN deliveries asked CROSS JOIN
        ${sql.literal(episodes({ alert: "asked.alert_id", integration: "asked.integration_id" }))} AND asked.id = given.id
        ORDER BY a.episode`
    const found = new Map<string, Array<AboutAlert>>()
    for (const row of rows) {
      const others = found.get(row.asked) ?? []
      found.set(row.asked, others)
      others.push({ row, subject: toSubject(row) })
    }
    return found
  })
)

const toSubject = (row: Row): Subject => ({
  alert: toAlert({ ...row, id: row.alert_id, state: row.alert_state }),
  conversation: toConversation({
    ...row,
    id: row.conversation_id,
    state: row.conversation_state,
    delivery_id: row.id
  })
})

/** The columns of the three tables; where two of them have one of the same name, it has its table's name before it. */
interface Row
  extends
    Omit<ClaimedRow, "alert_id" | "status">,
    Pick<AlertRow, "source" | "source_id" | "episode" | "severity" | "started_at" | "cleared_at" | "alert">,
    Omit<ConversationRow, "id" | "state" | "kind" | "status" | "delivery_id"> {
  /** The delivery that was asked for. */
  readonly asked: string
  readonly status: OpenDelivery["status"]
  readonly alert_state: AlertRow["state"]
  readonly conversation_id: ConversationRow["id"]
  readonly conversation_state: ConversationRow["state"]
}
