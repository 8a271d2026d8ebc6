/**
 * Deliveries with their history. Only reads.
 */
import { AlertId, Because, IntegrationId, type Kind, type RecipientOutcome, type Severity } from "@tocsin/core"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { alertNames } from "./alertNames.ts"
import { decodeHistory, type Transition } from "../records/deliveryHistory.ts"
import { DeliveryStatus, undelivered, undeliveredAnywhere } from "../records/deliveryRow.ts"
import { isOneOf } from "../sql/bulk.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { decodeRecipients } from "../records/partialDelivery.ts"
import { only, type Page, page } from "../sql/pagination.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"

export type { Transition }

/** One notification due at one integration. */
export interface Delivery {
  readonly id: string
  /** Its number in the store, in the order of creation. */
  readonly sequence: number
  /** Undefined for a digest or a notice. */
  readonly alert: AlertId | undefined
  /** The alert's rule, and its test if it has one: `Disk full: db-1`. */
  readonly alertName: string | undefined
  readonly integration: IntegrationId
  readonly kind: Kind
  readonly status: DeliveryStatus
  readonly cause: string | undefined
  readonly attempts: number
  /** When the next attempt is due, if not now. Never in the past. */
  readonly nextAt: number | undefined
  /** The message in plain words, once it was delivered. */
  readonly text: string | undefined
  /** Where a person can see the message. */
  readonly link: URL | undefined
  /** The last outcome at each of several recipients, if the plugin names them; of a digest for what it includes. */
  readonly recipients: ReadonlyArray<RecipientOutcome>
  /** The digest, or the message about a later episode, that included it. */
  readonly foldedInto: string | undefined
  /** The delivery that it repeats on request. */
  readonly redeliveryOf: string | undefined
  readonly createdAt: number
  readonly updatedAt: number
  readonly transitions: ReadonlyArray<Transition>
}

/** One alert at one integration, as people see it. */
export interface ConversationSummary {
  readonly integration: IntegrationId
  readonly state: "open" | "closed"
  readonly rules: ReadonlyArray<string>
  readonly lastSent: "raised" | "cleared" | undefined
  readonly severitySent: Severity | undefined
  readonly closedBecause: Because | undefined
}

/** An integration was paused or resumed. */
export interface Pause {
  readonly integration: IntegrationId
  readonly action: "paused" | "resumed"
  readonly reason: string
  /** Who did it: a user's name or a network address. */
  readonly by: string
  readonly at: number
}

/** The alerts of a digest: names and severities only, because anyone with the link can read them. */
export interface DigestContent {
  /** Epoch milliseconds. */
  readonly at: number
  readonly alerts: ReadonlyArray<{ readonly name: string; readonly severity: Severity; readonly kind: Kind }>
}

/** Which deliveries to list, newest first. */
export interface DeliveryFilter {
  /** `pending` includes retrying and sending; `open` is all that has not ended. */
  readonly status: ReadonlyArray<DeliveryStatus | "open">
  readonly integration?: IntegrationId | undefined
  readonly alert?: AlertId | undefined
  /** Created at or after this time, in epoch milliseconds. */
  readonly since?: number | undefined
  readonly before?: number | undefined
  readonly limit: number
}

/** Reads the history of deliveries. */
export class History extends Context.Service<
  History,
  {
    readonly list: (filter: DeliveryFilter) => Effect.Effect<Page<Delivery>, StoreUnavailable>
    readonly get: (id: string) => Effect.Effect<Delivery | undefined, StoreUnavailable>
    /** The notes on the alert's events, such as the reason why a person closed it; oldest first. */
    readonly notes: (
      alert: AlertId
    ) => Effect.Effect<ReadonlyArray<{ readonly at: number; readonly note: string }>, StoreUnavailable>
    /** The pauses and resumptions of integrations until this time, oldest first; at most the last 500. */
    readonly pauses: (
      integrations: ReadonlyArray<IntegrationId>,
      until: number
    ) => Effect.Effect<ReadonlyArray<Pause>, StoreUnavailable>
    /** The digest with this key, as long as history is kept. */
    readonly digest: (key: string) => Effect.Effect<DigestContent | undefined, StoreUnavailable>
    readonly conversations: (alert: AlertId) => Effect.Effect<ReadonlyArray<ConversationSummary>, StoreUnavailable>
  }
>()("@tocsin/delivery/History") {
  static readonly layer: Layer.Layer<History, never, SqlClient.SqlClient | GroupCommit> = Layer.effect(
    History,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { read } = yield* GroupCommit

      const toDeliveries = Effect.fnUntraced(function* (rows: ReadonlyArray<Row>) {
        if (rows.length === 0) return []
        const now = yield* Clock.currentTimeMillis
        const ids = rows.flatMap(({ alert_id }) => alert_id ?? [])
        const names = yield* alertNames(sql, ids)
        const including = yield* recipientsOf(rows.flatMap(({ folded_into }) => folded_into ?? []))
        return rows.map((row) => fromRow(row, { including, names, now }))
      })

      /** The recipients of the messages that included other deliveries. */
      const recipientsOf = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
        if (ids.length === 0) return new Map<string, string>()
        const rows = yield* sql<{ id: string; recipients: string }>`SELECT id, recipients FROM deliveries
          WHERE ${isOneOf(sql, "id", ids)} AND recipients IS NOT NULL`
        return new Map(rows.map(({ id, recipients }) => [id, recipients]))
      })

      /** The first delivery created at or after a time. If the clock was set back, some may be missed. */
      const firstSince = (since: number) =>
        Effect.map(
          sql<{ sequence: number }>`SELECT sequence FROM deliveries WHERE created_at >= ${since}
            ORDER BY created_at, sequence LIMIT 1`,
          ([first]) => first?.sequence ?? Number.MAX_SAFE_INTEGER
        )

      const list = Effect.fnUntraced(function* ({ alert, before, integration, limit, since, status }: DeliveryFilter) {
        const statuses = status.length === 0 ? DeliveryStatus.literals : [...new Set(status.flatMap(meant))]
        const isAll = statuses.length === DeliveryStatus.literals.length
        const others = [
          ...(integration === undefined ? [] : [sql`integration_id = ${integration}`]),
          ...(since === undefined ? [] : [sql`created_at >= ${since} AND sequence >= ${yield* firstSince(since)}`])
        ]
        const found = yield* page<Row>(sql, {
          before,
          limit,
          table: alert === undefined ? sql`deliveries` : only(sql, "deliveries", sql`alert_id = ${alert}`),
          branches:
            alert !== undefined
              ? [sql.and([sql.in("status", statuses), ...others])]
              : isAll && integration === undefined
                ? [sql.and(others)]
                : statuses.map((status) =>
                    sql.and([
                      ...(status === "delivered"
                        ? [sql.literal("status = 'delivered'")]
                        : [
                            sql`status = ${status}`,
                            sql.literal(integration === undefined ? undeliveredAnywhere : undelivered)
                          ]),
                      ...others
                    ])
                  ),
          counted:
            alert === undefined && since === undefined
              ? sql`SELECT coalesce(sum(n), 0) AS n FROM delivery_counts
                  WHERE ${sql.and([sql.in("status", statuses), ...others])}`
              : undefined
        })
        return { ...found, items: yield* toDeliveries(found.items) }
      })

      return History.of({
        list: (filter) => read(list(filter)),
        get: Effect.fnUntraced(function* (id) {
          const [delivery] = yield* toDeliveries(yield* sql<Row>`SELECT * FROM deliveries WHERE id = ${id}`)
          return delivery
        }, read),
        notes: (alert) =>
          read(
            sql<{ at: number; note: string }>`SELECT received_at AS at, note FROM events
              WHERE alert_id = ${alert} AND note IS NOT NULL ORDER BY sequence`
          ),
        pauses: Effect.fnUntraced(function* (integrations, until) {
          if (integrations.length === 0) return []
          const rows = yield* sql<PauseRow>`SELECT integration_id, action, reason, caller, at FROM pauses
            WHERE ${sql.in("integration_id", integrations)} AND at <= ${until} ORDER BY sequence DESC LIMIT 500`
          return rows.toReversed().map(({ action, at, caller, integration_id, reason }) => ({
            integration: IntegrationId.make(integration_id),
            action,
            reason,
            by: caller,
            at
          }))
        }, read),
        digest: Effect.fnUntraced(function* (key) {
          const [found] = yield* sql<Row>`SELECT * FROM deliveries WHERE digest_key = ${key}`
          if (found === undefined) return undefined
          const rows = yield* sql<{ id: string; severity: Severity; kind: Kind }>`
            SELECT a.id, a.severity, d.kind FROM deliveries d JOIN alerts a ON a.id = d.alert_id
            WHERE d.folded_into = ${found.id} ORDER BY d.sequence`
          const ids = rows.map(({ id }) => id)
          const names = yield* alertNames(sql, ids)
          const alerts = rows.map(({ id, kind, severity }) => ({ name: names.get(id) ?? id, severity, kind }))
          return { at: found.created_at, alerts }
        }, read),
        conversations: (alert) =>
          Effect.map(
            read(
              sql<ConversationRow>`SELECT * FROM conversations WHERE alert_id = ${alert} ORDER BY opened_at, integration_id`
            ),
            (rows) =>
              rows.map((row) => ({
                integration: IntegrationId.make(row.integration_id),
                state: row.state,
                rules: decodeNames(row.held_by),
                lastSent: row.last_word ?? undefined,
                severitySent: row.severity_told ?? undefined,
                closedBecause: row.closed_because ?? undefined
              }))
          )
      })
    })
  )
}

const meant = (status: DeliveryStatus | "open"): ReadonlyArray<DeliveryStatus> => {
  if (status === "open") return ["pending", "retrying", "sending", "folded"]
  return status === "pending" ? ["pending", "retrying", "sending"] : [status]
}

const decodeNames = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Array(Schema.String)))

interface Row {
  readonly sequence: number
  readonly id: string
  readonly alert_id: string | null
  readonly integration_id: string
  readonly kind: Kind
  readonly status: DeliveryStatus
  readonly cause: string | null
  readonly attempts: number
  readonly next_at: number
  readonly text: string | null
  readonly link: string | null
  readonly recipients: string | null
  readonly redelivery_of: string | null
  readonly folded_into: string | null
  readonly history: string
  readonly created_at: number
  readonly updated_at: number
}

interface PauseRow {
  readonly integration_id: string
  readonly action: "paused" | "resumed"
  readonly reason: string
  readonly caller: string
  readonly at: number
}

interface ConversationRow {
  readonly integration_id: string
  readonly state: "open" | "closed"
  readonly held_by: string
  readonly last_word: "raised" | "cleared" | null
  readonly severity_told: Severity | null
  readonly closed_because: Because | null
}

const fromRow = (
  row: Row,
  { including, names, now }: Record<"including" | "names", ReadonlyMap<string, string>> & { readonly now: number }
): Delivery => ({
  id: row.id,
  sequence: row.sequence,
  alert: row.alert_id === null ? undefined : AlertId.make(row.alert_id),
  alertName: names.get(row.alert_id ?? ""),
  integration: IntegrationId.make(row.integration_id),
  kind: row.kind,
  status: row.status,
  cause: row.cause ?? undefined,
  attempts: row.attempts,
  // A delivery that is due now has no next time.
  nextAt: row.status === "retrying" && row.next_at > now ? row.next_at : undefined,
  text: row.text ?? undefined,
  link: row.link === null ? undefined : new URL(row.link),
  recipients: decodeRecipients(row.recipients ?? including.get(row.folded_into ?? "") ?? null),
  redeliveryOf: row.redelivery_of ?? undefined,
  foldedInto: row.folded_into ?? undefined,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  transitions: decodeHistory(row.history)
})
