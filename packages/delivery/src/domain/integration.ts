/**
 * An integration as operators enter it, as it may be shown, and as its lane needs it. Pure.
 */
import { ChannelPlugin, type DeliveryOptions, type Integration, type IntegrationId, type Limits } from "@tocsin/core"
import { Duration, type Schema } from "effect"

export type JsonObject = { readonly [key: string]: Schema.Json }

/** An integration as an operator enters it. Secrets that `settings` leaves out stay as they are stored. */
export interface IntegrationInput {
  readonly id: IntegrationId
  readonly name: string
  readonly type: string
  readonly enabled: boolean
  readonly settings: JsonObject
  readonly limits?: Limits
  readonly fallback?: IntegrationId
  readonly delivery?: DeliveryOptions
}

/** An integration as it may be shown: without secrets, and with its state. */
export interface ShownIntegration extends IntegrationInput {
  /** Its number in the order of creation. */
  readonly sequence: number
  /** JSON Pointers into `settings`: the secrets that are set. */
  readonly secretsSet: ReadonlyArray<string>
  readonly broken: { readonly reason: string; readonly since: number } | undefined
  /** Nothing is sent before `until`, in epoch milliseconds: the service asked for it, or could not be reached. */
  readonly waiting: { readonly because: "limited" | "unavailable"; readonly until: number } | undefined
  readonly lastSuccessAt: number | undefined
  /** The last attempt that failed. */
  readonly lastFailure: { readonly at: number; readonly reason: string } | undefined
  /** While it is paused, deliveries are queued and none is sent. */
  readonly paused: { readonly since: number; readonly reason: string; readonly by: string } | undefined
  readonly createdAt: number
  /** Increases with every edit, so that no two states of an integration share a value. */
  readonly updatedAt: number
}

/** An integration as its lane needs it. */
export interface ReadyIntegration {
  /** Changes with every edit: findings of another version are stale. Undefined if it is not saved. */
  readonly version?: string
  /** The stored settings, sealed: the same as long as no edit changes them. Undefined if it is not saved. */
  readonly sealed?: string
  /** Whether it is still recorded as broken because it was not ready, although it is ready now. */
  readonly wasNotReady?: boolean
  readonly integration: Integration
  readonly plugin: ChannelPlugin.Any
  readonly channel: ChannelPlugin.Channel<unknown>
}

/** The reason with which an integration is broken if its settings or plugin cannot be used. */
export const brokenAsNotReady = (detail: string): string => `NotReady: ${detail}`

/** How long an attempt may take: as the integration says, else as its plugin declares, else ten seconds. */
export const timeoutOf = ({ integration: { delivery }, plugin }: ReadyIntegration): Duration.Duration =>
  Duration.seconds(delivery?.timeout ?? Math.min(plugin.timeout ?? 10, ChannelPlugin.maxTimeout))
