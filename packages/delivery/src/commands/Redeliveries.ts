/**
 * Redelivers dead deliveries, or any delivery on request (case D7).
 */
import type { AlertId, IntegrationId, Kind } from "@tocsin/core"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AuditLog } from "../records/access/AuditLog.ts"
import { Conversations } from "../records/Conversations.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { type Row, undelivered, undeliveredAnywhere } from "../records/deliveryRow.ts"
import { NotFound } from "../config/expected.ts"
import { Integrations } from "../config/Integrations.ts"
import { type InvalidInput, invalid } from "../config/InvalidInput.ts"
import { RequestTrace } from "../metrics/traces.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { Signals } from "../cluster/Signals.ts"
import { storable } from "../domain/storableText.ts"
import type { StoredConversation } from "../domain/conversation.ts"
import { afterCommit } from "../sql/transactionEnd.ts"

/** The delivery cannot be redelivered now; the message says why. */
export class NotAgain extends Schema.TaggedError<NotAgain>()("NotAgain", { message: Schema.String }) {}

/** Who requested the redelivery, and why. Stored in the history of the new delivery. */
export interface Asked {
  readonly by: string
  readonly reason: string | undefined
}

/** With the trace of the request: a transaction runs in another fiber than its caller. */
type Traced<A> = A & { readonly trace: string | undefined }

/** Selects the deliveries to redeliver. */
export interface RedeliveryFilter {
  /** How they ended; `dead` if undefined. */
  readonly state?: "dead" | "delivered" | undefined
  readonly integration?: IntegrationId | undefined
  readonly alert?: AlertId | undefined
  /** Created at or after this time, in epoch milliseconds. */
  readonly since?: number | undefined
}

/** How many redeliveries share a transaction. More would delay other writes. */
const redeliveredAtOnce = 500

/** Redelivers deliveries. */
export class Redeliveries extends Context.Service<
  Redeliveries,
  {
    /** Redelivers a delivery that has ended, and returns the id of the new one. A delivered one needs a reason. */
    readonly one: (
      delivery: string,
      asked: Asked
    ) => Effect.Effect<string, NotFound | NotAgain | InvalidInput | StoreUnavailable>
    /**
     * Redelivers all matching deliveries that can be sent now, in the order in which they were due, and returns their
     * number.
     */
    readonly many: (filter: RedeliveryFilter, asked: Asked) => Effect.Effect<number, StoreUnavailable>
    /** Returns how many deliveries `many` would create, and creates none. */
    readonly count: (filter: RedeliveryFilter) => Effect.Effect<number, StoreUnavailable>
  }
>()("@tocsin/delivery/Redeliveries") {
  static readonly layer: Layer.Layer<
    Redeliveries,
    never,
    GroupCommit | SqlClient.SqlClient | AuditLog | Conversations | Deliveries | Integrations | Signals
  > = Layer.effect(
    Redeliveries,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const conversations = yield* Conversations
      const deliveries = yield* Deliveries
      const integrations = yield* Integrations
      const signals = yield* Signals
      const audit = yield* AuditLog

      const again = Effect.fnUntraced(function* (row: Row, { by, reason, trace }: Traced<Asked>) {
        if (row.alert_id === null) {
          return yield* new NotAgain({
            message:
              "It is a digest, a reply to one or a notice; redeliver the deliveries that a digest includes instead"
          })
        }
        const conversation = (yield* conversations.ofDeliveries([row])).get(row.id)
        const whyNot =
          conversation === undefined || !(yield* integrations.enabled).has(conversation.integration)
            ? "Its integration was deleted"
            : notNow(row, conversation)
        if (conversation === undefined || whyNot !== undefined) return yield* new NotAgain({ message: whyNot ?? "" })
        const [created = ""] = yield* deliveries.enqueue([
          {
            integration: conversation.integration,
            conversation,
            kind: kindNow(row.kind, conversation),
            status: "pending",
            cause: storable(`delivered again, asked for by ${by}${reason === undefined ? "" : `: ${reason}`}`),
            redeliveryOf: row.id,
            trace
          }
        ])
        yield* afterCommit(signals.send([conversation.integration], "work"))
        return created
      })

      const one = Effect.fnUntraced(function* (id: string, asked: Traced<Asked>) {
        const row = (yield* deliveries.byIds([id])).get(id)
        if (row === undefined) return yield* new NotFound()
        const redelivered = yield* sql`SELECT id FROM deliveries
          WHERE alert_id = ${row.alert_id} AND integration_id = ${row.integration_id} AND redelivery_of = ${id} AND status = 'delivered' LIMIT 1`
        if ((row.status === "delivered" || redelivered.length > 0) && asked.reason === undefined) {
          return yield* invalid("/reason", "why it is to be delivered again, because it was delivered already")
        }
        return yield* again(row, asked)
      })

      /** The next matching deliveries without a later delivery in their conversation, except superseded ones. */
      const endedAfter = (after: number, { alert, integration, since, state = "dead" }: RedeliveryFilter) =>
        sql<Row>`SELECT * FROM deliveries WHERE ${sql.and([
          sql.literal(
            state === "dead"
              ? `status = 'dead' AND ${integration === undefined ? undeliveredAnywhere : undelivered}`
              : "status = 'delivered'"
          ),
          sql`sequence > ${after} AND alert_id IS NOT NULL`,
          ...(alert === undefined ? [] : [sql`alert_id = ${alert}`]),
          sql`NOT EXISTS (SELECT 1 FROM deliveries later
          WHERE later.alert_id = deliveries.alert_id AND later.integration_id = deliveries.integration_id
            AND later.sequence > deliveries.sequence
            AND later.status <> 'superseded')`,
          ...(integration === undefined ? [] : [sql`integration_id = ${integration}`]),
          ...(since === undefined ? [] : [sql`created_at >= ${since}`])
        ])} ORDER BY sequence LIMIT ${redeliveredAtOnce}`

      return Redeliveries.of({
        one: (id, asked) =>
          Effect.flatMap(Effect.all([audit.recorder, RequestTrace]), ([record, trace]) =>
            groupCommit.commit(
              Effect.tap(one(id, { ...asked, trace }), (delivery) =>
                record({
                  action: "redelivered",
                  kind: "delivery",
                  subject: id,
                  after: { delivery, reason: asked.reason }
                })
              )
            )
          ),
        count: Effect.fnUntraced(function* (filter) {
          let count = 0
          for (let after = 0; ;) {
            const possible = yield* groupCommit.read(
              Effect.gen(function* () {
                const rows = yield* endedAfter(after, filter)
                const known = yield* conversations.ofDeliveries(rows)
                const enabled = yield* integrations.enabled
                const last = rows.at(-1)?.sequence
                const can = rows.filter((row) => {
                  const conversation = known.get(row.id)
                  return (
                    conversation !== undefined &&
                    enabled.has(conversation.integration) &&
                    notNow(row, conversation) === undefined
                  )
                })
                return { last, count: can.length }
              })
            )
            if (possible.last === undefined) return count
            count += possible.count
            after = possible.last
          }
        }),
        many: Effect.fnUntraced(function* (filter, asked) {
          const trace = yield* RequestTrace
          const record = yield* audit.recorder
          let made = 0
          let after = 0
          for (;;) {
            const rows = yield* groupCommit.read(endedAfter(after, filter))
            const last = rows.at(-1)
            if (last === undefined) return made
            after = last.sequence
            made += yield* groupCommit.commit(
              Effect.gen(function* () {
                const each = yield* Effect.forEach(rows, (row) =>
                  again(row, { ...asked, trace }).pipe(
                    Effect.as(1),
                    Effect.catchTag("NotAgain", () => Effect.succeed(0))
                  )
                )
                const redelivered = each.reduce((sum, one) => sum + one, 0)
                if (redelivered > 0) {
                  const entry = { redelivered, ...filter, reason: asked.reason }
                  yield* record({ action: "redelivered", kind: "delivery", subject: "", after: entry })
                }
                return redelivered
              })
            )
          }
        })
      })
    })
  )
}

const notNow = ({ cause, id, kind, status }: Row, { state, openDelivery }: StoredConversation): string | undefined => {
  if (openDelivery?.id === id) return "It still waits to be delivered"
  if (openDelivery !== undefined) return "Another delivery of this alert still waits there"
  if (status === "superseded") return `It was superseded (${cause ?? ""}): its message was no longer true`
  if (kind === "Cleared" && state === "open") return "The alert is raised again there: there is no clear to send"
  return undefined
}

/** A redelivered raise is composed when it is sent, so whether the alert has cleared does not matter here. */
const kindNow = (kind: Kind, { state }: StoredConversation): Kind =>
  kind === "Cleared" || (kind === "Escalated" && state === "open") ? kind : "Raised"
