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
    const known = yield* conversations.ofDeliveries(rows)
    const about = yield* alerts.many([...known.values()].map(({ alertId }) => alertId))
    return new Map<string, Subject>(
      [...known].flatMap(([id, conversation]) => {
        const alert = about.get(conversation.alertId)
        return alert === undefined ? [] : [[id, { alert, conversation }]]
      })
    )
  })
})
