/**
 * The part of a lane that deliveries are claimed for before they exist (`directClaiming.ts`).
 */
import type { IntegrationId } from "@tocsin/core"
import { Effect } from "effect"
import { Partitions } from "../../cluster/Partitions.ts"
import type { ClaimedDelivery } from "../../domain/attempt.ts"
import type { ReadyIntegration } from "../../domain/integration.ts"
import type { DirectLane } from "../../records/DirectClaims.ts"
import type { makeAttempts } from "../laneAttempts.ts"
import type { LaneState } from "../LaneState.ts"
import { RateLimiter } from "../RateLimiter.ts"

/** Makes the part of a lane that is claimed for. */
export const makeDirectLane = Effect.fnUntraced(function* (
  id: IntegrationId,
  lane: LaneState,
  { hold, land, start }: Effect.Success<ReturnType<typeof makeAttempts>>
) {
  const partitions = yield* Partitions
  const rateLimiter = yield* RateLimiter

  const isHealthy = () =>
    !lane.mayHaveUnsent &&
    !lane.hasLostClaims &&
    lane.integration?.integration.enabled === true &&
    lane.isCurrent(lane.integration.version) &&
    lane.findings.health.blocked === undefined &&
    !lane.findings.health.isProbing &&
    partitions.isOwned(id)

  const isReady = () => lane.isCaughtUp && lane.freeSlots > 0 && isHealthy()

  /** Holds deliveries until they are sent, or released after a rollback. */
  const reserved = Effect.fnUntraced(function* (integration: ReadyIntegration, deliveries: ReadonlyArray<string>) {
    yield* hold(deliveries)
    return {
      send: (claimed: ReadonlyArray<ClaimedDelivery>) => start(integration, claimed),
      release: Effect.suspend(() => {
        lane.hasLostClaims = true
        return Effect.andThen(rateLimiter.giveBack(id, deliveries.length), land(deliveries, { isOver: false }))
      })
    }
  })

  const made: DirectLane = {
    isReady,
    reserve: Effect.fnUntraced(function* (all, version) {
      const { integration } = lane
      if (!isReady() || integration === undefined || integration.version !== version) return undefined
      const candidates = all.slice(0, lane.freeSlots)
      for (const delivery of candidates) lane.inFlight.add(delivery)
      const { available, perMinute, wait } = yield* rateLimiter.allowance(id)
      // Otherwise the lane decides who goes first, and whether to send a digest (D5).
      const isAllowed = wait === 0 && all.length <= available && all.length <= perMinute
      const permits = isAllowed ? yield* rateLimiter.take(id, candidates.length) : 0
      const deliveries = candidates.slice(0, permits)
      for (const delivery of candidates.slice(permits)) lane.inFlight.delete(delivery)
      if (permits === 0) return undefined
      return { deliveries, ...(yield* reserved(integration, deliveries)) }
    }),
    mayFollow: () => !lane.isCaughtUp && isHealthy() && !lane.log.isStorm(),
    chosen: () => lane.chosen,
    isCurrent: (version) => lane.isCurrent(version),
    hold: (claimed) => {
      const { integration } = lane
      // The lane stopped meanwhile: the transaction is rolled back, and the record runs again without a claim.
      if (integration === undefined) return Effect.die(new Error("Nothing follows in a lane without its integration"))
      return reserved(
        integration,
        claimed.map(({ id }) => id)
      )
    }
  }
  return made
})
