/**
 * The two ends of an attempt in the store: taking deliveries, and writing down
 * what became of them (cases D1, D5, O3, O7).
 */
import {
  AlertId,
  ChannelPlugin,
  IntegrationId,
  type Kind,
  Message,
  Notification,
  type Reason,
  type Severity
} from "@tocsin/core"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { Hex } from "effect/encoding"
import { SqlClient, type SqlError } from "effect/sql"
import { afterwards, isUnanswered, unanswered } from "./afterwards.ts"
import { AlertRules } from "./AlertRules.ts"
import { Alerts } from "./Alerts.ts"
import { compose, digest } from "./compose.ts"
import { Conversations, fromEpisodes, openStatus } from "./Conversations.ts"
import { Fallbacks } from "./Fallbacks.ts"
import { Integrations } from "./Integrations.ts"
import { Notices } from "./Notices.ts"
import { settle } from "./Planner.ts"
import type { Consequence } from "./retry.ts"

/** Where the gateway is reached from outside; without it digests have no link. */
export const PublicUrl = Context.Reference<URL | undefined>("@tocsin/delivery/Attempts/PublicUrl", {
  defaultValue: () => undefined
})

/** A delivery that is marked as being sent, and what to send. */
export interface Taken {
  readonly id: string
  readonly integration: IntegrationId
  readonly notification: Notification
  readonly options: ChannelPlugin.DeliverOptions
  /** Counts the attempts, this one included. */
  readonly attempt: number
  readonly createdAt: number
  /** Deliveries that are folded into this one while it is being sent, and as what each of them is said. */
  readonly carries: ReadonlyArray<{ readonly delivery: string; readonly kind: Kind }>
}

/** The longest plain text of a message that history keeps, in UTF-16 units. */
const maxTextKept = 4096

/** How an attempt ended. */
export type Outcome =
  | { readonly _tag: "Delivered"; readonly receipt: ChannelPlugin.Receipt }
  | {
      readonly _tag: "Failed"
      readonly reason: Reason
      readonly consequence: Consequence
      /** Its lane stands still until a person mends something. */
      readonly breaks: boolean
      /** Dead deliveries that are owed again, because they were not to blame. */
      readonly givenBack: ReadonlyArray<string>
      /** What was made before this time, in epoch milliseconds, was past its deadline when the attempt began. */
      readonly overBefore: number
    }

/** Takes deliveries and writes down their outcomes. Belongs inside a journal's transaction. */
export class Attempts extends Context.Service<
  Attempts,
  {
    /**
     * Marks a delivery as being sent; the message says what is true now, also of earlier episodes of the alert that
     * still wait there. Undefined if it no longer waits, or while another episode is being sent.
     */
    readonly take: (delivery: string) => Effect.Effect<Taken | undefined, SqlError.SqlError>
    /** Marks a digest of what waits there as being sent, the criticals first; undefined if there are not two of them. */
    readonly takeDigest: (
      integration: IntegrationId,
      options: { readonly most: number; readonly form: ChannelPlugin.Form }
    ) => Effect.Effect<Taken | undefined, SqlError.SqlError>
    /** `updatedAt` is the state of the integration that it was sent by: another's receipt is worth nothing (O8). */
    readonly complete: (
      taken: Taken,
      outcome: Outcome,
      updatedAt: number | undefined
    ) => Effect.Effect<void, SqlError.SqlError>
    /** Ends a delivery that cannot be read, so that it is in nobody's way. */
    readonly bury: (delivery: string) => Effect.Effect<void, SqlError.SqlError>
    /** After a start: what was being sent is owed again, and its history says that it may be sent twice. */
    readonly resume: Effect.Effect<void, SqlError.SqlError>
  }
>()("@tocsin/delivery/Attempts") {
  static readonly layer: Layer.Layer<
    Attempts,
    never,
    | SqlClient.SqlClient
    | Alerts
    | AlertRules
    | Conversations
    | Integrations
    | Fallbacks
    | Notices
    | SecureRandom.SecureRandom
  > = Layer.effect(
    Attempts,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const alerts = yield* Alerts
      const alertRules = yield* AlertRules
      const conversations = yield* Conversations
      const integrations = yield* Integrations
      const fallbacks = yield* Fallbacks
      const notices = yield* Notices
      const random = yield* SecureRandom.SecureRandom
      const publicUrl = yield* PublicUrl
      const episodesOf = sql.literal(fromEpisodes)

      /** What the delivery speaks of; nothing if it is a digest or a notice. */
      const subjectOf = Effect.fnUntraced(function* ({ alert_id, conversation_id }: Row) {
        if (alert_id === null || conversation_id === null) return undefined
        const conversation = yield* conversations.get(conversation_id)
        const alert = yield* alerts.get(AlertId.make(alert_id))
        return conversation === undefined || alert === undefined ? undefined : { alert, conversation }
      })

      const takeNotice = Effect.fnUntraced(function* (row: Row, notification: string) {
        const attempt = row.attempts + 1
        yield* sql`UPDATE deliveries SET attempts = ${attempt} WHERE id = ${row.id}`
        yield* conversations.move(row.id, "sending", { attempt })
        return {
          id: row.id,
          integration: IntegrationId.make(row.integration_id),
          notification: decodeNotification(notification),
          options: { form: row.form },
          attempt,
          createdAt: row.created_at,
          carries: []
        }
      })

      const take = Effect.fnUntraced(function* (delivery: string) {
        const [asked] =
          yield* sql<Row>`SELECT * FROM deliveries WHERE id = ${delivery} AND status IN ('pending', 'retrying')`
        if (asked === undefined) return undefined
        if (asked.notification !== null) return yield* takeNotice(asked, asked.notification)
        const episodes = yield* sql<Row>`SELECT d.* ${episodesOf} AND this.id = ${asked.alert_id}
          AND c.integration_id = ${asked.integration_id} AND d.${sql.literal(openStatus)}
          ORDER BY a.episode`
        // Nothing overtakes what is being said of the same alert.
        if (episodes.some(({ status }) => status === "sending" || status === "folded")) return undefined
        const latest = episodes.at(-1)
        const row = latest === undefined || latest.kind === "Escalated" ? asked : latest
        const earlier = row === latest ? episodes.slice(0, -1) : []
        const subject = yield* subjectOf(row)
        if (subject === undefined) return yield* Effect.die(new Error("A delivery without its alert"))
        const { alert, conversation } = subject
        const notification = compose(row.kind, alert, conversation, earlier.length)
        const attempt = row.attempts + 1
        yield* sql`UPDATE deliveries
          SET kind = ${notification._tag}, attempts = ${attempt}, severity = ${alert.severity} WHERE id = ${row.id}`
        yield* conversations.move(row.id, "sending", { attempt })
        const carries = yield* Effect.forEach(earlier, (one) => fold(one, row.id))
        return {
          id: row.id,
          integration: conversation.integration,
          notification,
          options: {
            form: row.form,
            conversation: {
              id: conversation.id,
              ...(conversation.receipt !== undefined && { receipt: decodeReceipt(conversation.receipt) })
            }
          },
          attempt,
          createdAt: row.created_at,
          carries
        }
      })

      /** Lets an earlier episode be said by the message about a later one (O7). */
      const fold = Effect.fnUntraced(function* (row: Row, into: string) {
        const subject = yield* subjectOf(row)
        const kind = subject === undefined ? row.kind : compose(row.kind, subject.alert, subject.conversation)._tag
        yield* sql`UPDATE deliveries SET kind = ${kind}, folded_into = ${into} WHERE id = ${row.id}`
        yield* conversations.move(row.id, "folded", { cause: `into ${into}` })
        return { delivery: row.id, kind }
      })

      /** Without those of which another episode is being said; each after the earlier episodes that still wait (O7). */
      const inOrder = Effect.fnUntraced(function* (rows: ReadonlyArray<Row>) {
        const [first] = rows
        if (first === undefined) return []
        const others = yield* sql<Row & { readonly later: string }>`SELECT d.*, this.id AS later ${episodesOf}
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

      const takeDigest = Effect.fnUntraced(function* (
        integration: IntegrationId,
        { form, most }: { readonly most: number; readonly form: ChannelPlugin.Form }
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
        if (said.length < 2) return undefined
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
          created_at: now,
          updated_at: now
        })}`
        yield* conversations.move(id, "pending", {
          cause: `more than a minute's messages waited: ${said.length} are in it`
        })
        yield* conversations.move(id, "sending", { attempt: 1 })
        const cause = `into the digest ${id}`
        for (const [kind, of] of Map.groupBy(said, ({ kind }) => kind)) {
          const covered = sql.in(
            "id",
            of.map(({ delivery }) => delivery)
          )
          yield* sql`UPDATE deliveries SET kind = ${kind}, status = 'folded', cause = ${cause}, folded_into = ${id},
            attempts = attempts + 1, updated_at = ${now},
            severity = (SELECT severity FROM alerts WHERE id = deliveries.alert_id) WHERE ${covered}`
        }
        yield* sql`INSERT INTO transitions (delivery_id, status, cause, attempt, at)
          SELECT id, 'folded', ${cause}, attempts, ${now} FROM deliveries WHERE folded_into = ${id} ORDER BY sequence`
        return {
          id,
          integration,
          notification,
          options: { form },
          attempt: 1,
          createdAt: now,
          carries: said.map(({ delivery, kind }) => ({ delivery, kind }))
        }
      })

      const complete = Effect.fnUntraced(function* (taken: Taken, outcome: Outcome, updatedAt: number | undefined) {
        const [row] = yield* sql<Row>`SELECT * FROM deliveries
          WHERE id = ${taken.id} AND status = 'sending' AND attempts = ${taken.attempt}`
        // Ended meanwhile: its integration was removed.
        if (row === undefined) return
        yield* outcome._tag === "Delivered" ? delivered(taken, row, outcome.receipt, updatedAt) : failed(taken, outcome)
        yield* settleAfter(row, taken.notification._tag, outcome)
        yield* Effect.forEach(taken.carries, (carried) => completeCarried(taken, carried, outcome))
      })

      /** What follows from the attempt for the delivery's conversation. */
      const settleAfter = Effect.fnUntraced(function* (row: Row, kind: Kind, outcome: Outcome) {
        const subject = yield* subjectOf(row)
        if (subject === undefined) return
        const { alert, conversation } = subject
        const { notifyOnClear } = yield* alertRules.current
        const now = afterwards(conversation, kind, outcome, row.severity)
        yield* conversations.apply(alert.id, [settle(now, { alert, notifyOnClear })])
      })

      const delivered = Effect.fnUntraced(function* (
        { attempt, id, integration, notification }: Taken,
        { conversation_id }: Row,
        receipt: ChannelPlugin.Receipt,
        updatedAt: number | undefined
      ) {
        const text = Message.plainText(Message.fromNotification(notification), maxTextKept)
        yield* sql`UPDATE deliveries SET text = ${text} WHERE id = ${id}`
        yield* conversations.move(id, "delivered", { attempt })
        if (notification._tag === "Raised") {
          yield* sql`UPDATE conversations SET receipt = ${encodeReceipt(receipt)} WHERE id = ${conversation_id}
            AND EXISTS (SELECT 1 FROM integrations WHERE id = ${integration} AND updated_at = ${updatedAt})`
        }
        yield* integrations.note(integration, { worked: true })
      })

      const failed = Effect.fnUntraced(function* (
        { attempt, id, integration, notification }: Taken,
        { breaks, consequence, givenBack, reason }: Extract<Outcome, { _tag: "Failed" }>
      ) {
        const cause = `${reason._tag}: ${reason.detail}`
        if (notification._tag === "Digest") {
          yield* conversations.move(id, "superseded", { cause: `given back: ${cause}`, attempt })
        } else {
          yield* endOrRetry(id, integration, { attempt, cause, consequence })
        }
        if (isUnanswered(reason)) yield* sql`UPDATE deliveries SET unanswered = 1 WHERE id = ${id}`
        if (breaks) {
          yield* integrations.note(integration, { brokenBecause: cause })
          yield* notices.broken(integration, cause)
        }
        yield* Effect.forEach(givenBack, giveBack)
      })

      /** A delivery that would die goes to the fallback, if there is one. */
      const endOrRetry = Effect.fnUntraced(function* (
        id: string,
        integration: IntegrationId,
        {
          attempt,
          cause,
          consequence
        }: { readonly attempt?: number; readonly cause: string; readonly consequence: Consequence }
      ) {
        if (consequence.status === "dead") {
          const fallback = yield* fallbacks.of(integration)
          if (fallback !== undefined && (yield* fallbacks.divert(id, fallback, cause))) return
          return yield* conversations.move(id, "dead", { cause, ...(attempt !== undefined && { attempt }) })
        }
        yield* conversations.move(id, "retrying", { cause, ...(attempt !== undefined && { attempt }) })
        // It may have become graver while it was being sent.
        yield* sql`UPDATE deliveries SET next_at = ${consequence.nextAt}, form = ${consequence.form},
          severity = (SELECT severity FROM alerts WHERE id = deliveries.alert_id) WHERE id = ${id}`
      })

      /** What was folded into another takes its outcome; any end of a digest but delivered gives it back. */
      const completeCarried = Effect.fnUntraced(function* (
        taken: Taken,
        { delivery, kind }: Taken["carries"][number],
        outcome: Outcome
      ) {
        const [row] = yield* sql<Row>`SELECT * FROM deliveries
          WHERE id = ${delivery} AND status = 'folded' AND folded_into = ${taken.id}`
        if (row === undefined) return
        if (outcome._tag === "Delivered") {
          yield* conversations.move(delivery, "delivered", { cause: `in ${taken.id}` })
          return yield* settleAfter(row, kind, outcome)
        }
        yield* sql`UPDATE deliveries SET folded_into = NULL WHERE id = ${delivery}`
        const { reason } = outcome
        const cause = `given back: ${reason._tag}: ${reason.detail}`
        const now = yield* Clock.currentTimeMillis
        const again: Consequence = {
          status: "retrying",
          nextAt: outcome.consequence.status === "dead" ? now : outcome.consequence.nextAt,
          form: "rich"
        }
        const isOver =
          taken.notification._tag === "Digest"
            ? row.created_at <= outcome.overBefore
            : outcome.consequence.status === "dead"
        const consequence: Consequence = isOver ? { status: "dead" } : again
        yield* endOrRetry(delivery, taken.integration, { cause, consequence })
        yield* settleAfter(row, kind, { ...outcome, consequence })
      })

      /** Owes a dead delivery again, unless something else has become owed there since. */
      const giveBack = Effect.fnUntraced(function* (id: string) {
        const [row] = yield* sql<Row>`SELECT * FROM deliveries WHERE id = ${id} AND status = 'dead'`
        if (row === undefined) return
        const subject = yield* subjectOf(row)
        if (subject?.conversation.waiting !== undefined) return
        yield* sql`UPDATE deliveries SET form = 'rich' WHERE id = ${id}`
        yield* conversations.move(id, "retrying", {
          cause: "given back: others were refused too, so it is not to blame"
        })
      })

      const bury = (id: string) => conversations.move(id, "dead", { cause: "it cannot be read from the store" })

      const resume = Effect.gen(function* () {
        const cause = "the gateway stopped during the attempt: perhaps sent twice"
        const rows = yield* sql<Row>`SELECT * FROM deliveries
            WHERE ${sql.literal(openStatus)} AND status IN ('sending', 'folded') ORDER BY sequence`
        for (const row of rows) {
          if (row.kind === "Digest") {
            yield* conversations.move(row.id, "superseded", { cause: `given back: ${cause}`, attempt: row.attempts })
            continue
          }
          yield* sql`UPDATE deliveries SET unanswered = 1, folded_into = NULL WHERE id = ${row.id}`
          yield* conversations.move(row.id, "retrying", { cause, attempt: row.attempts })
          // An edit may have closed the conversation while it was being sent.
          const subject = yield* subjectOf(row)
          if (subject === undefined) continue
          const { alert, conversation } = subject
          const { notifyOnClear } = yield* alertRules.current
          const now = unanswered(conversation, row.kind)
          yield* conversations.apply(alert.id, [settle(now, { alert, notifyOnClear })])
        }
      })

      return Attempts.of({ take, takeDigest, complete, bury, resume })
    })
  )
}

const ReceiptJson = Schema.fromJsonString(Schema.toCodecJson(ChannelPlugin.Receipt))
const encodeReceipt = Schema.encodeSync(ReceiptJson)
const decodeReceipt = Schema.decodeSync(ReceiptJson)
const decodeNotification = Schema.decodeSync(Schema.fromJsonString(Schema.toCodecJson(Notification)))

interface Row {
  readonly id: string
  readonly conversation_id: string | null
  readonly alert_id: string | null
  readonly integration_id: string
  readonly kind: Kind
  readonly status: string
  readonly form: ChannelPlugin.Form
  readonly attempts: number
  readonly severity: Severity | null
  readonly notification: string | null
  readonly created_at: number
}
