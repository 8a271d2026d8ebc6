/**
 * An attempt: a delivery that is claimed for sending, and its outcome. Pure.
 */
import type { ChannelPlugin, IntegrationId, Kind, Notification, PartialDelivery } from "@tocsin/core"
import type { FailureReason } from "./failureReason.ts"
import type { ShownIntegration } from "./integration.ts"
import type { Consequence } from "./retryPolicy.ts"

/**
 * The right to run the lanes of a partition. A gateway that takes them over increments the partition's `fence` (M2).
 */
export interface Lease {
  readonly partition: number
  readonly fence: number
}

/** A delivery that a lane may claim. */
export interface DueDelivery {
  readonly id: string
  /** The lock keys of the transactions that claim and record it. */
  readonly lockKeys: ReadonlyArray<string>
  /** A test send is sent before everything else, even if the integration is blocked or disabled (D6). */
  readonly isTest: boolean
}

/** A delivery that is marked as `sending`, and the message to send. */
export interface ClaimedDelivery {
  readonly id: string
  readonly integration: IntegrationId
  /**
   * The lease under which it was claimed. Its outcome is recorded under the same lease, even if an edit moves the
   * integration.
   */
  readonly lease: Lease
  readonly notification: Notification
  readonly options: ChannelPlugin.DeliverOptions
  /** The number of this attempt, from 1. */
  readonly attempt: number
  readonly createdAt: number
  /** Deliveries that this message includes, each with its kind in the message. They share its outcome. */
  readonly included: ReadonlyArray<{ readonly delivery: string; readonly kind: Kind }>
}

/** The outcome of an attempt, and its consequences. */
export type Outcome = Delivered | Failed

/** The service accepted the message. */
export interface Delivered {
  readonly _tag: "Delivered"
  readonly receipt: ChannelPlugin.Receipt
  /** The channel has no message for this kind of notification: nothing was sent. */
  readonly isSkipped?: true
}

/** The service refused the message, or could not be reached. */
export interface Failed {
  readonly _tag: "Failed"
  readonly reason: FailureReason
  /** The partial result of the failed attempt: some of several recipients have the message. */
  readonly partial?: PartialDelivery
  readonly consequence: Consequence
  /** The integration is broken: its lane is blocked until a person fixes it. */
  readonly breaks: boolean
  /** The lane is blocked for a while. */
  readonly waiting?: ShownIntegration["waiting"]
  /** Dead deliveries to requeue, because the service refuses every message. */
  readonly requeued: ReadonlyArray<string>
  /** Deliveries created before this time, in epoch milliseconds, were past their deadline when the attempt began. */
  readonly overBefore: number
}

/** An attempt that ended. */
export interface AttemptEnd {
  readonly claimed: ClaimedDelivery
  readonly outcome: Outcome
  /** The version of the integration that sent it. Findings of another version are not recorded (O8). */
  readonly version: string | undefined
}
