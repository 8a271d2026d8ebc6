/**
 * Diverts deliveries that an integration cannot receive to its fallback (case D4). All of it runs inside a transaction of
 * `GroupCommit`.
 */
import { type Alert, AlertId, type IntegrationId, type Kind } from "@tocsin/core"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { AlertRules } from "../config/AlertRules.ts"
import { Alerts } from "../records/Alerts.ts"
import { Conversations } from "../records/Conversations.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { undelivered } from "../records/deliveryRow.ts"
import { Integrations } from "../config/Integrations.ts"
import { isEnded, settle } from "../domain/Planner.ts"
import { Signals } from "../cluster/Signals.ts"
import { type StoredConversation, isRule, fallbackFor, unopened } from "../domain/conversation.ts"
import { afterCommit } from "../sql/transactionEnd.ts"

/** The kinds that go to a fallback. A clear goes only to the integration that received the raise. */
const divertible: ReadonlyArray<Kind> = ["Raised", "RaisedAndCleared", "Escalated"]

/** How many deliveries of each status are diverted in one transaction. */
const divertedAtOnce = 200

/** Diverts deliveries. */
export class Fallbacks extends Context.Service<
  Fallbacks,
  {
    /** The fallback of the integration; undefined if it has none, or if the fallback is disabled or broken. */
    readonly of: (integration: IntegrationId) => Effect.Effect<IntegrationId | undefined, SqlError.SqlError>
    /** Diverts an open delivery and records why. Returns false if the delivery cannot be diverted. */
    readonly divert: (delivery: string, to: IntegrationId, why: string) => Effect.Effect<boolean, SqlError.SqlError>
    /** Diverts the next pending deliveries of the integration; returns how many. */
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

      /** Opens a conversation at the fallback, unless it has one about this alert already. */
      const notifyFallback = Effect.fnUntraced(function* (alert: Alert, from: StoredConversation, to: IntegrationId) {
        const all = (yield* conversations.ofAlerts([alert.id])).get(alert.id) ?? []
        const known = all.find(({ integration }) => integration === to)
        const matcher = fallbackFor(from.integration)
        const matched = {
          ...(known ?? unopened(to)),
          everMatchedBy: [...new Set([...(known?.everMatchedBy ?? []), matcher, ...from.everMatchedBy.filter(isRule)])]
        }
        const { notifyOnClear } = yield* alertRules.current
        if (from.state === "open") {
          const matchedBy = [...new Set([...(known?.matchedBy ?? []), matcher])]
          const open = { ...matched, state: "open" as const, matchedBy, closedBecause: undefined }
          yield* conversations.apply([{ alert: alert.id, plans: [settle(open, { alert, notifyOnClear })], known: all }])
        } else if (known === undefined) {
          const over = { ...matched, closedBecause: from.closedBecause, lastEnqueued: "raised" as const }
          yield* conversations.apply([
            { alert: alert.id, plans: [{ conversation: over, enqueue: { kind: "Raised" } }], known: all }
          ])
        }
        yield* afterCommit(signals.send([to], "work"))
      })

      const divert = Effect.fnUntraced(function* (delivery: string, to: IntegrationId, why: string) {
        const row = (yield* deliveries.byIds([delivery])).get(delivery)
        if (row === undefined || row.alert_id === null || !divertible.includes(row.kind)) return false
        const conversation = (yield* conversations.ofDeliveries([row])).get(row.id)
        const alert = yield* alerts.get(AlertId.make(row.alert_id))
        // Fallbacks never chain.
        if (conversation === undefined || alert === undefined || !conversation.everMatchedBy.every(isRule)) return false
        if (conversation.state === "closed" && !isEnded(conversation, alert)) return false
        yield* notifyFallback(alert, conversation, to)
        yield* deliveries.transition([{ delivery, status: "diverted", cause: `to ${to}: ${why}` }])
        const { notifyOnClear } = yield* alertRules.current
        const over = {
          ...conversation,
          openDelivery: undefined,
          divertedTo: to,
          // The fallback sends it; it is not due here again.
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
              WHERE integration_id = ${integration} AND status = ${status} AND ${sql.literal(undelivered)}
                AND ${sql.in("kind", divertible)}
                AND NOT EXISTS (SELECT 1 FROM conversations c
                  WHERE c.alert_id = deliveries.alert_id AND c.integration_id = deliveries.integration_id
                    AND c.stands_in_for IS NOT NULL)
              ORDER BY sequence LIMIT ${divertedAtOnce}`
            for (const { id } of rows) if (yield* divert(id, to, why)) diverted++
          }
          return diverted
        })
      })
    })
  )
}
