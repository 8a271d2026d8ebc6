/**
 * The table `conversations`: read for the planner, and written from its plans. Nothing else writes it. All of it runs
 * inside a transaction of `GroupCommit`.
 */
import type { AlertId, ChannelPlugin, IntegrationId } from "@tocsin/core"
import { Clock, Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Changes } from "../cluster/Changes.ts"
import { type Conversation, conversationId, matchedText, type StoredConversation } from "../domain/conversation.ts"
import type { Plan } from "../domain/Planner.ts"
import { alertKey } from "../sql/locks.ts"
import { afterCommit, afterRollback } from "../sql/transactionEnd.ts"
import { given, givenAs, insertAll, keyIs, updateAll, type Values } from "../sql/bulk.ts"
import { AcceptedRaises } from "./AcceptedRaises.ts"
import { type Columns, fromRow, type Key, key, type Row, toColumns } from "./conversationRow.ts"
import { Deliveries, type NewDelivery, type Step } from "./Deliveries.ts"
import { openOfAlert, type Row as Delivery } from "./deliveryRow.ts"
import { DirectClaims, type Opening } from "./DirectClaims.ts"
import { encodeMessages } from "./receipt.ts"
import { isAsClaimed, type SentMessage, sentRow, setToSent, toSentRow } from "./sentMessage.ts"

/** The plans for one alert. */
export interface Change {
  readonly alert: AlertId
  readonly plans: ReadonlyArray<Plan>
  /** The alert, if these are the plans for its first event: nothing was ever sent about it. */
  readonly first?: Pick<Opening, "alert" | "text">
  /** Whether its raises may be claimed at once. */
  readonly mayClaim?: boolean
  /** The alert's conversations, as they were read in this transaction. */
  readonly known: ReadonlyArray<StoredConversation>
  /** The trace context of the request that caused them, as a `traceparent`. */
  readonly trace?: string | undefined
}

/** Reads conversations, and is the only writer of their rows. */
export class Conversations extends Context.Service<
  Conversations,
  {
    /** The conversations of each of the alerts. */
    readonly ofAlerts: (
      alerts: ReadonlyArray<AlertId>
    ) => Effect.Effect<ReadonlyMap<AlertId, ReadonlyArray<StoredConversation>>, SqlError.SqlError>
    /** The conversations of deliveries, by the deliveries' ids. Digests and notices have none. */
    readonly ofDeliveries: (
      deliveries: ReadonlyArray<Pick<Delivery, "id" | keyof Key>>
    ) => Effect.Effect<ReadonlyMap<string, StoredConversation>, SqlError.SqlError>
    /**
     * Writes plans, no two of one conversation, with the deliveries that they enqueue and supersede; returns the
     * integrations that have something new to send.
     */
    readonly apply: (changes: ReadonlyArray<Change>) => Effect.Effect<ReadonlySet<IntegrationId>, SqlError.SqlError>
    /** Replaces the delivered messages of conversations, with their receipts. */
    readonly saveMessages: (
      conversations: ReadonlyArray<{
        readonly of: Pick<Delivery, keyof Key>
        readonly messages: ReadonlyArray<ChannelPlugin.DeliveredMessage>
      }>
    ) => Effect.Effect<void, SqlError.SqlError>
    /**
     * Records delivered messages in their conversations, except where a row has changed since the delivery was claimed;
     * returns the deliveries whose messages it recorded.
     */
    readonly saveSent: (sent: ReadonlyArray<SentMessage>) => Effect.Effect<ReadonlySet<string>, SqlError.SqlError>
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
    SqlClient.SqlClient | Deliveries | Changes | DirectClaims | AcceptedRaises
  > = Layer.effect(
    Conversations,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const deliveries = yield* Deliveries
      const live = yield* Changes
      const directClaims = yield* DirectClaims
      const accepted = yield* AcceptedRaises

      /** The conversations with these values in these columns of the key; no two of the keys are the same. */
      const query = (columns: ReadonlyArray<keyof Key>, keys: ReadonlyArray<Values>) =>
        Effect.map(
          sql<Row>`
            SELECT c.*, d.id AS delivery_id, d.kind, d.status
            FROM ${given(sql, "conversations", keys)} AS given
            CROSS JOIN conversations c LEFT JOIN deliveries d ON d.alert_id = c.alert_id AND d.integration_id = c.integration_id
              AND d.${sql.literal(openOfAlert)}
            WHERE ${keyIs(sql, "c", columns)}
            ORDER BY c.alert_id, c.integration_id`,
          (rows) => rows.map(fromRow)
        )

      const apply = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
        const at = yield* Clock.currentTimeMillis
        const opened: Array<Columns> = []
        const changed: Array<Columns> = []
        const superseded: Array<Step> = []
        const enqueued: Array<NewDelivery> = []
        const openings: Array<Opening> = []
        const claimable: Array<Opening> = []
        for (const { alert, first, known, mayClaim, plans, trace } of changes) {
          for (const { conversation, enqueue, supersede } of plans) {
            const { integration } = conversation
            const before = known.find((known) => known.integration === integration)
            // A conversation that never opened needs no row: its integration is disabled.
            if (enqueue === undefined && conversation.state === "closed" && before === undefined) continue
            const id = before?.id ?? conversationId(alert, integration)
            const columns = { alert_id: alert, integration_id: integration, ...toColumns(conversation, before, at) }
            if (before === undefined) {
              opened.push({ ...columns, opened_at: at })
            } else {
              changed.push(columns)
            }
            if (supersede !== undefined && before?.openDelivery !== undefined) {
              superseded.push({ delivery: before.openDelivery.id, status: "superseded", cause: supersede })
            }
            if (enqueue === undefined) continue
            if (first !== undefined && before === undefined && isRaise(enqueue)) {
              const stored = { ...conversation, id, alertId: alert, closedAt: undefined, receipt: undefined }
              const opening = { ...first, conversation: stored, trace }
              openings.push(opening)
              if (mayClaim === true) claimable.push(opening)
            }
            enqueued.push({
              integration,
              conversation: { id, alertId: alert },
              kind: enqueue.kind,
              status: enqueue.superseded === undefined ? "pending" : "superseded",
              cause: enqueue.superseded ?? whyEnqueued(conversation),
              trace
            })
          }
        }
        yield* insertAll(sql, "conversations", opened)
        yield* updateAll(sql, "conversations", changed, { key })
        yield* live.changed(
          "alert",
          changes.map(({ alert }) => alert)
        )
        yield* deliveries.transition(superseded)
        const claims = yield* directClaims.claim(claimable)
        const created = enqueued.map((delivery): NewDelivery => {
          const claim = claims.get(delivery.conversation?.id ?? "")
          return claim === undefined ? delivery : { ...delivery, claim }
        })
        const ids = yield* deliveries.enqueue(created)
        const deliveryOf = new Map(
          created.map(({ claim, conversation }, index) => [claim ?? conversation?.id, ids[index]])
        )
        const waiting = openings.flatMap((opening) => {
          const delivery = deliveryOf.get(opening.conversation.id)
          const { source, sourceId } = opening.alert
          const lockKey = alertKey(source, sourceId)
          return delivery === undefined ? [] : [{ delivery, opening, lockKey, createdAt: at }]
        })
        // At once: another part of the transaction may claim them.
        accepted.remember(waiting)
        yield* afterCommit(Effect.sync(() => accepted.committed(waiting)))
        yield* afterRollback(Effect.sync(() => accepted.take(waiting.map(({ delivery }) => delivery))))
        return new Set(created.flatMap(({ claim, integration }) => (claim === undefined ? [integration] : [])))
      })

      return Conversations.of({
        ofAlerts: Effect.fnUntraced(function* (alerts) {
          if (alerts.length === 0) return new Map()
          const keys = [...new Set(alerts)].map((alert_id) => ({ alert_id }))
          return Map.groupBy(yield* query(["alert_id"], keys), ({ alertId }) => alertId)
        }),
        ofDeliveries: Effect.fnUntraced(function* (rows) {
          const keys = new Map(
            rows.flatMap(keyOf).map((key) => [conversationId(key.alert_id, key.integration_id), key] as const)
          )
          if (keys.size === 0) return new Map()
          const found = yield* query(key, [...keys.values()])
          const known = new Map(found.map((one) => [conversationId(one.alertId, one.integration), one]))
          return new Map(
            rows.flatMap(({ alert_id, id, integration_id }) => {
              const conversation = known.get(conversationId(alert_id ?? "", integration_id))
              return conversation === undefined ? [] : [[id, conversation]]
            })
          )
        }),
        apply,
        saveMessages: (conversations) =>
          Effect.asVoid(
            updateAll(
              sql,
              "conversations",
              conversations.flatMap(({ messages, of }) =>
                keyOf(of).map((key) => ({ ...key, receipt: encodeMessages(messages) }))
              ),
              { key }
            )
          ),
        saveSent: Effect.fnUntraced(function* (sent) {
          const rows = sent.map((one) => toSentRow(one, encodeMessages(one.messages)))
          const saved = yield* sql<Key>`UPDATE conversations SET ${sql.literal(setToSent)}
            FROM ${givenAs(sql, sentRow, rows)} WHERE ${keyIs(sql, "conversations", key)}
              AND ${sql.literal(isAsClaimed)} RETURNING conversations.alert_id, conversations.integration_id`
          const keys = new Set(saved.map(({ alert_id, integration_id }) => conversationId(alert_id, integration_id)))
          const unchanged = sent.filter(({ known }) => keys.has(conversationId(known.alertId, known.integration)))
          yield* live.changed(
            "alert",
            unchanged.map(({ alert }) => alert.id)
          )
          return new Set(unchanged.map(({ delivery }) => delivery))
        }),
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

/** The key of a delivery's conversation, if it has one. */
const keyOf = ({ alert_id, integration_id }: Pick<Delivery, keyof Key>): ReadonlyArray<Key & Values> =>
  alert_id === null ? [] : [{ alert_id, integration_id }]

const isRaise = ({ kind, superseded }: NonNullable<Plan["enqueue"]>) => kind === "Raised" && superseded === undefined

/** Why a delivery is enqueued, for its first row of history. */
const whyEnqueued = ({ closedBecause, everMatchedBy, matchedBy }: Conversation): string =>
  closedBecause === undefined ? matchedText(matchedBy) : `closed: ${closedBecause}; was ${matchedText(everMatchedBy)}`
