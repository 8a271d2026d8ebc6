/**
 * All lanes: one for each integration, none in the way of another.
 */
import type { IntegrationId } from "@tocsin/core"
import { Context, Effect, FiberMap, Layer, Schedule } from "effect"
import { Attempts } from "./Attempts.ts"
import { Backlog } from "./Backlog.ts"
import { Fallbacks } from "./Fallbacks.ts"
import { Integrations } from "./Integrations.ts"
import { Journal, type StoreUnavailable } from "./Journal.ts"
import * as Lane from "./Lane.ts"
import { Notices } from "./Notices.ts"
import { Pacing } from "./Pacing.ts"
import { Signals } from "./Signals.ts"

/** Serves every integration for as long as its layer lives. */
export class Lanes extends Context.Service<
  Lanes,
  {
    readonly size: Effect.Effect<number>
    /** Why the integration's lane stands still now, if it does. */
    readonly standstill: (integration: IntegrationId) => Lane.Lane["standstill"]
  }
>()("@tocsin/delivery/Lanes") {
  static readonly layer: Layer.Layer<
    Lanes,
    StoreUnavailable,
    Journal | Attempts | Backlog | Integrations | Pacing | Fallbacks | Notices | Signals
  > = Layer.effect(
    Lanes,
    Effect.gen(function* () {
      const journal = yield* Journal
      const attempts = yield* Attempts
      const integrations = yield* Integrations
      const pacing = yield* Pacing
      const signals = yield* Signals
      const scope = yield* Effect.scope
      const lanes = new Map<IntegrationId, Lane.Lane>()
      const fibers = yield* FiberMap.make<IntegrationId>()

      const serve = Effect.fnUntraced(function* (id: IntegrationId) {
        const lane = yield* Lane.make(id)
        lanes.set(id, lane)
        yield* FiberMap.run(fibers, id, lane.run)
      })

      const changed = Effect.fnUntraced(function* (id: IntegrationId) {
        const known = yield* journal.read(integrations.enabled)
        const lane = lanes.get(id)
        if (!known.has(id)) {
          lanes.delete(id)
          // An attempt in flight is finished first; nobody else waits for that.
          yield* Effect.forkIn(FiberMap.remove(fibers, id), scope)
          yield* pacing.forget(id)
        } else if (lane === undefined) {
          yield* serve(id)
        } else {
          yield* lane.changed
        }
      })

      yield* journal.commit(attempts.resume)
      yield* Effect.forEach((yield* journal.read(integrations.enabled)).keys(), serve)
      yield* signals.take.pipe(
        Effect.flatMap(({ integration, of }) =>
          of === "work"
            ? (lanes.get(integration)?.work ?? Effect.void)
            : Effect.retry(changed(integration), Schedule.spaced("1 second"))
        ),
        Effect.forever,
        Effect.forkScoped
      )

      return Lanes.of({
        size: FiberMap.size(fibers),
        standstill: (id) => lanes.get(id)?.standstill ?? Effect.undefined
      })
    })
  )
}
