/**
 * All lanes that are served here: one for each integration, none in the way of another.
 */
import type { IntegrationId } from "@tocsin/core"
import { Context, Effect, Fiber, FiberMap, FiberSet, Latch, Layer, Semaphore } from "effect"
import { SqlClient } from "effect/sql"
import { Attempts } from "./Attempts.ts"
import { Backlog } from "./Backlog.ts"
import { Fallbacks } from "../planning/Fallbacks.ts"
import { Integrations } from "../config/Integrations.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import * as Lane from "./Lane.ts"
import { sumUpCounts } from "../sql/migrations.ts"
import { OperatorNotices } from "../planning/OperatorNotices.ts"
import { RateLimiter } from "./RateLimiter.ts"
import { Partitions } from "../cluster/Partitions.ts"
import { Peers } from "../cluster/Peers.ts"
import { Signals } from "../cluster/Signals.ts"

type Needed = GroupCommit | Attempts | Backlog | Integrations | RateLimiter | Fallbacks | OperatorNotices | Partitions

/** Serves, for as long as its layer lives, every integration whose partition is held here. */
export class Lanes extends Context.Service<
  Lanes,
  {
    readonly size: Effect.Effect<number>
  }
>()("@tocsin/delivery/Lanes") {
  static readonly layer: Layer.Layer<Lanes, never, Needed | SqlClient.SqlClient | Signals | Peers> = Layer.effect(
    Lanes,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const attempts = yield* Attempts
      const backlog = yield* Backlog
      const integrations = yield* Integrations
      const rateLimiter = yield* RateLimiter
      const partitions = yield* Partitions
      const peers = yield* Peers
      const signals = yield* Signals
      const context = yield* Effect.context<Needed>()
      const lanes = new Map<IntegrationId, Lane.Lane>()
      const fibers = yield* FiberMap.make<IntegrationId>()
      const stopping = yield* FiberSet.make()
      let isStopping = false
      /** The partitions that are held here. */
      const held = new Set<number>()
      /** Which of them each integration belongs to, as it was last read. */
      let belonging: ReadonlyMap<IntegrationId, number> = new Map()

      const start = Effect.fnUntraced(function* (id: IntegrationId) {
        const lane = yield* Effect.provideContext(Lane.make(id), context)
        lanes.set(id, lane)
        signals.serves(id, true)
        yield* FiberMap.run(fibers, id, lane.run)
      })

      /** An attempt in flight is finished first; the fiber ends when the last one has. */
      const stop = Effect.fnUntraced(function* (id: IntegrationId) {
        lanes.delete(id)
        signals.serves(id, false)
        // Its rate limits bind it to the end; and they are those of a lane that was started for it meanwhile.
        const forget = Effect.suspend(() => (lanes.has(id) ? Effect.void : rateLimiter.forget(id)))
        yield* FiberSet.run(stopping, Effect.andThen(FiberMap.remove(fibers, id), forget))
      })
      const stopped = Effect.suspend(() => Fiber.awaitAll([...stopping]))

      /** Stops the lanes that do not belong here. */
      const dismiss = Effect.gen(function* () {
        for (const id of lanes.keys()) if (!held.has(belonging.get(id) ?? -1)) yield* stop(id)
      })

      /** Starts the lanes that belong here, and stops those that do not. */
      const place = Effect.gen(function* () {
        belonging = yield* groupCommit.read(integrations.partitions)
        partitions.placed(belonging)
        if (isStopping) return
        for (const [id, partition] of belonging) {
          if (held.has(partition) && !lanes.has(id)) yield* start(id)
        }
        yield* dismiss
      }).pipe(Semaphore.withPermits(yield* Semaphore.make(1), 1))
      const placed = Effect.eventually(Effect.tapError(place, () => Effect.sleep("1 second")))

      const changed = Effect.fnUntraced(function* (id: IntegrationId) {
        yield* lanes.get(id)?.changed ?? Effect.void
        yield* placed
      })

      const isServing = yield* Latch.make(peers.many)
      const serve = partitions.serve({
        resume: attempts.resume,
        gained: Effect.fnUntraced(function* (gained) {
          gained.forEach((partition) => held.add(partition))
          yield* placed
          yield* isServing.open
        }),
        released: Effect.fnUntraced(function* (released) {
          released.forEach((partition) => held.delete(partition))
          // Whoever stopped them: an edit may have moved a lane away just before.
          yield* Effect.andThen(placed, stopped)
        }),
        // What is in flight writes nothing any more, so nobody waits for it. Nor is the store waited for: when they come
        // back, it is to lanes that know of nothing in flight.
        lost: Effect.fnUntraced(function* (lost) {
          lost.forEach((partition) => held.delete(partition))
          yield* dismiss
        })
      })
      yield* Effect.forkScoped(serve)
      yield* isServing.await

      const hear = ({ integration, of }: { readonly integration: IntegrationId; readonly of: "work" | "changed" }) =>
        of === "work" ? (lanes.get(integration)?.work ?? Effect.void) : changed(integration)
      yield* signals.take.pipe(Effect.flatMap(hear), Effect.forever({ disableYield: true }), Effect.forkScoped)

      /** What no signal told. */
      const sweep = Effect.gen(function* () {
        yield* place
        for (const [id, state] of yield* groupCommit.read(integrations.states))
          yield* lanes.get(id)?.isNow(state) ?? Effect.void
        for (const id of yield* groupCommit.read(backlog.integrationsWithWork))
          yield* lanes.get(id)?.work ?? Effect.void
        yield* groupCommit.read(Effect.provideService(sumUpCounts, SqlClient.SqlClient, sql))
      })
      yield* Effect.forkScoped(peers.sweep(Effect.ignore(sweep)))
      yield* Effect.forkScoped(
        peers.listen((told) => Effect.forEach(told, hear, { discard: true }), Effect.ignore(sweep))
      )

      // Before the partitions are let go: what ends until then is written down.
      yield* Effect.addFinalizer(() => {
        isStopping = true
        return Effect.andThen(Effect.forEach([...lanes.keys()], stop), stopped)
      })

      return Lanes.of({ size: FiberMap.size(fibers) })
    })
  )
}
