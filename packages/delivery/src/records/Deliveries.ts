/**
 * The table `deliveries`. Nothing else writes it. All of it runs inside a transaction of `GroupCommit`.
 */
import {
  type AlertId,
  type ChannelPlugin,
  type IntegrationId,
  type Kind,
  Notification,
  type Severity
} from "@tocsin/core"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import { Changes } from "../cluster/Changes.ts"
import type { StoredConversation } from "../domain/conversation.ts"
import { given, givenAs, insertAll, isOneOf, updateAll, type Values } from "../sql/bulk.ts"
import { AcceptedRaises } from "./AcceptedRaises.ts"
import { type DeliveryStatus, openStatus, type Row, undelivered } from "./deliveryRow.ts"
import { encodeStep, withStep } from "./deliveryHistory.ts"
import type { DirectClaim } from "./DirectClaims.ts"
import { episodes } from "./openEpisodes.ts"
import { type DigestReply, encodeDigestReply, repliesAt } from "./digestReply.ts"
import { encodeTestSend, type TestSend, testsOf } from "./testSend.ts"
import { isAsAccepted, raiseRow, setToSending, toRaiseRows, type UnclaimedRaise } from "./unclaimedRaise.ts"

/** A delivery to create. Without a conversation it is a digest or a notice. */
export interface NewDelivery {
  readonly integration: IntegrationId
  readonly conversation?: Pick<StoredConversation, "id" | "alertId">
  readonly kind: Kind
  readonly status: "pending" | "superseded"
  /** Why it is created, for the first step of its history. */
  readonly cause: string
  readonly redeliveryOf?: string
  /** Its content. If absent, it is composed when the delivery is claimed. */
  readonly notification?: Notification | TestSend | DigestReply
  /** What a notice, a test send or a reply to a digest is about. */
  readonly about?: string
  /** The trace context of the request that causes it, as a `traceparent`. */
  readonly trace?: string | undefined
  /** Its first attempt begins after the commit. */
  readonly claim?: DirectClaim | undefined
  readonly digest?: { readonly key: string; readonly form: ChannelPlugin.Form; readonly severity: Severity }
}

/** A step of a delivery: its next status, and why. */
export interface Step {
  readonly delivery: string
  readonly status: DeliveryStatus
  readonly cause?: string | undefined
  /** The attempt that the step belongs to, from 1. */
  readonly attempt?: number
  readonly set?: StepChanges
}

/** The columns that change together with the status. */
export interface StepChanges {
  readonly kind?: Kind
  readonly attempts?: number
  readonly form?: ChannelPlugin.Form
  /** When it is due, in epoch milliseconds. */
  readonly nextAt?: number
  readonly severity?: Severity
  /** Copies the current severity of the alert. */
  readonly refreshSeverity?: true
  /** The partition under whose lease it is being sent (M2). */
  readonly partition?: number
  /** The delivery that includes it; null if none does now. */
  readonly foldedInto?: string | null
  /** The message in plain words. */
  readonly text?: string
  /** The stored message of a test send. */
  readonly notification?: string
  /** Where a person can see the message. */
  readonly link?: string
  /** The columns of `partialDelivery.ts`. */
  readonly partial?: string
  readonly recipients?: string
}

/** Reads deliveries, and is the only writer of their rows. */
export class Deliveries extends Context.Service<
  Deliveries,
  {
    /** Creates deliveries, due at once, each with its first step; returns their ids in the same order. */
    readonly enqueue: (
      deliveries: ReadonlyArray<NewDelivery>
    ) => Effect.Effect<ReadonlyArray<string>, SqlError.SqlError>
    /** Moves deliveries to their next status, each with a step in its history. */
    readonly transition: (steps: ReadonlyArray<Step>) => Effect.Effect<void, SqlError.SqlError>
    /**
     * Moves pending first raises to `sending`, except where the delivery, its alert or its conversation has changed since
     * the event with this hash created them; returns the ids of those that it moved.
     */
    readonly claimUnchanged: (
      raises: ReadonlyArray<UnclaimedRaise>
    ) => Effect.Effect<ReadonlySet<string>, SqlError.SqlError>
    readonly byIds: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, Row>, SqlError.SqlError>
    /**
     * Returns for each delivery, by its id, all open deliveries of the same alert at the same integration, including
     * itself, in the order of the alert's episodes.
     */
    readonly openOfEpisodes: (
      deliveries: ReadonlyArray<Pick<Row, "id" | "alert_id" | "integration_id">>
    ) => Effect.Effect<ReadonlyMap<string, ReadonlyArray<Row>>, SqlError.SqlError>
    /** Makes all retrying deliveries of the integration due now. */
    readonly retryNow: (integration: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    /** Sets the severity that orders the alert's pending deliveries in a storm. */
    readonly setSeverity: (alert: AlertId, severity: Severity) => Effect.Effect<void, SqlError.SqlError>
    /** Ends all open deliveries of an integration that is being removed. */
    readonly supersedeAll: (integration: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    /** Ends the pending test sends and replies to digests of an integration whose settings changed. */
    readonly supersedeFollowing: (integration: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    /** Removes the partial results from the open deliveries of an integration (O8). */
    readonly forgetPartials: (integration: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    /** Removes deliveries. */
    readonly remove: (ids: ReadonlyArray<string>) => Effect.Effect<void, SqlError.SqlError>
    /** Removes all deliveries of these alerts. */
    readonly removeOfAlerts: (alerts: ReadonlyArray<string>) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@tocsin/delivery/Deliveries") {
  static readonly layer = Layer.effect(
    Deliveries,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const random = yield* SecureRandom.SecureRandom
      const live = yield* Changes
      const accepted = yield* AcceptedRaises

      const enqueue = Effect.fnUntraced(function* (created: ReadonlyArray<NewDelivery>) {
        const at = yield* Clock.currentTimeMillis
        const ids = yield* Effect.forEach(created, ({ claim }) =>
          claim === undefined ? random.uuidV7() : Effect.succeed(claim.id)
        )
        const rows = created.map((delivery, index) => toRow(ids[index] ?? "", delivery, at))
        for (const alike of Map.groupBy(rows, (row) => Object.keys(row).join()).values()) {
          const isOfAlert = alike.every((row) => !("severity" in row))
          yield* insertAll(sql, "deliveries", alike, {
            ...(isOfAlert && { computed: { severity: severityOfAlert("given") } })
          })
        }
        yield* live.changed("delivery", ids)
        return ids
      })

      const transition = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>) {
        const at = yield* Clock.currentTimeMillis
        const ids = steps.map(({ delivery }) => delivery)
        // Whatever follows, they no longer wait for their first attempt. After a rollback, lanes read them.
        accepted.take(ids)
        for (const alike of Map.groupBy(steps, ({ set = {} }) => Object.keys(set).join()).values()) {
          const rows = alike.map(({ attempt, cause, delivery, set = {}, status }) => ({
            id: delivery,
            status,
            cause: cause ?? null,
            updated_at: at,
            history: encodeStep({ status, at, cause, attempt }),
            ...toColumns(set)
          }))
          const refreshes = alike.some(({ set }) => set?.refreshSeverity)
          yield* updateAll(sql, "deliveries", rows, {
            computed: {
              history: withStep("deliveries.history", "given.history"),
              ...(refreshes && { severity: severityOfAlert("deliveries") })
            }
          })
        }
        yield* live.changed("delivery", ids)
      })

      const claimUnchanged = Effect.fnUntraced(function* (raises: ReadonlyArray<UnclaimedRaise>) {
        if (raises.length === 0) return new Set<string>()
        const rows = toRaiseRows(raises, yield* Clock.currentTimeMillis)
        const claimed = yield* sql<{ readonly id: string }>`UPDATE deliveries SET ${sql.literal(setToSending)}
            FROM ${givenAs(sql, raiseRow, rows)}
            WHERE ${sql.literal(isAsAccepted)} RETURNING deliveries.id`
        const ids = claimed.map(({ id }) => id)
        yield* live.changed("delivery", ids)
        return new Set(ids)
      })

      const openOfEpisodes = Effect.fnUntraced(function* (
        deliveries: ReadonlyArray<Pick<Row, "id" | "alert_id" | "integration_id">>
      ) {
        if (deliveries.length === 0) return new Map<string, ReadonlyArray<Row>>()
        const keys = deliveries.map(({ alert_id, id, integration_id }) => ({ id, alert_id, integration_id }))
        const rows = yield* sql<Row & { readonly asked: string }>`SELECT d.*, given.id AS asked
          FROM ${given(sql, "deliveries", keys)} AS given CROSS JOIN
          ${sql.literal(episodes({ alert: "given.alert_id", integration: "given.integration_id" }))}
          ORDER BY a.episode`
        return Map.groupBy(rows, ({ asked }) => asked)
      })

      const supersede = Effect.fnUntraced(function* (where: Statement.Fragment, cause: string) {
        const at = yield* Clock.currentTimeMillis
        const history = sql.literal(withStep("history", "step"))
        yield* sql`UPDATE deliveries SET status = 'superseded', cause = ${cause}, updated_at = ${at}, history = ${history}
            FROM (SELECT CAST(${encodeStep({ status: "superseded", at, cause })} AS text) AS step) AS given WHERE ${where}`
        yield* live.allChanged("delivery")
      })

      const openAt = (integration: IntegrationId) =>
        sql`integration_id = ${integration} AND ${sql.literal(openStatus)} AND ${sql.literal(undelivered)}`

      return Deliveries.of({
        enqueue,
        transition,
        claimUnchanged,
        byIds: (ids) =>
          Effect.map(
            ids.length === 0 ? Effect.succeed([]) : sql<Row>`SELECT * FROM deliveries WHERE ${isOneOf(sql, "id", ids)}`,
            (rows) => new Map(rows.map((row) => [row.id, row]))
          ),
        openOfEpisodes,
        retryNow: Effect.fnUntraced(function* (integration) {
          const now = yield* Clock.currentTimeMillis
          yield* sql`UPDATE deliveries SET next_at = ${now}
            WHERE integration_id = ${integration} AND status = 'retrying' AND next_at > ${now}`
        }),
        setSeverity: (alert, severity) =>
          Effect.asVoid(sql`UPDATE deliveries SET severity = ${severity}
            WHERE alert_id = ${alert} AND status IN ('pending', 'retrying')`),
        supersedeAll: (integration) => supersede(openAt(integration), "integration deleted"),
        supersedeFollowing: (integration) =>
          supersede(
            sql`about IN (${testsOf(integration)}, ${repliesAt(integration)}) AND status IN ('pending', 'retrying')`,
            "by the edit"
          ),
        forgetPartials: (integration) =>
          Effect.asVoid(sql`UPDATE deliveries SET partial = NULL
            WHERE ${openAt(integration)} AND partial IS NOT NULL`),
        remove: (ids) => Effect.asVoid(sql`DELETE FROM deliveries WHERE ${sql.in("id", ids)}`),
        removeOfAlerts: (alerts) => Effect.asVoid(sql`DELETE FROM deliveries WHERE ${sql.in("alert_id", alerts)}`)
      })
    })
  )
}

const severityOfAlert = (row: "given" | "deliveries") => `(SELECT severity FROM alerts WHERE id = ${row}.alert_id)`

const toRow = (id: string, delivery: NewDelivery, at: number) => ({
  id,
  alert_id: delivery.conversation?.alertId ?? null,
  integration_id: delivery.integration,
  kind: delivery.kind,
  status: delivery.status,
  cause: delivery.cause,
  form: delivery.digest?.form ?? "rich",
  attempts: 0,
  next_at: at,
  redelivery_of: delivery.redeliveryOf ?? null,
  ...(delivery.notification && { notification: encode(delivery.notification) }),
  ...(delivery.about !== undefined && { about: delivery.about }),
  ...(delivery.trace !== undefined && { trace: delivery.trace }),
  ...(delivery.digest && { digest_key: delivery.digest.key, severity: delivery.digest.severity }),
  ...(delivery.claim && { status: "sending", cause: null, attempts: 1, taken_under: delivery.claim.partition }),
  history: `[${[
    encodeStep({ status: delivery.status, at, cause: delivery.cause }),
    ...(delivery.claim === undefined ? [] : [encodeStep({ status: "sending", at, attempt: 1 })])
  ].join(",")}]`,
  created_at: at,
  updated_at: at
})

const toColumns = ({
  attempts,
  foldedInto,
  form,
  kind,
  link,
  nextAt,
  notification,
  partial,
  partition,
  recipients,
  severity,
  text
}: StepChanges): Values => ({
  ...(kind !== undefined && { kind }),
  ...(attempts !== undefined && { attempts }),
  ...(form !== undefined && { form }),
  ...(nextAt !== undefined && { next_at: nextAt }),
  ...(severity !== undefined && { severity }),
  ...(partition !== undefined && { taken_under: partition }),
  ...(foldedInto !== undefined && { folded_into: foldedInto }),
  ...(text !== undefined && { text }),
  ...(notification !== undefined && { notification }),
  ...(link !== undefined && { link }),
  ...(partial !== undefined && { partial }),
  ...(recipients !== undefined && { recipients })
})

const encodeNotification = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(Notification)))

const encode = (notification: Notification | TestSend | DigestReply) => {
  if (notification._tag === "DigestReply") return encodeDigestReply(notification)
  return notification._tag === "Test" ? encodeTestSend(notification) : encodeNotification(notification)
}
