/**
 * All lanes that this gateway owns: one for each integration. No lane delays another.
 */
import type { IntegrationId } from "@tocsin/core"
import { Context, Effect, Fiber, FiberMap, FiberSet, Latch, Layer, Semaphore } from "effect"
import { SqlClient } from "effect/sql"
import { Partitions } from "../cluster/Partitions.ts"
import { Peers, type Signal } from "../cluster/Peers.ts"
import { Signals } from "../cluster/Signals.ts"
import { type Assignment, Integrations } from "../config/Integrations.ts"
import type { Fallbacks } from "../planning/Fallbacks.ts"
import type { OperatorNotices } from "../planning/OperatorNotices.ts"
import type { Deliveries } from "../records/Deliveries.ts"
import { DirectClaims } from "../records/DirectClaims.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { sumUpEvents } from "../records/eventCounts.ts"
import { sumUpCounts } from "../sql/migrations.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { Backlog } from "./Backlog.ts"
import * as Lane from "./Lane.ts"
import { Pipeline } from "./pipeline.ts"
import { RateLimiter } from "./RateLimiter.ts"

type Needed =
  | GroupCommit
  | Pipeline
  | Backlog
  | Deliveries
  | Integrations
  | RateLimiter
  | Fallbacks
  | OperatorNotices
  | Partitions

/** The pending deliveries of an integration. */
export interface Pending {
  readonly size: number
  /** When the oldest of them was created, in epoch milliseconds. */
  readonly oldestAt: number | undefined
}

/** Runs the lanes of all integrations whose partition is owned here, for as long as its layer lives. */
export class Lanes extends Context.Service<
  Lanes,
  {
    /** How many lanes are running. */
    readonly size: Effect.Effect<number>
    /** The pending deliveries of an integration, even if another gateway owns its lane. */
    readonly pending: (integration: IntegrationId) => Effect.Effect<Pending, StoreUnavailable>
  }
>()("@tocsin/delivery/Lanes") {
  static readonly layer: Layer.Layer<Lanes, never, Needed | SqlClient.SqlClient | Signals | Peers | DirectClaims> =
    Layer.effect(
      Lanes,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const groupCommit = yield* GroupCommit
        const pipeline = yield* Pipeline
        const backlog = yield* Backlog
        const integrations = yield* Integrations
        const rateLimiter = yield* RateLimiter
        const partitions = yield* Partitions
        const peers = yield* Peers
        const signals = yield* Signals
        const directClaims = yield* DirectClaims
        const context = yield* Effect.context<Needed>()
        const lanes = new Map<IntegrationId, Lane.Lane>()
        const fibers = yield* FiberMap.make<IntegrationId>()
        const stopping = yield* FiberSet.make()
        let isStopping = false
        /** The partitions that are owned here. */
        const owned = new Set<number>()
        /** The partition and the version of each integration, as they were last read. */
        let assignments: ReadonlyMap<IntegrationId, Assignment> = new Map()
        /** How many edits of integrations whose lanes run here were committed here. */
        let edits = 0

        const start = Effect.fnUntraced(function* (id: IntegrationId, version: string) {
          const lane = yield* Effect.provideContext(Lane.make(id, version), context)
          lanes.set(id, lane)
          directClaims.setLane(id, lane.direct)
          signals.setOwned(id, () => lane.edited(++edits))
          yield* FiberMap.run(fibers, id, lane.run)
        })

        /** Attempts in flight are finished first: the fiber ends with the last one. */
        const stop = Effect.fnUntraced(function* (id: IntegrationId) {
          lanes.delete(id)
          directClaims.setLane(id, undefined)
          signals.setOwned(id, undefined)
          // Its rate limits apply until it ends, and then to a lane that was started for it meanwhile.
          const forget = Effect.suspend(() => (lanes.has(id) ? Effect.void : rateLimiter.forget(id)))
          yield* FiberSet.run(stopping, Effect.andThen(FiberMap.remove(fibers, id), forget))
        })
        const stopped = Effect.suspend(() => Fiber.awaitAll([...stopping]))

        /** Stops the lanes that are not owned here. */
        const dismiss = Effect.gen(function* () {
          for (const id of lanes.keys()) if (!owned.has(assignments.get(id)?.partition ?? -1)) yield* stop(id)
        })

        /** Starts the lanes that are owned here, stops all others, and passes on edits of their integrations. */
        const reconcile = Effect.gen(function* () {
          const edit = edits
          assignments = yield* groupCommit.read(integrations.assignments)
          partitions.assign(assignments)
          if (isStopping) return
          for (const [id, { partition, version }] of assignments) {
            if (!owned.has(partition)) continue
            yield* lanes.get(id)?.update(version, edit) ?? start(id, version)
          }
          yield* dismiss
        }).pipe(Semaphore.withPermits(yield* Semaphore.make(1), 1))
        const reconciled = Effect.eventually(Effect.tapError(reconcile, () => Effect.sleep("1 second")))

        const isServing = yield* Latch.make(peers.many)
        const serve = partitions.serve({
          resume: pipeline.requeueInFlight,
          // If the store cannot be written, the engine starts without lanes, so that callers get an error.
          delayed: isServing.open,
          gained: Effect.fnUntraced(function* (gained) {
            gained.forEach((partition) => owned.add(partition))
            yield* reconciled
            yield* isServing.open
          }),
          released: Effect.fnUntraced(function* (released) {
            released.forEach((partition) => owned.delete(partition))
            // Waits for all stopping lanes, whatever stopped them: an edit may have moved one away just before.
            yield* Effect.andThen(reconciled, stopped)
          }),
          // Attempts in flight can no longer record anything, so this waits neither for them nor for the store. If the
          // partitions come back, they get new lanes.
          lost: Effect.fnUntraced(function* (lost) {
            lost.forEach((partition) => owned.delete(partition))
            yield* dismiss
          })
        })
        yield* Effect.forkScoped(serve)
        yield* isServing.await

        const receive = ({ integration, of }: Signal) =>
          of === "work" ? (lanes.get(integration)?.wake ?? Effect.void) : reconciled
        const receiveFromPeer = (signal: Signal) =>
          signal.of === "work" ? (lanes.get(signal.integration)?.look ?? Effect.void) : receive(signal)
        yield* signals.take.pipe(Effect.flatMap(receive), Effect.forever({ disableYield: true }), Effect.forkScoped)

        /** Finds work whose signal was lost. */
        const poll = Effect.gen(function* () {
          yield* reconcile
          for (const id of yield* groupCommit.read(backlog.integrationsWithWork))
            yield* lanes.get(id)?.wake ?? Effect.void
          yield* groupCommit.read(
            Effect.provideService(Effect.andThen(sumUpCounts, sumUpEvents), SqlClient.SqlClient, sql)
          )
        })
        yield* Effect.forkScoped(peers.poll(Effect.ignore(poll)))
        yield* Effect.forkScoped(
          peers.subscribe(
            (received) => Effect.forEach(received, receiveFromPeer, { discard: true }),
            Effect.ignore(poll)
          )
        )

        // Before the partitions are released: what ends until then is recorded.
        yield* Effect.addFinalizer(() => {
          isStopping = true
          return Effect.andThen(Effect.forEach([...lanes.keys()], stop), stopped)
        })

        return Lanes.of({
          size: FiberMap.size(fibers),
          pending: (id) => groupCommit.read(Effect.all({ size: backlog.size(id), oldestAt: backlog.oldest(id) }))
        })
      })
    )
}
