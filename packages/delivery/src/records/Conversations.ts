/**
 * Conversations and their deliveries in the store: what the planner reads, and
 * what becomes of its plans. All of it runs inside a journal's transaction.
 */
import type { AlertId, IntegrationId, Kind } from "@tocsin/core"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import { Changes } from "../cluster/Changes.ts"
import { type Columns, fromRow, type Row, toColumns } from "./conversationRow.ts"
import { insertAll, isOneOf, updateAll, type Values } from "../sql/bulk.ts"
import type { Plan } from "../domain/Planner.ts"
import type { StoredConversation, Conversation } from "../domain/conversation.ts"

/** A delivery to be made; the cause says why, for its first row of history. */
export interface NewDelivery {
  readonly kind: Kind
  readonly status: "pending" | "superseded"
  readonly cause: string
  readonly redeliveryOf?: string
}

/** What was planned for one alert. */
export interface Change {
  readonly alert: AlertId
  readonly plans: ReadonlyArray<Plan>
  /** The alert's conversations, as they were read in this transaction. */
  readonly known: ReadonlyArray<StoredConversation>
}

/** A step of a delivery, and why it is made. */
export interface Move {
  readonly delivery: string
  readonly status: DeliveryStatus
  readonly cause?: string | undefined
  readonly attempt?: number
  /** What else becomes of its row. */
  readonly set?: Values
}

/** How far a delivery is. The last four are its end. */
export const DeliveryStatus = Schema.Literals([
  "pending",
  "retrying",
  "sending",
  "folded",
  "delivered",
  "dead",
  "superseded",
  "diverted"
])
export type DeliveryStatus = typeof DeliveryStatus.Type

/** The condition of the index of deliveries that have not ended; a query must repeat it in these words to use it. */
export const openStatus = "status IN ('pending', 'retrying', 'sending', 'folded')"

/**
 * The deliveries `d` of all episodes `a` of the alert `this`, by way of their conversations `c`. In this order: else
 * SQLite, which does not know how long a backlog is, begins with the backlog.
 */
export const episodesJoined = `alerts this CROSS JOIN alerts a CROSS JOIN conversations c CROSS JOIN deliveries d
  WHERE a.source = this.source AND a.source_id = this.source_id AND c.alert_id = a.id AND d.conversation_id = c.id`

/** Reads and writes conversations and deliveries. */
export class Conversations extends Context.Service<
  Conversations,
  {
    /** The conversations of each of the alerts. */
    readonly ofAlerts: (
      alerts: ReadonlyArray<AlertId>
    ) => Effect.Effect<ReadonlyMap<AlertId, ReadonlyArray<StoredConversation>>, SqlError.SqlError>
    /** Some conversations, by their ids. */
    readonly many: (ids: Iterable<string>) => Effect.Effect<ReadonlyMap<string, StoredConversation>, SqlError.SqlError>
    /**
     * Writes what was planned, no two plans for one conversation, and tells which integrations have something new to
     * send.
     */
    readonly apply: (changes: ReadonlyArray<Change>) => Effect.Effect<ReadonlySet<IntegrationId>, SqlError.SqlError>
    /** Makes a delivery of the conversation, which must have none that has not ended; gives its id. */
    readonly makeDelivery: (conversation: Place, delivery: NewDelivery) => Effect.Effect<string, SqlError.SqlError>
    /** Ends all conversations of an integration that is being removed, and what it was still owed. */
    readonly endAll: (integration: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    /** Moves deliveries on, each with a row that says when, and why. */
    readonly move: (moves: ReadonlyArray<Move>) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@tocsin/delivery/Conversations") {
  static readonly layer: Layer.Layer<Conversations, never, SqlClient.SqlClient | SecureRandom.SecureRandom | Changes> =
    Layer.effect(
      Conversations,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const random = yield* SecureRandom.SecureRandom
        const live = yield* Changes

        const open = sql.literal(openStatus)

        const query = (where: Statement.Fragment) =>
          Effect.map(
            sql<Row>`
              SELECT c.*, d.id AS delivery_id, d.kind, d.status
              FROM conversations c
              LEFT JOIN deliveries d ON d.conversation_id = c.id AND d.${open}
              WHERE ${where} ORDER BY c.id`,
            (rows) => rows.map(fromRow)
          )

        const ofAlerts = Effect.fnUntraced(function* (alerts: ReadonlyArray<AlertId>) {
          if (alerts.length === 0) return new Map()
          return Map.groupBy(yield* query(isOneOf(sql, "c.alert_id", alerts)), ({ alertId }) => alertId)
        })

        const many = (ids: Iterable<string>) =>
          Effect.map(
            query(isOneOf(sql, "c.id", ids)),
            (found) => new Map(found.map((conversation) => [conversation.id, conversation]))
          )

        const record = Effect.fnUntraced(function* (moves: ReadonlyArray<Move>, at: number) {
          yield* insertAll(
            sql,
            "transitions",
            moves.map(({ attempt, cause, delivery, status }) => ({
              delivery_id: delivery,
              status,
              cause: cause ?? null,
              attempt: attempt ?? null,
              at
            }))
          )
          yield* live.changed(
            "delivery",
            moves.map(({ delivery }) => delivery)
          )
        })

        const move = Effect.fnUntraced(function* (moves: ReadonlyArray<Move>) {
          const at = yield* Clock.currentTimeMillis
          for (const alike of Map.groupBy(moves, ({ set = {} }) => Object.keys(set).join()).values()) {
            yield* updateAll(
              sql,
              "deliveries",
              alike.map(({ cause, delivery, set, status }) => ({
                id: delivery,
                status,
                cause: cause ?? null,
                updated_at: at,
                ...set
              }))
            )
          }
          yield* record(moves, at)
        })

        const makeDeliveries = Effect.fnUntraced(function* (
          made: ReadonlyArray<NewDelivery & { readonly id: string; readonly of: Place }>
        ) {
          if (made.length === 0) return
          const at = yield* Clock.currentTimeMillis
          yield* insertAll(
            sql,
            "deliveries",
            made.map(({ cause, id, kind, of, redeliveryOf, status }) => ({
              id,
              conversation_id: of.id,
              alert_id: of.alertId,
              integration_id: of.integration,
              kind,
              status,
              cause,
              form: "rich",
              attempts: 0,
              unanswered: 0,
              next_at: at,
              redelivery_of: redeliveryOf ?? null,
              created_at: at,
              updated_at: at
            })),
            { computed: { severity: "(SELECT severity FROM alerts WHERE id = given.alert_id)" } }
          )
          yield* record(
            made.map(({ cause, id, status }) => ({ delivery: id, status, cause })),
            at
          )
        })

        const apply = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
          const at = yield* Clock.currentTimeMillis
          const opened: Array<Columns> = []
          const changed: Array<Columns> = []
          const superseded: Array<Move> = []
          const owed: Array<NewDelivery & { readonly id: string; readonly of: Place }> = []
          for (const { alert, known, plans } of changes) {
            for (const { conversation, enqueue, supersede } of plans) {
              const { integration } = conversation
              const before = known.find((known) => known.integration === integration)
              // What never opened needs no row: the integration is disabled.
              if (enqueue === undefined && conversation.state === "closed" && before === undefined) continue
              const id = before?.id ?? (yield* random.uuidV7())
              const columns = { id, ...toColumns(conversation, before, at) }
              if (before === undefined) {
                opened.push({ ...columns, alert_id: alert, integration_id: integration, opened_at: at })
              } else {
                changed.push(columns)
              }
              if (supersede !== undefined && before?.waiting !== undefined) {
                superseded.push({ delivery: before.waiting.id, status: "superseded", cause: supersede })
              }
              if (enqueue === undefined) continue
              owed.push({
                id: yield* random.uuidV7(),
                of: { id, alertId: alert, integration },
                kind: enqueue.kind,
                status: enqueue.superseded === undefined ? "pending" : "superseded",
                cause: enqueue.superseded ?? whyOwed(conversation)
              })
            }
          }
          yield* insertAll(sql, "conversations", opened)
          yield* updateAll(sql, "conversations", changed)
          yield* live.changed(
            "alert",
            changes.map(({ alert }) => alert)
          )
          yield* move(superseded)
          yield* makeDeliveries(owed)
          return new Set(owed.map(({ of }) => of.integration))
        })

        const endAll = Effect.fnUntraced(function* (integration: IntegrationId) {
          const at = yield* Clock.currentTimeMillis
          const cause = "integration deleted"
          const owed = sql`integration_id = ${integration} AND ${open}`
          yield* sql`INSERT INTO transitions (delivery_id, status, cause, at)
            SELECT id, 'superseded', ${cause}, ${at} FROM deliveries WHERE ${owed} ORDER BY sequence`
          yield* sql`UPDATE deliveries SET status = 'superseded', cause = ${cause}, updated_at = ${at} WHERE ${owed}`
          yield* sql`UPDATE conversations
            SET state = 'closed', holders = '[]', closed_because = 'integrationRemoved', closed_at = ${at}
            WHERE integration_id = ${integration} AND state = 'open'`
          // Nothing more is owed there; one that is made again under this id is a new place that knows of nothing.
          yield* live.allChanged("alert")
          yield* live.allChanged("delivery")
          yield* sql`UPDATE conversations
            SET last_word = NULL, last_owed = NULL, severity_told = NULL, perhaps_told = 0, receipt = NULL
            WHERE integration_id = ${integration}`
        })

        return Conversations.of({
          ofAlerts,
          many,
          apply,
          makeDelivery: Effect.fnUntraced(function* (of, delivery) {
            const id = yield* random.uuidV7()
            yield* makeDeliveries([{ ...delivery, id, of }])
            return id
          }),
          endAll,
          move
        })
      })
    )
}

/** Why a delivery was made, for its first row of history. */
const whyOwed = ({ closedBecause, everMatchedBy, matchedBy }: Conversation): string =>
  closedBecause === undefined
    ? `held by ${matchedBy.join(", ")}`
    : `closed: ${closedBecause}; was held by ${everMatchedBy.join(", ")}`

/** The conversation that a delivery belongs to. */
type Place = Pick<StoredConversation, "id" | "alertId" | "integration">
