/**
 * Deliveries that are claimed for their lanes: those that are created as `sending`, because their lanes have nothing else
 * to do, and those that follow others whose attempts ended.
 */
import type { Alert, IntegrationId } from "@tocsin/core"
import { Context, type Effect } from "effect"
import type { SqlError } from "effect/sql"
import type { ClaimedDelivery } from "../domain/attempt.ts"
import type { StoredConversation } from "../domain/conversation.ts"

/** The text of an event, by its hash. */
export interface HashedText {
  readonly hash: string
  readonly length: number
}

/** A conversation that opens with the first event of an alert, so that nothing was ever sent in it. */
export interface Opening {
  readonly alert: Alert
  readonly conversation: StoredConversation
  readonly text: HashedText
  /** The trace context of the request with the event, as a `traceparent`. */
  readonly trace: string | undefined
}

/** A delivery that was claimed before it is created. */
export interface DirectClaim {
  readonly id: string
  /** The partition under whose lease it is being sent (M2). */
  readonly partition: number
}

/** A lane that may be claimed for. */
export interface DirectLane {
  /** Whether it has nothing else to do, and is healthy. */
  readonly isReady: () => boolean
  /**
   * Reserves slots of the lane, and permits of its rate limits, for the first of these deliveries, unless its
   * integration has another version than this one.
   */
  readonly reserve: (
    deliveries: ReadonlyArray<string>,
    version: string | undefined
  ) => Effect.Effect<Reservation | undefined>
  /** Whether something may wait for it, and it is healthy, and sends no digests. */
  readonly mayFollow: () => boolean
  /** What it is claiming by itself. */
  readonly chosen: () => ReadonlySet<string>
  /** Whether this is the version of its integration. */
  readonly isCurrent: (version: string | undefined) => boolean
  /** Counts claimed deliveries as being sent, whose permits are taken. */
  readonly hold: (claimed: ReadonlyArray<ClaimedDelivery>) => Effect.Effect<Omit<Reservation, "deliveries">>
}

/** Reserved slots of a lane. */
export interface Reservation {
  readonly deliveries: ReadonlyArray<string>
  /** Sends the deliveries. Runs after the commit. */
  readonly send: (claimed: ReadonlyArray<ClaimedDelivery>) => Effect.Effect<void>
  /** Releases the slots. Runs after a rollback, or if the answer to the commit was lost. */
  readonly release: Effect.Effect<void>
}

/** Claims deliveries in the transaction that creates them. */
export class DirectClaims extends Context.Service<
  DirectClaims,
  {
    /**
     * Claims the raises of openings whose lanes can send them at once, and sends them after the commit; returns the
     * claims by the ids of the conversations. Runs inside a transaction of `GroupCommit`, which must create the claimed
     * deliveries as `sending`.
     */
    readonly claim: (
      openings: ReadonlyArray<Opening>
    ) => Effect.Effect<ReadonlyMap<string, DirectClaim>, SqlError.SqlError>
    /** The lane of an integration, if it runs here. */
    readonly laneOf: (integration: IntegrationId) => DirectLane | undefined
    /** Lets the lane of an integration be claimed for; undefined once it stops. */
    readonly setLane: (integration: IntegrationId, lane: DirectLane | undefined) => void
  }
>()("@tocsin/delivery/DirectClaims") {}
