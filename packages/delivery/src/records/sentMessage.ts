/**
 * A delivered message whose conversation is updated without being read again: the update itself compares what was read
 * when the delivery was claimed.
 */
import type { Alert, ChannelPlugin } from "@tocsin/core"
import type { Conversation, StoredConversation } from "../domain/conversation.ts"
import { toColumns } from "./conversationRow.ts"

/** A message that was delivered, and its conversation. */
export interface SentMessage {
  readonly delivery: string
  readonly attempt: number
  /** The alert and the conversation as they were when the delivery was claimed. */
  readonly alert: Alert
  readonly known: StoredConversation
  readonly after: Conversation
  readonly messages: ReadonlyArray<ChannelPlugin.DeliveredMessage>
}

/** The columns that a delivered message changes. Its plan has no other effect. */
const changed = ["last_word", "last_owed", "severity_told", "perhaps_told"] as const

/** The columns from which the conversation after the attempt is computed. */
const compared = ["state", "holders", "held_by", "diverted_to", ...changed] as const

const columnTypes = (columns: ReadonlyArray<string>, prefix = "") =>
  Object.fromEntries(
    columns.map((column) => [`${prefix}${column}`, column === "perhaps_told" ? ("bigint" as const) : ("text" as const)])
  )

/** The columns of `toSentRow`, with their types. */
export const sentRow = {
  alert_id: "text",
  integration_id: "text",
  delivery: "text",
  attempts: "bigint",
  receipt: "text",
  alert_state: "text",
  alert_severity: "text",
  alert_cleared_at: "bigint",
  ...columnTypes(changed),
  ...columnTypes(compared, "known_")
} as const

/** Converts a delivered message to the row that `isAsClaimed` compares. */
export const toSentRow = ({ after, alert, attempt, delivery, known }: SentMessage, receipt: string) => {
  const columns = toColumns(after, known, 0)
  const before = toColumns(known, known, 0)
  return {
    alert_id: alert.id,
    integration_id: known.integration,
    delivery,
    attempts: attempt,
    receipt,
    alert_state: alert.state,
    alert_severity: alert.severity,
    alert_cleared_at: alert.clearedAt?.epochMilliseconds ?? null,
    ...Object.fromEntries(changed.map((column) => [column, columns[column]])),
    ...Object.fromEntries(compared.map((column) => [`known_${column}`, before[column]]))
  }
}

/** Sets the columns to those of the row `given`. */
export const setToSent = [...changed, "receipt"].map((column) => `${column} = given.${column}`).join(", ")

/**
 * The condition that the conversation, its alert and the delivery are as they were when it was claimed. The last two are
 * looked up for each message: joined, they would come first while PostgreSQL takes the tables for short.
 */
export const isAsClaimed = [
  "(SELECT d.attempts FROM deliveries d WHERE d.id = given.delivery AND d.status || '' = 'sending') = given.attempts",
  `(SELECT 1 FROM alerts a WHERE a.id = given.alert_id AND a.state || '' = given.alert_state
    AND a.severity = given.alert_severity AND a.cleared_at IS NOT DISTINCT FROM given.alert_cleared_at) = 1`,
  ...compared.map((column) => `conversations.${column} IS NOT DISTINCT FROM given.known_${column}`)
].join(" AND ")
