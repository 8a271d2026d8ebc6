/**
 * A delivery as the store has it, and what it speaks of.
 */
import type { Alert, ChannelPlugin, Kind, Severity } from "@tocsin/core"
import { Effect } from "effect"
import { Alerts } from "./Alerts.ts"
import { Conversations } from "./Conversations.ts"
import type { StoredConversation } from "../domain/conversation.ts"

/** A row of the table `deliveries`, as far as an attempt needs it. */
export interface Row {
  readonly id: string
  readonly conversation_id: string | null
  readonly alert_id: string | null
  readonly integration_id: string
  readonly kind: Kind
  readonly status: string
  readonly form: ChannelPlugin.Form
  readonly attempts: number
  readonly severity: Severity | null
  readonly notification: string | null
  readonly folded_into: string | null
  readonly created_at: number
}

/** What a delivery speaks of. */
export interface Subject {
  readonly alert: Alert
  readonly conversation: StoredConversation
}

/** Finds the alerts and the conversations that deliveries speak of, by the deliveries' ids; there are none of digests and notices. */
export const subjects = Effect.gen(function* () {
  const alerts = yield* Alerts
  const conversations = yield* Conversations

  return Effect.fnUntraced(function* (rows: ReadonlyArray<Row>) {
    const known = yield* conversations.many(rows.flatMap(({ conversation_id }) => conversation_id ?? []))
    const about = yield* alerts.many([...known.values()].map(({ alertId }) => alertId))
    return new Map<string, Subject>(
      rows.flatMap(({ conversation_id, id }) => {
        const conversation = conversation_id === null ? undefined : known.get(conversation_id)
        const alert = conversation && about.get(conversation.alertId)
        return conversation === undefined || alert === undefined ? [] : [[id, { alert, conversation }]]
      })
    )
  })
})
