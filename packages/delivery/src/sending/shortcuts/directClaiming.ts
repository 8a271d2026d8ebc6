/**
 * A shortcut: the accept transaction claims deliveries for lanes that would claim them at once in a transaction of their
 * own, after reading all of it again.
 */
import type { IntegrationId } from "@tocsin/core"
import { Array as Arr, Clock, Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { Partitions } from "../../cluster/Partitions.ts"
import { Integrations } from "../../config/Integrations.ts"
import { Shortcuts } from "../../domain/Shortcuts.ts"
import { type DirectClaim, DirectClaims, type DirectLane, type Opening } from "../../records/DirectClaims.ts"
import { afterCommit, afterRollback } from "../../sql/transactionEnd.ts"
import { composeFirst } from "../compose.ts"

export const layer = Layer.effect(
  DirectClaims,
  Effect.gen(function* () {
    const random = yield* SecureRandom.SecureRandom
    const integrations = yield* Integrations
    const partitions = yield* Partitions
    const takesShortcuts = yield* Shortcuts
    const lanes = new Map<IntegrationId, DirectLane>()

    const claim = Effect.fnUntraced(function* (openings: ReadonlyArray<Opening>) {
      const claims = new Map<string, DirectClaim>()
      const isReady = ({ conversation }: Opening) => lanes.get(conversation.integration)?.isReady() === true
      const byLane = Map.groupBy(openings.filter(isReady), ({ conversation }) => conversation.integration)
      if (byLane.size === 0) return claims
      const createdAt = yield* Clock.currentTimeMillis
      const assignments = yield* integrations.assignments
      const leases = yield* partitions.leases(new Set(byLane.keys()), Effect.succeed(assignments))
      for (const [integration, those] of byLane) {
        const lane = lanes.get(integration)
        const lease = leases.get(integration)
        if (lane === undefined || lease === undefined) continue
        const version = assignments.get(integration)?.version
        const reserved = yield* lane.reserve(yield* Effect.forEach(those, () => random.uuidV7()), version)
        if (reserved === undefined) continue
        yield* afterRollback(reserved.release)
        const claimed = Arr.zipWith(reserved.deliveries, those, (id, opening) => {
          claims.set(opening.conversation.id, { id, partition: lease.partition })
          return composeFirst(id, opening, { createdAt, lease })
        })
        yield* afterCommit(reserved.send(claimed))
      }
      return claims
    })

    return DirectClaims.of({
      claim: (openings) => (takesShortcuts ? claim(openings) : Effect.succeed(new Map())),
      laneOf: (integration) => lanes.get(integration),
      setLane: (integration, lane) => {
        if (lane === undefined) lanes.delete(integration)
        else lanes.set(integration, lane)
      }
    })
  })
)
