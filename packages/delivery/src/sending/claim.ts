/**
 * The beginning of an attempt in the store: which deliveries it takes, and what it says (cases D1, D5, O3, O7).
 */
import { AlertId, type ChannelPlugin, IntegrationId, Notification } from "@tocsin/core"
import { Clock, Context, Effect, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { Hex } from "effect/encoding"
import { SqlClient } from "effect/sql"
import { Alerts } from "../records/Alerts.ts"
import { compose } from "../domain/composeNotification.ts"
import { Changes } from "../cluster/Changes.ts"
import { Conversations, episodesJoined, openStatus } from "../records/Conversations.ts"
import { type Row, subjects } from "../records/deliveryRow.ts"
import { decodeMessages } from "../records/receipt.ts"
import { given, isOneOf } from "../sql/bulk.ts"
import { digest } from "../domain/digest.ts"
import type { ClaimedDelivery, Lease } from "../domain/attempt.ts"

/** Where the gateway is reached from outside; without it digests have no link. */
export const PublicUrl = Context.Reference<URL | undefined>("@tocsin/delivery/PublicUrl", {
  defaultValue: () => undefined
})

/** Takes single deliveries, and digests of many. */
export const claims = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const alerts = yield* Alerts
  const conversations = yield* Conversations
  const { changed } = yield* Changes
  const random = yield* SecureRandom.SecureRandom
  const publicUrl = yield* PublicUrl
  const subjectsOf = yield* subjects

  const takeNotice = Effect.fnUntraced(function* (row: Row, notification: string, under: Lease) {
    const attempt = row.attempts + 1
    yield* conversations.move([
      { delivery: row.id, status: "sending", attempt, set: { attempts: attempt, taken_under: under.partition } }
    ])
    return {
      id: row.id,
      integration: IntegrationId.make(row.integration_id),
      under,
      notification: decodeNotification(notification),
      options: { form: row.form, deliveryId: row.id },
      attempt,
      createdAt: row.created_at,
      included: []
    }
  })

  /** All that waits or is being said of the alerts of these deliveries where those are owed, by these deliveries' ids. */
  const episodesOf = Effect.fnUntraced(function* (asked: ReadonlyArray<Row>) {
    if (asked.length === 0) return new Map<string, ReadonlyArray<Row>>()
    const keys = asked.map(({ alert_id, id, integration_id }) => ({ id, alert_id, integration_id }))
    const rows = yield* sql<Row & { readonly asked: string }>`SELECT d.*, given.id AS asked
      FROM ${given(sql, "deliveries", keys)} AS given CROSS JOIN ${sql.literal(episodesJoined)}
        AND this.id = given.alert_id AND c.integration_id = given.integration_id AND d.${sql.literal(openStatus)}
      ORDER BY a.episode`
    return Map.groupBy(rows, ({ asked }) => asked)
  })

  const take = Effect.fnUntraced(function* (ids: ReadonlyArray<string>, held: ReadonlyMap<IntegrationId, Lease>) {
    const rows = yield* sql<Row>`SELECT * FROM deliveries WHERE ${isOneOf(sql, "id", ids)}`
    const waiting = rows
      .filter(({ status }) => status === "pending" || status === "retrying")
      .toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id))
    const notices = waiting.flatMap((row) => {
      const under = held.get(IntegrationId.make(row.integration_id))
      return row.notification === null || under === undefined ? [] : [takeNotice(row, row.notification, under)]
    })
    const asked = waiting.filter(({ notification }) => notification === null)
    const episodes = yield* episodesOf(asked)
    const chosen = asked.flatMap((asked) => {
      const all = episodes.get(asked.id) ?? []
      // Nothing overtakes what is being said of the same alert.
      if (all.some(({ status }) => status === "sending" || status === "folded")) return []
      const latest = all.at(-1)
      const row = latest === undefined || latest.kind === "Escalated" ? asked : latest
      return [{ row, earlier: row === latest ? all.slice(0, -1) : [] }]
    })
    const about = yield* subjectsOf(chosen.flatMap(({ earlier, row }) => [row, ...earlier]))
    const claimed = yield* Effect.forEach(chosen, ({ earlier, row }) => {
      const subject = about.get(row.id)
      const under = held.get(IntegrationId.make(row.integration_id))
      if (subject === undefined || under === undefined) return Effect.die(new Error("A delivery without its alert"))
      const { alert, conversation } = subject
      return Effect.succeed({
        row,
        under,
        alert,
        conversation,
        attempt: row.attempts + 1,
        notification: compose(row.kind, alert, conversation, earlier.length),
        included: earlier.map(({ id, kind }) => {
          const of = about.get(id)
          return { delivery: id, kind: of === undefined ? kind : compose(kind, of.alert, of.conversation)._tag }
        })
      })
    })
    yield* conversations.move([
      ...claimed.map(({ alert, attempt, notification, row, under }) => ({
        delivery: row.id,
        status: "sending" as const,
        attempt,
        set: {
          kind: notification._tag,
          attempts: attempt,
          severity: alert.severity,
          taken_under: under.partition
        }
      })),
      // An earlier episode is said by the message about a later one (O7).
      ...claimed.flatMap(({ included, row, under }) =>
        included.map(({ delivery, kind }) => ({
          delivery,
          status: "folded" as const,
          cause: `into ${row.id}`,
          set: { kind, folded_into: row.id, taken_under: under.partition }
        }))
      )
    ])
    return [
      ...(yield* Effect.all(notices)),
      ...claimed.map(
        ({
          attempt,
          included,
          conversation: { id, integration, receipt },
          notification,
          row,
          under
        }): ClaimedDelivery => ({
          id: row.id,
          integration,
          under,
          notification,
          options: {
            form: row.form,
            deliveryId: row.id,
            conversation: { id, messages: decodeMessages(receipt) }
          },
          attempt,
          createdAt: row.created_at,
          included
        })
      )
    ]
  })

  /** Without those of which another episode is being said; each after the earlier episodes that still wait (O7). */
  const inOrder = Effect.fnUntraced(function* (rows: ReadonlyArray<Row>) {
    const [first] = rows
    if (first === undefined) return []
    const others = yield* sql<Row & { readonly later: string }>`SELECT d.*, this.id AS later
      FROM ${sql.literal(episodesJoined)}
      AND ${sql.in(
        "this.id",
        rows.map(({ alert_id }) => alert_id)
      )} AND c.integration_id = ${first.integration_id} AND d.${sql.literal(openStatus)}
        AND (a.episode < this.episode OR d.status IN ('sending', 'folded'))
      ORDER BY a.episode`
    const before = Map.groupBy(others, ({ later }) => later)
    const ordered = rows.flatMap((row) => {
      const earlier = before.get(row.alert_id ?? "") ?? []
      return earlier.some(({ status }) => status === "sending" || status === "folded") ? [] : [...earlier, row]
    })
    return [...new Map(ordered.map((row) => [row.id, row])).values()]
  })

  const claimDigest = Effect.fnUntraced(function* (
    integration: IntegrationId,
    { form, most, under }: { readonly most: number; readonly form: ChannelPlugin.Form; readonly under: Lease }
  ) {
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
    const rows = yield* inOrder([...critical, ...others.flat()].slice(0, most))
    const ids = rows.flatMap(({ alert_id }) => (alert_id === null ? [] : [AlertId.make(alert_id)]))
    const known = yield* alerts.many(ids)
    const ofAlerts = yield* conversations.ofAlerts(ids)
    const said = rows.flatMap(({ alert_id, conversation_id, id, kind }) => {
      const alert = alert_id === null ? undefined : known.get(AlertId.make(alert_id))
      const conversation = alert && ofAlerts.get(alert.id)?.find(({ id }) => id === conversation_id)
      if (alert === undefined || conversation === undefined) return []
      const notification = compose(kind, alert, conversation)
      return [{ delivery: id, notification: { ...notification, alert }, kind: notification._tag }]
    })
    if (said.length < 2) return []
    const id = yield* random.uuidV7()
    const key = Hex.encode(yield* random.randomBytes(16))
    const link = publicUrl && new URL(`digests/${key}`, publicUrl)
    const notification = digest(
      said.map(({ notification }) => notification),
      link
    )
    yield* sql`INSERT INTO deliveries ${sql.insert({
      id,
      integration_id: integration,
      kind: "Digest",
      status: "pending",
      form,
      attempts: 1,
      unanswered: 0,
      next_at: now,
      severity: notification.severity,
      digest_key: key,
      taken_under: under.partition,
      created_at: now,
      updated_at: now
    })}`
    const why = `more than a minute's messages waited: ${said.length} are in it`
    yield* conversations.move([{ delivery: id, status: "pending", cause: why }])
    yield* conversations.move([{ delivery: id, status: "sending", attempt: 1 }])
    const cause = `into the digest ${id}`
    for (const [kind, of] of Map.groupBy(said, ({ kind }) => kind)) {
      const covered = sql.in(
        "id",
        of.map(({ delivery }) => delivery)
      )
      yield* sql`UPDATE deliveries SET kind = ${kind}, status = 'folded', cause = ${cause}, folded_into = ${id},
        attempts = attempts + 1, updated_at = ${now},
        taken_under = ${under.partition},
        severity = (SELECT severity FROM alerts WHERE id = deliveries.alert_id) WHERE ${covered}`
    }
    yield* sql`INSERT INTO transitions (delivery_id, status, cause, attempt, at)
      SELECT id, 'folded', ${cause}, attempts, ${now} FROM deliveries WHERE folded_into = ${id} ORDER BY sequence`
    yield* changed(
      "delivery",
      said.map(({ delivery }) => delivery)
    )
    const included = said.map(({ delivery, kind }) => ({ delivery, kind }))
    return [
      {
        id,
        integration,
        under,
        notification,
        options: { form, deliveryId: id },
        attempt: 1,
        createdAt: now,
        included
      } satisfies ClaimedDelivery
    ]
  })

  return { take, claimDigest }
})

const decodeNotification = Schema.decodeSync(Schema.fromJsonString(Schema.toCodecJson(Notification)))
