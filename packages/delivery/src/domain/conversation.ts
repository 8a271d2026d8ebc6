/**
 * A conversation: one episode of an alert at one integration. Pure.
 */
import type { AlertId, AlertRuleId, Because, IntegrationId, Kind, Severity } from "@tocsin/core"

/** The delivery of a conversation that has not ended. */
export interface OpenDelivery {
  readonly id: string
  readonly kind: Kind
  readonly status: "pending" | "retrying" | "sending" | "folded"
}

/**
 * The reason why a conversation is open: a matching rule, or the conversation of another integration that it replaces
 * (D4).
 */
export type Matcher = AlertRuleId | FallbackOf
export type FallbackOf = `for:${string}`

/** The key of a conversation that replaces one of this integration. */
export const fallbackFor = (integration: IntegrationId): FallbackOf => `for:${integration}`

/** Whether a matcher is a rule, and not another integration's conversation. */
export const isRule = (holder: Matcher): holder is AlertRuleId => !holder.startsWith("for:")

/** Names the rules that match, or the integration that this one is the fallback for: `matched by rule all`. */
export const matchedText = (matchers: ReadonlyArray<string>): string =>
  `matched by ${matchers.map((id) => (id.startsWith("for:") ? `the fallback for ${id.slice("for:".length)}` : `rule ${id}`)).join(", ")}`

/** One alert at one integration. */
export interface Conversation {
  readonly integration: IntegrationId
  readonly state: "open" | "closed"
  /** The matching rules and fallbacks: the conversation is open while there is one. */
  readonly matchedBy: ReadonlyArray<Matcher>
  /** All rules and fallbacks that ever matched. */
  readonly everMatchedBy: ReadonlyArray<Matcher>
  readonly closedBecause: Because | undefined
  /** The last message that was delivered; undefined if none was, or if the outcome of a clear is unknown. */
  readonly lastSent: "raised" | "cleared" | undefined
  /** The last message that was enqueued, delivered or not. */
  readonly lastEnqueued: "raised" | "cleared" | undefined
  readonly severitySent: Severity | undefined
  /**
   * Whether the channel may show the alert as raised: an attempt to send a raise or a clear ended without an answer.
   */
  readonly outcomeUnknown: boolean
  /** The fallback that was notified instead. */
  readonly divertedTo: IntegrationId | undefined
  readonly openDelivery: OpenDelivery | undefined
}

/** A conversation as it is stored. */
export interface StoredConversation extends Conversation {
  /** Its id for channels that correlate messages by it. The store knows it by its alert and its integration. */
  readonly id: string
  readonly alertId: AlertId
  readonly closedAt: number | undefined
  readonly receipt: string | undefined
}

/** The id of a new conversation. */
export const conversationId = (alert: string, integration: string): string => `${alert}.${integration}`

/** A conversation that has not been opened yet. */
export const unopened = (integration: IntegrationId): Conversation => ({
  integration,
  state: "closed",
  matchedBy: [],
  everMatchedBy: [],
  closedBecause: undefined,
  lastSent: undefined,
  lastEnqueued: undefined,
  severitySent: undefined,
  outcomeUnknown: false,
  divertedTo: undefined,
  openDelivery: undefined
})
