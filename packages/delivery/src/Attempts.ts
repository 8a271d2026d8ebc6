/**
 * The two ends of an attempt in the store: taking deliveries, and writing down
 * what became of them (cases D1, D5, O3, O7).
 */
import type { ChannelPlugin, IntegrationId, Kind, Notification, Reason } from "@tocsin/core"
import { Context, Effect, Layer } from "effect"
import type { SqlError } from "effect/sql"
import { completing } from "./completing.ts"
import type { Consequence } from "./retry.ts"
import { taking } from "./taking.ts"

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
    /** When lanes come here: what was being sent is owed again, and its history says that it may be sent twice. */
    readonly resume: (partitions: ReadonlyArray<number>) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@tocsin/delivery/Attempts") {
  static readonly layer = Layer.effect(
    Attempts,
    Effect.gen(function* () {
      return Attempts.of({ ...(yield* taking), ...(yield* completing) })
    })
  )
}
