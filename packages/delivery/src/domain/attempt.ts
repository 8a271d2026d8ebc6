/**
 * An attempt: a delivery that is claimed for sending, and its outcome. Pure.
 */
import type { Alert, ChannelPlugin, IntegrationId, Kind, Notification, PartialDelivery } from "@tocsin/core"
import type { StoredConversation } from "./conversation.ts"
import type { DigestList } from "./digest.ts"
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
  /** A reply to a digest is sent after everything else, and leaves a permit of the rate limit (D5). */
  readonly isReply?: boolean
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
  /** The trace context of the request that caused it, as a `traceparent`. */
  readonly trace: string | null
  /**
   * Deliveries that this message includes, each with its kind in the message. They share its outcome. A digest that goes
   * only to the recipients who do not have it yet includes none.
   */
  readonly included: ReadonlyArray<{ readonly delivery: string; readonly kind: Kind; readonly trace: string | null }>
  /** The replies that list the alerts of a digest, to be sent after it. */
  readonly replies?: ReadonlyArray<DigestList>
  /** What was read of the alert and the conversation when it was claimed; digests, notices and test sends have none. */
  readonly subject?: {
    readonly alert: Alert
    readonly conversation: StoredConversation
    readonly recipients: string | null
  }
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

/** Whether the message is a digest that nobody has yet. */
export const isNewDigest = ({ included, notification }: ClaimedDelivery): boolean =>
  notification._tag === "Digest" && included.length > 0

/** Whether some recipients have the message although the attempt failed. */
export const reachedSome = ({ partial }: Pick<Failed, "partial">): boolean =>
  partial !== undefined && (partial.recipients?.some(({ status }) => status === "delivered") ?? true)

/** An attempt that ended. */
export interface AttemptEnd {
  readonly claimed: ClaimedDelivery
  readonly outcome: Outcome
  /** The version of the integration that sent it. Findings of another version are not recorded (O8). */
  readonly version: string | undefined
  /** Its sealed settings. What was sent with other settings has no receipt and no partial result (O8). */
  readonly sealed: string | undefined
}
