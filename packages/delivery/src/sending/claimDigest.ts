/**
 * Claims many deliveries at once, as one digest (case D5).
 */
import { AlertId, type ChannelPlugin, type IntegrationId } from "@tocsin/core"
import { Clock, Context, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { Hex } from "effect/encoding"
import { SqlClient, type SqlError } from "effect/sql"
import type { ClaimedDelivery, Lease } from "../domain/attempt.ts"
import { composeNotification } from "../domain/composeNotification.ts"
import { digest } from "../domain/digest.ts"
import { Alerts } from "../records/Alerts.ts"
import { Conversations } from "../records/Conversations.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { isInFlight, type Row } from "../records/deliveryRow.ts"

/** The gateway's public URL. Without it digests have no link. */
export const PublicUrl = Context.Reference<URL | undefined>("@tocsin/delivery/PublicUrl", {
  defaultValue: () => undefined
})

/**
 * Composes a digest of the pending deliveries, and marks it as `sending`. Runs inside a transaction of `GroupCommit`.
 */
export const digestClaiming = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const alerts = yield* Alerts
  const conversations = yield* Conversations
  const deliveries = yield* Deliveries
  const random = yield* SecureRandom.SecureRandom
  const publicUrl = yield* PublicUrl

  /** The deliveries that are due, the critical ones first. */
  const due = Effect.fnUntraced(function* (integration: IntegrationId, most: number) {
    const now = yield* Clock.currentTimeMillis
    const due = sql`integration_id = ${integration} AND alert_id IS NOT NULL
      AND (status = 'pending' OR (status = 'retrying' AND next_at <= ${now}))`
    const critical = yield* sql<Row>`SELECT * FROM deliveries
      WHERE ${due} AND severity = 'critical' AND status IN ('pending', 'retrying') ORDER BY sequence LIMIT ${most}`
    const others = yield* Effect.forEach(["retrying", "pending"], (status) =>
      critical.length >= most
        ? Effect.succeed([])
        : sql<Row>`SELECT * FROM deliveries WHERE ${due} AND status = ${status} AND severity <> 'critical'
            ORDER BY sequence LIMIT ${most - critical.length}`
    )
    return [...critical, ...others.flat()].slice(0, most)
  })

  /** Adds before each delivery the pending ones of earlier episodes (O7), without alerts that are being sent. */
  const withEarlierEpisodes = Effect.fnUntraced(function* (rows: ReadonlyArray<Row>) {
    const episodes = yield* deliveries.openOfEpisodes(rows)
    const ordered = rows.flatMap((row) => {
      const open = episodes.get(row.id) ?? []
      return open.some(isInFlight) ? [] : open.slice(0, open.findIndex(({ id }) => id === row.id) + 1)
    })
    return [...new Map(ordered.map((row) => [row.id, row])).values()]
  })

  return Effect.fnUntraced(function* (
    integration: IntegrationId,
    { form, lease, most }: { readonly form: ChannelPlugin.Form; readonly lease: Lease; readonly most: number }
  ): Effect.fn.Return<ReadonlyArray<ClaimedDelivery>, SqlError.SqlError> {
    const rows = yield* withEarlierEpisodes(yield* due(integration, most))
    const ids = rows.flatMap(({ alert_id }) => (alert_id === null ? [] : [AlertId.make(alert_id)]))
    const known = yield* alerts.many(ids)
    const ofAlerts = yield* conversations.ofAlerts(ids)
    const members = rows.flatMap((row) => {
      const alert = row.alert_id === null ? undefined : known.get(AlertId.make(row.alert_id))
      const conversation = alert && ofAlerts.get(alert.id)?.find(({ id }) => id === row.conversation_id)
      if (alert === undefined || conversation === undefined) return []
      return [{ row, notification: { ...composeNotification(row.kind, alert, conversation), alert } }]
    })
    if (members.length < 2) return []

    const key = Hex.encode(yield* random.randomBytes(16))
    const notification = digest(
      members.map(({ notification }) => notification),
      publicUrl && new URL(`digests/${key}`, publicUrl)
    )
    const [id = ""] = yield* deliveries.enqueue([
      {
        integration,
        kind: "Digest",
        status: "pending",
        cause: `more than a minute's messages waited: ${members.length} are in it`,
        digest: { key, form, severity: notification.severity }
      }
    ])
    yield* deliveries.transition([
      { delivery: id, status: "sending", attempt: 1, set: { attempts: 1, partition: lease.partition } }
    ])
    yield* deliveries.transition(
      members.map(({ notification: { _tag: kind, alert }, row }) => ({
        delivery: row.id,
        status: "folded",
        cause: `into the digest ${id}`,
        attempt: row.attempts + 1,
        set: {
          kind,
          foldedInto: id,
          attempts: row.attempts + 1,
          partition: lease.partition,
          severity: alert.severity
        }
      }))
    )
    return [
      {
        id,
        integration,
        lease,
        notification,
        options: { form, deliveryId: id },
        attempt: 1,
        createdAt: yield* Clock.currentTimeMillis,
        included: members.map(({ notification, row }) => ({ delivery: row.id, kind: notification._tag }))
      }
    ]
  })
})
