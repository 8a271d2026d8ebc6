/**
 * The attempts of a lane that are in flight.
 */
import type { IntegrationId } from "@tocsin/core"
import { Clock, Duration, Effect, Exit, Latch } from "effect"
import type { ClaimedDelivery } from "../domain/attempt.ts"
import * as Health from "../domain/circuitBreaker.ts"
import type { ReadyIntegration } from "../domain/integration.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { LaneState } from "./LaneState.ts"
import { Pipeline } from "./pipeline.ts"
import { Stop } from "./withinLimits.ts"

/** How long a stop waits for attempts in flight before it requeues them: well within Docker's 10 s. */
const grace = Duration.seconds(5)

/** How long a stop waits then until they are requeued. */
const storePause = Duration.seconds(1)

/** Starts and ends the attempts of a lane; `wake` is its signal for work. */
export const makeAttempts = Effect.fnUntraced(function* (id: IntegrationId, lane: LaneState, wake: Latch.Latch) {
  const groupCommit = yield* GroupCommit
  const pipeline = yield* Pipeline
  const deliveries = yield* Deliveries
  const context = yield* Effect.context<never>()
  const stop = new Stop()
  const landed = yield* Latch.make(true)

  /** Signals that something may wait for the lane. */
  const signal = Effect.suspend(() => {
    lane.isCaughtUp = false
    lane.hasNews = true
    return Effect.asVoid(wake.open)
  })

  /** Counts deliveries as being sent. */
  const hold = (held: ReadonlyArray<string>) =>
    Effect.suspend(() => {
      for (const delivery of held) lane.inFlight.add(delivery)
      return Effect.asVoid(landed.close)
    })

  /** No longer counts deliveries, and wakes the lane unless it is certain that it has nothing to claim. */
  const land = (ended: ReadonlyArray<string>, { isOver }: { readonly isOver: boolean }) =>
    Effect.suspend(() => {
      const wasFull = lane.freeSlots <= 0
      for (const delivery of ended) lane.inFlight.delete(delivery)
      // While deliveries that follow others are held with them, a lane that has free slots finds none.
      if (wasFull && lane.freeSlots > 0 && !lane.isCaughtUp) wake.openUnsafe()
      const landing = lane.inFlight.size === 0 ? Effect.asVoid(landed.open) : Effect.void
      return isOver ? landing : Effect.andThen(signal, landing)
    })

  const recovered = Effect.fnUntraced(function* ({ version }: ReadyIntegration) {
    if (!lane.isCurrent(version)) return
    const { health } = lane.findings
    lane.findings = { ...lane.findings, health: Health.afterSuccess(health, yield* Clock.currentTimeMillis) }
    yield* lane.log.worked
    if (health.isProbing) yield* Effect.ignore(groupCommit.commit(deliveries.retryNow(id)))
  })

  /** Makes an attempt; returns whether there is nothing to claim for the slot that it leaves. */
  const attempt = (integration: ReadyIntegration, claimed: ClaimedDelivery) =>
    pipeline.deliver({ integration, claimed, lane, stop }).pipe(
      Effect.tap(({ outcome }) =>
        outcome._tag === "Delivered" && outcome.isSkipped !== true ? recovered(integration) : Effect.void
      ),
      Effect.map(({ isFollowed, isUnchanged }) => isFollowed || (isUnchanged && lane.isCaughtUp)),
      Effect.catchDefect((defect) => Effect.as(lane.log.bug(defect), false))
    )

  return {
    signal,
    hold,
    land,
    /**
     * Starts an attempt for each delivery: at once, so that nothing is sent after the answer to an edit in the same
     * transaction (O8), and not in the context of that transaction.
     */
    start: (integration: ReadyIntegration, claimed: ReadonlyArray<ClaimedDelivery>) =>
      Effect.forEach(
        claimed,
        (one) =>
          attempt(integration, one).pipe(
            Effect.onExit((exit) => land([one.id], { isOver: Exit.isSuccess(exit) && exit.value })),
            Effect.forkDetach({ startImmediately: true })
          ),
        { discard: true }
      ).pipe(Effect.provideContext(context)),
    /** Waits for the attempts in flight; those that do not end in time are requeued, and may have been sent. */
    finish: Effect.gen(function* () {
      // Later findings are ignored: an integration that is created with this id may be another one.
      lane.update(undefined)
      yield* Effect.timeoutOption(landed.await, grace)
      yield* stop.give
      yield* Effect.timeoutOption(landed.await, storePause)
    })
  }
})
