/**
 * The alerts and conversations of deliveries.
 */
import type { Alert } from "@tocsin/core"
import { Effect } from "effect"
import type { StoredConversation } from "../domain/conversation.ts"
import { Alerts } from "./Alerts.ts"
import { Conversations } from "./Conversations.ts"
import type { Row } from "./deliveryRow.ts"

/** The alert and the conversation that a delivery is about. */
export interface Subject {
  readonly alert: Alert
  readonly conversation: StoredConversation
}

/** Finds the subjects of deliveries, by the deliveries' ids. Digests and notices have none. */
export const subjects = Effect.gen(function* () {
  const alerts = yield* Alerts
  const conversations = yield* Conversations

  return Effect.fnUntraced(function* (rows: ReadonlyArray<Row>) {
    const known = yield* conversations.byIds(rows.flatMap(({ conversation_id }) => conversation_id ?? []))
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
