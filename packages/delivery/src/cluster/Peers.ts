/**
 * The gateways that serve one store together.
 */
import { IntegrationId } from "@tocsin/core"
import type { Change } from "./collectedChanges.ts"
import { Context, Effect, Schema } from "effect"
import { partitionCount } from "../sql/locks.ts"

/** `work`: deliveries wait there. `changed`: the integration was made, edited or removed. */
export const Signal = Schema.Struct({ integration: IntegrationId, of: Schema.Literals(["work", "changed"]) })
export type Signal = typeof Signal.Type

/** What follows when parts of the lanes come here, or go. */
export interface Handlers {
  /** They are held here now. */
  readonly gained: (partitions: ReadonlyArray<number>) => Effect.Effect<void>
  /** They are wanted elsewhere, and are let go when this returns. */
  readonly released: (partitions: ReadonlyArray<number>) => Effect.Effect<void>
  /** They may be held elsewhere already. */
  readonly lost: (partitions: ReadonlyArray<number>) => Effect.Effect<void>
}

/** Divides the lanes among the gateways on a store, and carries signals between them (M1). */
export class Peers extends Context.Service<
  Peers,
  {
    /** Takes a fair share of the partitions, for as long as it runs. */
    readonly hold: (handlers: Handlers) => Effect.Effect<never>
    /** Whether the partition is surely held here: no longer ago than two seconds (M2). */
    readonly isHeld: (partition: number) => boolean
    /** Tells all other gateways; what is lost on the way costs time only. */
    readonly tell: (signals: ReadonlyArray<Signal>) => Effect.Effect<void>
    /** Hands on what others tell, for as long as it runs; `missed` runs when something may have been missed. */
    readonly listen: (
      heard: (signals: ReadonlyArray<Signal>) => Effect.Effect<void>,
      missed: Effect.Effect<void>
    ) => Effect.Effect<never>
    /** Sends all other gateways what changed. `hearChanges` makes up for what is lost on the way. */
    readonly tellChanges: (changes: ReadonlyArray<Change>) => Effect.Effect<void>
    /** Hands on what changed at others, for as long as it runs; where some may have been missed, each kind without ids. */
    readonly hearChanges: (heard: (changes: ReadonlyArray<Change>) => Effect.Effect<void>) => Effect.Effect<never>
    /** Looks now and then for what no signal told, for as long as it runs. */
    readonly sweep: (look: Effect.Effect<void>) => Effect.Effect<never>
    /** Asks the gateway that holds the partition; undefined if none has answered within two seconds. */
    readonly ask: (partition: number, question: string) => Effect.Effect<string | undefined>
    /** Answers what others ask of a partition that is held here, and hears what they answer, for as long as it runs. */
    readonly answer: (answer: (question: string) => Effect.Effect<string>) => Effect.Effect<never>
    /** Whether there can be others at all. */
    readonly many: boolean
  }
>()("@tocsin/delivery/Peers") {
  /** One gateway, which serves everything. */
  static readonly none = Peers.of({
    hold: ({ gained }) => Effect.andThen(gained(Array.from({ length: partitionCount }, (_, n) => n)), Effect.never),
    isHeld: () => true,
    tell: () => Effect.void,
    listen: () => Effect.never,
    tellChanges: () => Effect.void,
    hearChanges: () => Effect.never,
    sweep: () => Effect.never,
    ask: () => Effect.undefined,
    answer: () => Effect.never,
    many: false
  })
}
