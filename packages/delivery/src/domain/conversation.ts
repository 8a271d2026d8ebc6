/**
 * A conversation: one episode of an alert at one integration. Pure.
 */
import type { AlertId, AlertRuleId, Because, IntegrationId, Kind, Severity } from "@tocsin/core"

/** The delivery of a conversation that has not ended. */
export interface Waiting {
  readonly id: string
  readonly kind: Kind
  readonly status: "pending" | "retrying" | "sending" | "folded"
}

/** What holds a conversation open: a rule, or the conversation of another integration that it stands in for (D4). */
export type Holder = AlertRuleId | FallbackOf
export type FallbackOf = `for:${string}`

/** The holder of a conversation that stands in for one of this integration. */
export const fallbackFor = (integration: IntegrationId): FallbackOf => `for:${integration}`

/** Whether a rule holds it, and not another's conversation. */
export const isRule = (holder: Holder): holder is AlertRuleId => !holder.startsWith("for:")

/** One alert at one integration. */
export interface Conversation {
  readonly integration: IntegrationId
  readonly state: "open" | "closed"
  /** What holds it open. */
  readonly holders: ReadonlyArray<Holder>
  /** Whatever ever held it. */
  readonly heldBy: ReadonlyArray<Holder>
  readonly closedBecause: Because | undefined
  /** What the integration was last told; undefined if nothing, or if a clear was perhaps told. */
  readonly lastWord: "raised" | "cleared" | undefined
  /** What it was last owed, told or not. */
  readonly lastOwed: "raised" | "cleared" | undefined
  readonly severityTold: Severity | undefined
  /** The room perhaps believes that it is raised: an attempt to say so, or to say otherwise, ended without an answer. */
  readonly perhapsTold: boolean
  /** The fallback that was told in its place. */
  readonly divertedTo: IntegrationId | undefined
  readonly waiting: Waiting | undefined
}

/** A conversation as it is stored. */
export interface StoredConversation extends Conversation {
  readonly id: string
  readonly alertId: AlertId
  readonly closedAt: number | undefined
  readonly receipt: string | undefined
}

/** A conversation of which nothing is known yet. */
export const unopened = (integration: IntegrationId): Conversation => ({
  integration,
  state: "closed",
  holders: [],
  heldBy: [],
  closedBecause: undefined,
  lastWord: undefined,
  lastOwed: undefined,
  severityTold: undefined,
  perhapsTold: false,
  divertedTo: undefined,
  waiting: undefined
})
