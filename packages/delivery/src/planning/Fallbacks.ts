/**
 * What an integration cannot be told goes to its fallback (case D4). All of it runs inside a journal's transaction.
 */
import { type Alert, AlertId, type IntegrationId, type Kind } from "@tocsin/core"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { AlertRules } from "../config/AlertRules.ts"
import { Alerts } from "../records/Alerts.ts"
import { Conversations } from "../records/Conversations.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { Integrations } from "../config/Integrations.ts"
import { isEnded, settle } from "../domain/Planner.ts"
import { Signals } from "../cluster/Signals.ts"
import { type StoredConversation, isRule, fallbackFor, unopened } from "../domain/conversation.ts"

/** What a fallback can say in another's place. Clears are for who was told of the raise. */
const divertible: ReadonlyArray<Kind> = ["Raised", "RaisedAndCleared", "Escalated"]

/** So many are diverted in one transaction. */
const chunk = 200

/** Diverts deliveries. */
export class Fallbacks extends Context.Service<
  Fallbacks,
  {
    /** The integration's fallback, if it can be used now: one that is disabled or broken is none. */
    readonly of: (integration: IntegrationId) => Effect.Effect<IntegrationId | undefined, SqlError.SqlError>
    /** Diverts a delivery, which has not ended, and says why; false if it must wait where it is. */
    readonly divert: (delivery: string, to: IntegrationId, why: string) => Effect.Effect<boolean, SqlError.SqlError>
    /** Diverts the next of what waits at the integration; gives how many. */
    readonly divertPending: (integration: IntegrationId, why: string) => Effect.Effect<number, SqlError.SqlError>
  }
>()("@tocsin/delivery/Fallbacks") {
  static readonly layer: Layer.Layer<
    Fallbacks,
    never,
    SqlClient.SqlClient | Alerts | AlertRules | Conversations | Deliveries | Integrations | Signals
  > = Layer.effect(
    Fallbacks,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const alerts = yield* Alerts
      const alertRules = yield* AlertRules
      const conversations = yield* Conversations
      const deliveries = yield* Deliveries
      const integrations = yield* Integrations
      const signals = yield* Signals

      const usable = Effect.fnUntraced(function* (integration: IntegrationId) {
        const fallback = (yield* integrations.get(integration))?.fallback
        if (fallback === undefined || fallback === integration) return undefined
        const other = yield* integrations.get(fallback)
        return other?.enabled === true && other.broken === undefined ? fallback : undefined
      })

      /** Tells the fallback, unless it has a conversation about this alert already. */
      const tell = Effect.fnUntraced(function* (alert: Alert, from: StoredConversation, to: IntegrationId) {
        const all = (yield* conversations.ofAlerts([alert.id])).get(alert.id) ?? []
        const known = all.find(({ integration }) => integration === to)
        const holder = fallbackFor(from.integration)
        const held = {
          ...(known ?? unopened(to)),
          everMatchedBy: [...new Set([...(known?.everMatchedBy ?? []), holder, ...from.everMatchedBy.filter(isRule)])]
        }
        const { notifyOnClear } = yield* alertRules.current
        if (from.state === "open") {
          const matchedBy = [...new Set([...(known?.matchedBy ?? []), holder])]
          const open = { ...held, state: "open" as const, matchedBy, closedBecause: undefined }
          yield* conversations.apply([{ alert: alert.id, plans: [settle(open, { alert, notifyOnClear })], known: all }])
        } else if (known === undefined) {
          const over = { ...held, closedBecause: from.closedBecause, lastEnqueued: "raised" as const }
          yield* conversations.apply([
            { alert: alert.id, plans: [{ conversation: over, enqueue: { kind: "Raised" } }], known: all }
          ])
        }
        yield* sql.afterCommit(signals.send([to], "work"))
      })

      const divert = Effect.fnUntraced(function* (delivery: string, to: IntegrationId, why: string) {
        const row = (yield* deliveries.byIds([delivery])).get(delivery)
        if (row?.conversation_id == null || row.alert_id === null || !divertible.includes(row.kind)) return false
        const conversation = (yield* conversations.byIds([row.conversation_id])).get(row.conversation_id)
        const alert = yield* alerts.get(AlertId.make(row.alert_id))
        // Fallbacks never chain.
        if (conversation === undefined || alert === undefined || !conversation.everMatchedBy.every(isRule)) return false
        if (conversation.state === "closed" && !isEnded(conversation, alert)) return false
        yield* tell(alert, conversation, to)
        yield* deliveries.transition([{ delivery, status: "diverted", cause: `to ${to}: ${why}` }])
        const { notifyOnClear } = yield* alertRules.current
        const over = {
          ...conversation,
          openDelivery: undefined,
          divertedTo: to,
          // What it says now is told elsewhere; it is not owed here again.
          severitySent: row.kind === "Escalated" ? alert.severity : conversation.severitySent,
          ...(conversation.state === "closed" && !conversation.outcomeUnknown && { lastEnqueued: "cleared" as const })
        }
        const plans = [settle(over, { alert, notifyOnClear })]
        yield* conversations.apply([{ alert: alert.id, plans, known: [{ ...conversation, openDelivery: undefined }] }])
        return true
      })

      return Fallbacks.of({
        of: usable,
        divert,
        divertPending: Effect.fnUntraced(function* (integration, why) {
          const to = yield* usable(integration)
          if (to === undefined) return 0
          let diverted = 0
          for (const status of ["retrying", "pending"]) {
            const rows = yield* sql<{ id: string }>`SELECT id FROM deliveries
              WHERE integration_id = ${integration} AND status = ${status} AND ${sql.in("kind", divertible)}
                AND NOT EXISTS (SELECT 1 FROM conversations c
                  WHERE c.id = deliveries.conversation_id AND c.stands_in_for IS NOT NULL)
              ORDER BY sequence LIMIT ${chunk}`
            for (const { id } of rows) if (yield* divert(id, to, why)) diverted++
          }
          return diverted
        })
      })
    })
  )
}
