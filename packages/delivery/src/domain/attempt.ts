/**
 * An attempt: a delivery that was claimed for sending, and how sending it ended. Pure.
 */
import type { ChannelPlugin, IntegrationId, Kind, Notification, Reason } from "@tocsin/core"
import type { ShownIntegration } from "./integration.ts"
import type { Consequence } from "./retryPolicy.ts"
import { storable } from "./storableText.ts"

/** A partition, and how often it was taken over until it came here. */
export interface Lease {
  readonly partition: number
  readonly fence: number
}

/** A delivery that is marked as being sent, and what to send. */
export interface ClaimedDelivery {
  readonly id: string
  readonly integration: IntegrationId
  /** Whoever holds this partition answers for it, also when the integration moves to another one (M2). */
  readonly under: Lease
  readonly notification: Notification
  readonly options: ChannelPlugin.DeliverOptions
  /** Counts the attempts, this one included. */
  readonly attempt: number
  readonly createdAt: number
  /** Deliveries that are folded into this one while it is being sent, and as what each of them is said. */
  readonly included: ReadonlyArray<{ readonly delivery: string; readonly kind: Kind }>
}

/** How an attempt ended. */
export type Outcome =
  | { readonly _tag: "Delivered"; readonly receipt: ChannelPlugin.Receipt }
  | {
      readonly _tag: "Failed"
      readonly reason: Reason
      readonly consequence: Consequence
      /** Its lane stands still until a person mends something. */
      readonly breaks: boolean
      /** Its lane stands still for a while. */
      readonly waiting?: ShownIntegration["waiting"]
      /** Dead deliveries that are owed again, because they were not to blame. */
      readonly requeued: ReadonlyArray<string>
      /** What was made before this time, in epoch milliseconds, was past its deadline when the attempt began. */
      readonly overBefore: number
    }

/** An attempt that ended. */
export interface End {
  readonly claimed: ClaimedDelivery
  readonly outcome: Outcome
  /** The state of the integration that it was sent by: another's receipt is worth nothing (O8). */
  readonly updatedAt: number | undefined
}

/** Why an attempt failed, as history, answers and the log have it. */
export const causeOf = ({ _tag, detail }: Reason): string => storable(`${_tag}: ${detail}`)
