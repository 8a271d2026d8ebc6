/**
 * A conversation as the table `conversations` stores it.
 */
import { type AlertId, AlertRuleId, Because, IntegrationId, type Severity } from "@tocsin/core"
import { Schema } from "effect"
import type { Values } from "../sql/bulk.ts"
import { memoize } from "../sql/memoize.ts"
import {
  type Conversation,
  conversationId,
  isRule,
  type OpenDelivery,
  type StoredConversation
} from "../domain/conversation.ts"

/** Some columns of a conversation, with its key. */
export type Columns = Values & Key

/** The key of a conversation: one alert at one integration. */
export interface Key {
  readonly alert_id: string
  readonly integration_id: string
}

/** The columns of the key. */
export const key = ["alert_id", "integration_id"] as const

/** The columns of a conversation that a plan changes; `known` is the stored conversation. */
export const toColumns = (conversation: Conversation, known: StoredConversation | undefined, at: number) => ({
  state: conversation.state,
  holders: JSON.stringify(conversation.matchedBy),
  held_by: JSON.stringify(conversation.everMatchedBy),
  closed_because: conversation.closedBecause ?? null,
  closed_at: conversation.state === "open" ? null : (known?.closedAt ?? at),
  last_word: conversation.lastSent ?? null,
  last_owed: conversation.lastEnqueued ?? null,
  severity_told: conversation.severitySent ?? null,
  perhaps_told: conversation.outcomeUnknown ? 1 : 0,
  diverted_to: conversation.divertedTo ?? null,
  // Repeated in a separate column, for queries.
  stands_in_for: conversation.everMatchedBy.find((matcher) => !isRule(matcher))?.slice("for:".length) ?? null
})

/** A row of a conversation, joined with its open delivery. */
export interface Row {
  /** Only if a version before schema 17 opened it: services know it by this id. */
  readonly id: string | null
  readonly alert_id: AlertId
  readonly integration_id: string
  readonly state: "open" | "closed"
  readonly holders: string
  readonly held_by: string
  readonly closed_because: string | null
  readonly closed_at: number | null
  readonly last_word: "raised" | "cleared" | null
  readonly last_owed: "raised" | "cleared" | null
  readonly severity_told: Severity | null
  readonly perhaps_told: number
  readonly receipt: string | null
  readonly diverted_to: string | null
  readonly delivery_id: string | null
  readonly kind: OpenDelivery["kind"] | null
  readonly status: OpenDelivery["status"] | null
}

const Holders = Schema.Array(Schema.Union([AlertRuleId, Schema.TemplateLiteral(["for:", Schema.String])]))
const decodeHolders = memoize(Schema.decodeSync(Schema.fromJsonString(Holders)))
const decodeBecause = Schema.decodeUnknownSync(Schema.UndefinedOr(Because))

/** Converts a row to a conversation. */
export const fromRow = (row: Row): StoredConversation => ({
  id: row.id ?? conversationId(row.alert_id, row.integration_id),
  alertId: row.alert_id,
  integration: IntegrationId.make(row.integration_id),
  state: row.state,
  matchedBy: decodeHolders(row.holders),
  everMatchedBy: decodeHolders(row.held_by),
  closedBecause: decodeBecause(row.closed_because ?? undefined),
  closedAt: row.closed_at ?? undefined,
  lastSent: row.last_word ?? undefined,
  lastEnqueued: row.last_owed ?? undefined,
  severitySent: row.severity_told ?? undefined,
  outcomeUnknown: row.perhaps_told === 1,
  receipt: row.receipt ?? undefined,
  divertedTo: row.diverted_to === null ? undefined : IntegrationId.make(row.diverted_to),
  openDelivery:
    row.delivery_id === null || row.kind === null || row.status === null
      ? undefined
      : { id: row.delivery_id, kind: row.kind, status: row.status }
})
