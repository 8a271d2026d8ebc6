/**
 * The gateways that share one store.
 */
import { IntegrationId } from "@tocsin/core"
import { Context, Effect, Schema } from "effect"
import { partitionCount } from "../sql/locks.ts"
import type { Change } from "./collectedChanges.ts"

/** `work`: deliveries wait there. `changed`: the integration was created, edited or removed. */
export const Signal = Schema.Struct({ integration: IntegrationId, of: Schema.Literals(["work", "changed"]) })
export type Signal = typeof Signal.Type

/** Handlers for gained and lost partitions of the lanes. */
export interface Handlers {
  /** The partitions are owned here now. */
  readonly gained: (partitions: ReadonlyArray<number>) => Effect.Effect<void>
  /** Another gateway needs the partitions. They are released when this returns. */
  readonly released: (partitions: ReadonlyArray<number>) => Effect.Effect<void>
  /** Another gateway may own the partitions already. */
  readonly lost: (partitions: ReadonlyArray<number>) => Effect.Effect<void>
}

/** Divides the lanes among the gateways on a store, and carries signals between them (M1). */
export class Peers extends Context.Service<
  Peers,
  {
    /** Owns a fair share of the partitions, for as long as it runs. */
    readonly own: (handlers: Handlers) => Effect.Effect<never>
    /** Whether the partition is certainly owned here: this was confirmed within the last two seconds (M2). */
    readonly isOwned: (partition: number) => boolean
    /** Sends signals to all other gateways. A signal that is lost costs time only. */
    readonly publish: (signals: ReadonlyArray<Signal>) => Effect.Effect<void>
    /** Receives the signals of other gateways, for as long as it runs; `missed` runs when some may have been lost. */
    readonly subscribe: (
      receive: (signals: ReadonlyArray<Signal>) => Effect.Effect<void>,
      missed: Effect.Effect<void>
    ) => Effect.Effect<never>
    /** Sends all other gateways what changed. `subscribeToChanges` recovers lost ones. */
    readonly publishChanges: (changes: ReadonlyArray<Change>) => Effect.Effect<void>
    /**
     * Receives the changes of other gateways, for as long as it runs; if some may have been lost, each kind without
     * ids.
     */
    readonly subscribeToChanges: (
      receive: (changes: ReadonlyArray<Change>) => Effect.Effect<void>
    ) => Effect.Effect<never>
    /** Runs `look` regularly, to find work whose signal was lost. */
    readonly poll: (look: Effect.Effect<void>) => Effect.Effect<never>
    /** How many partitions no gateway owns; undefined if that was not confirmed within the last two seconds. */
    readonly unowned: () => number | undefined
    /** Whether there can be other gateways at all. */
    readonly many: boolean
  }
>()("@tocsin/delivery/Peers") {
  /** One gateway, which owns everything. */
  static readonly none = Peers.of({
    own: ({ gained }) => Effect.andThen(gained(Array.from({ length: partitionCount }, (_, n) => n)), Effect.never),
    isOwned: () => true,
    publish: () => Effect.void,
    subscribe: () => Effect.never,
    publishChanges: () => Effect.void,
    subscribeToChanges: () => Effect.never,
    poll: () => Effect.never,
    unowned: () => 0,
    many: false
  })
}
