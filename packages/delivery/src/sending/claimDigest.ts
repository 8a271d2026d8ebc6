/**
 * Claims many deliveries at once, as one digest (case D5).
 */
import type { IntegrationId, Kind } from "@tocsin/core"
import { Clock, Context, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { Hex } from "effect/encoding"
import { SqlClient, type SqlError } from "effect/sql"
import type { ClaimedDelivery, Lease } from "../domain/attempt.ts"
import { composeNotification } from "../domain/composeNotification.ts"
import type { StoredConversation } from "../domain/conversation.ts"
import { digest, type DigestList, digestList, type OfAlert } from "../domain/digest.ts"
import type { DigestForm } from "../domain/failurePolicy.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { isInFlight, type Row, undelivered } from "../records/deliveryRow.ts"
import { subjects } from "../records/subjects.ts"
import { fewCriticals } from "./Backlog.ts"

/** The gateway's public URL. Without it digests have no link. */
export const PublicUrl = Context.Reference<URL | undefined>("@tocsin/delivery/PublicUrl", {
  defaultValue: () => undefined
})

/** How to send a digest. */
export interface DigestOptions extends DigestForm {
  /** The longest plain text of a reply in the channel's threads; undefined if it has none. */
  readonly replyText: number | undefined
}

/** A digest, the deliveries that it includes, and the replies that list their alerts. */
export interface ComposedDigest {
  readonly digest: ReturnType<typeof digest>
  readonly members: ReadonlyArray<{ readonly row: Row; readonly notification: OfAlert }>
  readonly replies: ReadonlyArray<DigestList>
}

/** Composes a digest of deliveries from the current state of their alerts. */
export const digestComposing = Effect.gen(function* () {
  const subjectsOf = yield* subjects
  const publicUrl = yield* PublicUrl

  return Effect.fnUntraced(function* (
    rows: ReadonlyArray<Row>,
    {
      key,
      kindOf = (kind) => kind,
      replyText
    }: Pick<DigestOptions, "replyText"> & {
      /** The key of the digest's page. */
      readonly key: string
      readonly kindOf?: (kind: Kind, conversation: StoredConversation) => Kind
    }
  ): Effect.fn.Return<ComposedDigest, SqlError.SqlError> {
    const about = yield* subjectsOf(rows)
    const members = rows.flatMap((row) => {
      const subject = about.get(row.id)
      if (subject === undefined) return []
      const { alert, conversation } = subject
      return [
        { row, notification: { ...composeNotification(kindOf(row.kind, conversation), alert, conversation), alert } }
      ]
    })
    const notifications = members.map(({ notification }) => notification)
    const link = publicUrl && new URL(`digests/${key}`, publicUrl)
    return {
      digest: digest(notifications, link),
      members,
      replies: replyText === undefined ? [] : digestList(notifications, { link, text: replyText })
    }
  })
})

/**
 * Composes a digest of the pending deliveries, and marks it as `sending`. Runs inside a transaction of `GroupCommit`.
 */
export const digestClaiming = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const deliveries = yield* Deliveries
  const random = yield* SecureRandom.SecureRandom
  const composeDigest = yield* digestComposing

  /**
   * The deliveries that are due, the critical ones first. A few critical raises are left out, because the lane sends each
   * by itself: they were accepted since it decided on a digest.
   */
  const due = Effect.fnUntraced(function* (integration: IntegrationId, most: number) {
    const now = yield* Clock.currentTimeMillis
    const due = sql`integration_id = ${integration} AND alert_id IS NOT NULL
      AND (status = 'pending' OR (status = 'retrying' AND next_at <= ${now}))`
    const everyCritical = yield* sql<Row>`SELECT * FROM deliveries
      WHERE ${due} AND severity = 'critical' AND status IN ('pending', 'retrying') ORDER BY sequence LIMIT ${most}`
    const areFew = everyCritical.filter(({ kind }) => kind !== "Cleared").length <= fewCriticals
    const critical = everyCritical.filter(({ kind }) => !areFew || kind === "Cleared")
    const others = yield* Effect.forEach(["retrying", "pending"], (status) =>
      critical.length >= most
        ? Effect.succeed([])
        : sql<Row>`SELECT * FROM deliveries WHERE ${due} AND status = ${status} AND ${sql.literal(undelivered)} AND severity <> 'critical'
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
    { form, lease, most, replyText }: DigestOptions & { readonly lease: Lease }
  ): Effect.fn.Return<ReadonlyArray<ClaimedDelivery>, SqlError.SqlError> {
    const rows = yield* withEarlierEpisodes(yield* due(integration, most))
    const key = Hex.encode(yield* random.randomBytes(16))
    const { digest, members, replies } = yield* composeDigest(rows, { key, replyText })
    if (members.length < 2) return []
    const [id = ""] = yield* deliveries.enqueue([
      {
        integration,
        kind: "Digest",
        status: "pending",
        cause: `more than a minute's messages waited: ${members.length} are in it`,
        digest: { key, form, severity: digest.severity }
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
        notification: digest,
        options: { form, deliveryId: id },
        attempt: 1,
        createdAt: yield* Clock.currentTimeMillis,
        trace: null,
        replies,
        included: members.map(({ notification, row }) => ({
          delivery: row.id,
          kind: notification._tag,
          trace: row.trace
        }))
      }
    ]
  })
})
