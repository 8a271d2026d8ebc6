/**
 * A delivery as the store has it, and what it speaks of.
 */
import { AlertId, type ChannelPlugin, type Kind, type Severity } from "@tocsin/core"
import { Effect } from "effect"
import { Alerts } from "./Alerts.ts"
import { Conversations } from "./Conversations.ts"

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
  readonly created_at: number
}

/** Finds the alert and the conversation that a delivery speaks of. */
export const subjects = Effect.gen(function* () {
  const alerts = yield* Alerts
  const conversations = yield* Conversations

  /** What the delivery speaks of; nothing if it is a digest or a notice. */
  const subjectOf = Effect.fnUntraced(function* ({ alert_id, conversation_id }: Row) {
    if (alert_id === null || conversation_id === null) return undefined
    const conversation = yield* conversations.get(conversation_id)
    const alert = yield* alerts.get(AlertId.make(alert_id))
    return conversation === undefined || alert === undefined ? undefined : { alert, conversation }
  })

  return subjectOf
})
