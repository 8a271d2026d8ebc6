/**
 * The two ends of an attempt in the store: taking a delivery, and writing down
 * what became of it (cases D1, O3).
 */
import {
  type Alert,
  AlertId,
  ChannelPlugin,
  IntegrationId,
  type Kind,
  Message,
  Notification,
  type Reason
} from "@tocsin/core"
import { Clock, Context, DateTime, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { AlertRules } from "./AlertRules.ts"
import { Alerts } from "./Alerts.ts"
import { Conversations, openStatus, type StoredConversation } from "./Conversations.ts"
import { Fallbacks } from "./Fallbacks.ts"
import { Integrations } from "./Integrations.ts"
import { Notices } from "./Notices.ts"
import { type Conversation, isEnded, settle } from "./Planner.ts"
import type { Consequence } from "./retry.ts"

/** A delivery that is marked as being sent, and what to send. */
export interface Taken {
  readonly id: string
  readonly integration: IntegrationId
  /** Undefined of a notice. */
  readonly conversation: string | undefined
  readonly notification: Notification
  readonly options: ChannelPlugin.DeliverOptions
  /** Counts the attempts, this one included. */
  readonly attempt: number
  readonly createdAt: number
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
    }

/** Takes deliveries and writes down their outcomes. All but `next` belong inside a journal's transaction. */
export class Attempts extends Context.Service<
  Attempts,
  {
    /** The first delivery of the integration that is due; else when the next one will be, if there is one. */
    readonly next: (
      integration: IntegrationId
    ) => Effect.Effect<{ readonly delivery?: string; readonly dueAt?: number }, SqlError.SqlError>
    /** Marks a delivery as being sent; undefined if it no longer waits. The message says what is true now. */
    readonly take: (delivery: string) => Effect.Effect<Taken | undefined, SqlError.SqlError>
    readonly complete: (taken: Taken, outcome: Outcome) => Effect.Effect<void, SqlError.SqlError>
    /** Ends a delivery that cannot be read, so that it is in nobody's way. */
    readonly bury: (delivery: string) => Effect.Effect<void, SqlError.SqlError>
    /** The service works again: what waits for its next attempt is due now. */
    readonly hasten: (integration: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    /** After a start: what was being sent is owed again, and its history says that it may be sent twice. */
    readonly resume: Effect.Effect<void, SqlError.SqlError>
  }
>()("@tocsin/delivery/Attempts") {
  static readonly layer: Layer.Layer<
    Attempts,
    never,
    SqlClient.SqlClient | Alerts | AlertRules | Conversations | Integrations | Fallbacks | Notices
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

      const next = Effect.fnUntraced(function* (integration: IntegrationId) {
        const now = yield* Clock.currentTimeMillis
        // Each by an index of its own: a lane that is far behind finds its next as fast as any.
        const [pending] = yield* sql<{ id: string; sequence: number }>`SELECT id, sequence FROM deliveries
          WHERE integration_id = ${integration} AND status = 'pending' ORDER BY sequence LIMIT 1`
        const [retrying] = yield* sql<{ id: string; sequence: number; next_at: number; updated_at: number }>`
          SELECT id, sequence, next_at, updated_at FROM deliveries
          WHERE integration_id = ${integration} AND status = 'retrying' ORDER BY next_at LIMIT 1`
        // What was written after now was written before the clock was set back: nobody waits for that time to come again.
        if (retrying === undefined || (retrying.next_at > now && retrying.updated_at <= now)) {
          if (pending !== undefined) return { delivery: pending.id }
          return retrying === undefined ? {} : { dueAt: retrying.next_at }
        }
        return { delivery: pending !== undefined && pending.sequence < retrying.sequence ? pending.id : retrying.id }
      })

      /** What the delivery speaks of; nothing if it is a notice. */
      const subjectOf = Effect.fnUntraced(function* ({ alert_id, conversation_id }: Row) {
        if (alert_id === null || conversation_id === null) return undefined
        const conversation = yield* conversations.get(conversation_id)
        const alert = yield* alerts.get(AlertId.make(alert_id))
        return conversation === undefined || alert === undefined ? undefined : { alert, conversation }
      })

      const take = Effect.fnUntraced(function* (delivery: string) {
        const [row] =
          yield* sql<Row>`SELECT * FROM deliveries WHERE id = ${delivery} AND status IN ('pending', 'retrying')`
        if (row === undefined) return undefined
        const attempt = row.attempts + 1
        if (row.notification !== null) {
          yield* sql`UPDATE deliveries SET attempts = ${attempt} WHERE id = ${delivery}`
          yield* conversations.move(delivery, "sending", { attempt })
          return {
            id: delivery,
            integration: IntegrationId.make(row.integration_id),
            conversation: undefined,
            notification: decodeNotification(row.notification),
            options: { form: row.form },
            attempt,
            createdAt: row.created_at
          }
        }
        const subject = yield* subjectOf(row)
        if (subject === undefined) return undefined
        const { alert, conversation } = subject
        const notification = compose(row.kind, alert, conversation)
        yield* sql`UPDATE deliveries
          SET kind = ${notification._tag}, attempts = ${attempt}, severity = ${alert.severity} WHERE id = ${delivery}`
        yield* conversations.move(delivery, "sending", { attempt })
        return {
          id: delivery,
          integration: conversation.integration,
          conversation: conversation.id,
          notification,
          options: {
            form: row.form,
            conversation: {
              id: conversation.id,
              ...(conversation.receipt !== undefined && { receipt: decodeReceipt(conversation.receipt) })
            }
          },
          attempt,
          createdAt: row.created_at
        }
      })

      const complete = Effect.fnUntraced(function* (taken: Taken, outcome: Outcome) {
        const [row] = yield* sql<Row>`SELECT * FROM deliveries
          WHERE id = ${taken.id} AND status = 'sending' AND attempts = ${taken.attempt}`
        // Ended meanwhile: its integration was removed.
        if (row === undefined) return
        yield* outcome._tag === "Delivered" ? delivered(taken, outcome.receipt) : failed(taken, outcome)
        const subject = yield* subjectOf(row)
        if (subject === undefined) return
        const { alert, conversation } = subject
        const { notifyOnClear } = yield* alertRules.current
        const now = afterwards(conversation, taken.notification._tag, outcome, row.severity)
        yield* conversations.apply(alert.id, [settle(now, { alert, notifyOnClear })])
      })

      const delivered = Effect.fnUntraced(function* (
        { attempt, conversation, id, integration, notification }: Taken,
        receipt: ChannelPlugin.Receipt
      ) {
        const text = Message.plainText(Message.fromNotification(notification), maxTextKept)
        yield* sql`UPDATE deliveries SET text = ${text} WHERE id = ${id}`
        yield* conversations.move(id, "delivered", { attempt })
        if (notification._tag === "Raised" && conversation !== undefined) {
          yield* sql`UPDATE conversations SET receipt = ${encodeReceipt(receipt)} WHERE id = ${conversation}`
        }
        yield* integrations.note(integration, { worked: true })
      })

      const failed = Effect.fnUntraced(function* (
        { attempt, id, integration }: Taken,
        { breaks, consequence, givenBack, reason }: Extract<Outcome, { _tag: "Failed" }>
      ) {
        const cause = `${reason._tag}: ${reason.detail}`
        const fallback = consequence.status === "dead" ? yield* fallbacks.of(integration) : undefined
        const isDiverted = fallback !== undefined && (yield* fallbacks.divert(id, fallback, cause))
        if (!isDiverted) yield* conversations.move(id, consequence.status, { cause, attempt })
        if (isUnanswered(reason)) yield* sql`UPDATE deliveries SET unanswered = 1 WHERE id = ${id}`
        if (consequence.status === "retrying") {
          const { form, nextAt } = consequence
          yield* sql`UPDATE deliveries SET next_at = ${nextAt}, form = ${form} WHERE id = ${id}`
        }
        if (breaks) {
          yield* integrations.note(integration, { brokenBecause: cause })
          yield* notices.broken(integration, cause)
        }
        yield* Effect.forEach(givenBack, giveBack)
      })

      /** Owes a dead delivery again, unless something else has become owed there since. */
      const giveBack = Effect.fnUntraced(function* (id: string) {
        const [row] = yield* sql<Row>`SELECT * FROM deliveries WHERE id = ${id} AND status = 'dead'`
        const subject = row && (yield* subjectOf(row))
        if (subject === undefined || subject.conversation.waiting !== undefined) return
        yield* sql`UPDATE deliveries SET form = 'rich' WHERE id = ${id}`
        yield* conversations.move(id, "retrying", {
          cause: "given back: others were refused too, so it is not to blame"
        })
      })

      const bury = (id: string) => conversations.move(id, "dead", { cause: "it cannot be read from the store" })

      const hasten = Effect.fnUntraced(function* (integration: IntegrationId) {
        const now = yield* Clock.currentTimeMillis
        yield* sql`UPDATE deliveries SET next_at = ${now}
          WHERE integration_id = ${integration} AND status = 'retrying' AND next_at > ${now}`
      })

      const resume = Effect.gen(function* () {
        const cause = "the gateway stopped during the attempt: perhaps sent twice"
        const rows = yield* sql<Row>`SELECT * FROM deliveries
            WHERE ${sql.literal(openStatus)} AND status = 'sending' ORDER BY sequence`
        for (const row of rows) {
          yield* sql`UPDATE deliveries SET unanswered = 1 WHERE id = ${row.id}`
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

      return Attempts.of({ next, take, complete, bury, hasten, resume })
    })
  )
}

/** What to say now: a raise that was still waiting when its alert cleared is said as what is true by now (O3). */
const compose = (kind: Kind, alert: Alert, conversation: StoredConversation): Notification => {
  const because = conversation.closedBecause ?? "conditionsNoLongerMet"
  const clearedAt =
    isEnded(conversation, alert) && alert.clearedAt !== undefined
      ? alert.clearedAt
      : DateTime.makeUnsafe(conversation.closedAt ?? alert.startedAt.epochMilliseconds)
  switch (kind) {
    case "Escalated":
      return { _tag: "Escalated", alert, from: conversation.severityTold ?? alert.severity }
    case "Cleared":
      return { _tag: "Cleared", alert, because, clearedAt }
    default:
      return isEnded(conversation, alert)
        ? { _tag: "RaisedAndCleared", alert, because, clearedAt }
        : { _tag: "Raised", alert }
  }
}

/** What the conversation is after an attempt of that kind; `severity` is the alert's as it was sent. */
export const afterwards = <C extends Conversation>(
  conversation: C,
  kind: Kind,
  outcome: Outcome,
  severity: Alert["severity"] | null
): C => {
  const told = { ...conversation, severityTold: severity ?? conversation.severityTold }
  if (outcome._tag === "Delivered") {
    const word = kind === "Cleared" || kind === "RaisedAndCleared" ? "cleared" : "raised"
    // Now it is known what the room read last.
    return { ...told, lastWord: word, lastOwed: word, perhapsTold: false }
  }
  const failed = isUnanswered(outcome.reason) ? unanswered(conversation, kind) : conversation
  // A graver severity that could not be told is given up with its delivery.
  return outcome.consequence.status === "dead" && kind === "Escalated"
    ? { ...failed, severityTold: told.severityTold }
    : failed
}

/** What the conversation is after an attempt of that kind of which nobody knows whether it arrived. */
export const unanswered = <C extends Conversation>(conversation: C, kind: Kind): C => {
  switch (kind) {
    case "Raised":
    case "RaisedAndCleared":
      // Also of one that was told again after its clear was settled.
      return { ...conversation, perhapsTold: true, lastOwed: "raised" }
    case "Cleared":
      return { ...conversation, perhapsTold: true, lastWord: undefined }
    default:
      return conversation
  }
}

const isUnanswered = (reason: Reason) => reason._tag === "Unavailable" && reason.unanswered === true

const ReceiptJson = Schema.fromJsonString(Schema.toCodecJson(ChannelPlugin.Receipt))
const encodeReceipt = Schema.encodeSync(ReceiptJson)
const decodeReceipt = Schema.decodeSync(ReceiptJson)

const decodeNotification = Schema.decodeSync(Schema.fromJsonString(Schema.toCodecJson(Notification)))

interface Row {
  readonly id: string
  readonly conversation_id: string | null
  readonly alert_id: string | null
  readonly integration_id: string
  readonly notification: string | null
  readonly kind: Kind
  readonly form: ChannelPlugin.Form
  readonly attempts: number
  readonly severity: Alert["severity"] | null
  readonly created_at: number
}
