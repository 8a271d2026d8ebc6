/**
 * The table `conversations`: read for the planner, and written from its plans. Nothing else writes it. All of it runs
 * inside a transaction of `GroupCommit`.
 */
import type { AlertId, ChannelPlugin, IntegrationId } from "@tocsin/core"
import { Clock, Context, Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import { Changes } from "../cluster/Changes.ts"
import { type Conversation, matchedText, type StoredConversation } from "../domain/conversation.ts"
import type { Plan } from "../domain/Planner.ts"
import { insertAll, isOneOf, updateAll } from "../sql/bulk.ts"
import { type Columns, fromRow, type Row, toColumns } from "./conversationRow.ts"
import { Deliveries, type NewDelivery, type Step } from "./Deliveries.ts"
import { openStatus } from "./deliveryRow.ts"
import { encodeMessages } from "./receipt.ts"

/** The plans for one alert. */
export interface Change {
  readonly alert: AlertId
  readonly plans: ReadonlyArray<Plan>
  /** The alert's conversations, as they were read in this transaction. */
  readonly known: ReadonlyArray<StoredConversation>
}

/** Reads conversations, and is the only writer of their rows. */
export class Conversations extends Context.Service<
  Conversations,
  {
    /** The conversations of each of the alerts. */
    readonly ofAlerts: (
      alerts: ReadonlyArray<AlertId>
    ) => Effect.Effect<ReadonlyMap<AlertId, ReadonlyArray<StoredConversation>>, SqlError.SqlError>
    readonly byIds: (ids: Iterable<string>) => Effect.Effect<ReadonlyMap<string, StoredConversation>, SqlError.SqlError>
    /**
     * Writes plans, no two of one conversation, with the deliveries that they enqueue and supersede; returns the
     * integrations that have something new to send.
     */
    readonly apply: (changes: ReadonlyArray<Change>) => Effect.Effect<ReadonlySet<IntegrationId>, SqlError.SqlError>
    /** Replaces the delivered messages of conversations, with their receipts. */
    readonly saveMessages: (
      conversations: ReadonlyArray<{
        readonly id: string
        readonly messages: ReadonlyArray<ChannelPlugin.DeliveredMessage>
      }>
    ) => Effect.Effect<void, SqlError.SqlError>
    /** Removes the receipts of an integration whose destination changed (O8). */
    readonly forgetReceipts: (integration: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    /** Closes all conversations of an integration that is being removed, and resets what was sent in them. */
    readonly closeAll: (integration: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    /** Removes all conversations of these alerts. */
    readonly removeOfAlerts: (alerts: ReadonlyArray<string>) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@tocsin/delivery/Conversations") {
  static readonly layer: Layer.Layer<
    Conversations,
    never,
    SqlClient.SqlClient | SecureRandom.SecureRandom | Deliveries | Changes
  > = Layer.effect(
    Conversations,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const random = yield* SecureRandom.SecureRandom
      const deliveries = yield* Deliveries
      const live = yield* Changes

      const query = (where: Statement.Fragment) =>
        Effect.map(
          sql<Row>`
            SELECT c.*, d.id AS delivery_id, d.kind, d.status
            FROM conversations c
            LEFT JOIN deliveries d ON d.conversation_id = c.id AND d.${sql.literal(openStatus)}
            WHERE ${where} ORDER BY c.id`,
          (rows) => rows.map(fromRow)
        )

      const apply = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
        const at = yield* Clock.currentTimeMillis
        const opened: Array<Columns> = []
        const changed: Array<Columns> = []
        const superseded: Array<Step> = []
        const enqueued: Array<NewDelivery> = []
        for (const { alert, known, plans } of changes) {
          for (const { conversation, enqueue, supersede } of plans) {
            const { integration } = conversation
            const before = known.find((known) => known.integration === integration)
            // A conversation that never opened needs no row: its integration is disabled.
            if (enqueue === undefined && conversation.state === "closed" && before === undefined) continue
            const id = before?.id ?? (yield* random.uuidV7())
            const columns = { id, ...toColumns(conversation, before, at) }
            if (before === undefined) {
              opened.push({ ...columns, alert_id: alert, integration_id: integration, opened_at: at })
            } else {
              changed.push(columns)
            }
            if (supersede !== undefined && before?.openDelivery !== undefined) {
              superseded.push({ delivery: before.openDelivery.id, status: "superseded", cause: supersede })
            }
            if (enqueue === undefined) continue
            enqueued.push({
              integration,
              conversation: { id, alertId: alert },
              kind: enqueue.kind,
              status: enqueue.superseded === undefined ? "pending" : "superseded",
              cause: enqueue.superseded ?? whyEnqueued(conversation)
            })
          }
        }
        yield* insertAll(sql, "conversations", opened)
        yield* updateAll(sql, "conversations", changed)
        yield* live.changed(
          "alert",
          changes.map(({ alert }) => alert)
        )
        yield* deliveries.transition(superseded)
        yield* deliveries.enqueue(enqueued)
        return new Set(enqueued.map(({ integration }) => integration))
      })

      return Conversations.of({
        ofAlerts: Effect.fnUntraced(function* (alerts) {
          if (alerts.length === 0) return new Map()
          return Map.groupBy(yield* query(isOneOf(sql, "c.alert_id", alerts)), ({ alertId }) => alertId)
        }),
        byIds: (ids) =>
          Effect.map(
            query(isOneOf(sql, "c.id", ids)),
            (found) => new Map(found.map((conversation) => [conversation.id, conversation]))
          ),
        apply,
        saveMessages: (conversations) =>
          Effect.asVoid(
            updateAll(
              sql,
              "conversations",
              conversations.map(({ id, messages }) => ({ id, receipt: encodeMessages(messages) }))
            )
          ),
        forgetReceipts: (integration) =>
          Effect.asVoid(sql`UPDATE conversations SET receipt = NULL WHERE integration_id = ${integration}`),
        closeAll: Effect.fnUntraced(function* (integration) {
          const at = yield* Clock.currentTimeMillis
          yield* sql`UPDATE conversations
            SET state = 'closed', holders = '[]', closed_because = 'integrationRemoved', closed_at = ${at}
            WHERE integration_id = ${integration} AND state = 'open'`
          yield* live.allChanged("alert")
          // An integration that is created again with this id is a new destination.
          yield* sql`UPDATE conversations
            SET last_word = NULL, last_owed = NULL, severity_told = NULL, perhaps_told = 0, receipt = NULL
            WHERE integration_id = ${integration}`
        }),
        removeOfAlerts: (alerts) => Effect.asVoid(sql`DELETE FROM conversations WHERE ${sql.in("alert_id", alerts)}`)
      })
    })
  )
}

/** Why a delivery is enqueued, for its first row of history. */
const whyEnqueued = ({ closedBecause, everMatchedBy, matchedBy }: Conversation): string =>
  closedBecause === undefined ? matchedText(matchedBy) : `closed: ${closedBecause}; was ${matchedText(everMatchedBy)}`
