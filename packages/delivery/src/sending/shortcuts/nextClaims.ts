/**
 * A shortcut: the transaction that records the ends of attempts also claims what follows them. A lane by itself would claim in
 * a transaction of its own, after the first one has returned, so that a full lane needed two of them for each delivery.
 */
import type { IntegrationId } from "@tocsin/core"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Partitions } from "../../cluster/Partitions.ts"
import { Integrations } from "../../config/Integrations.ts"
import type { ClaimedDelivery } from "../../domain/attempt.ts"
import { Shortcuts } from "../../domain/Shortcuts.ts"
import { AcceptedRaises } from "../../records/AcceptedRaises.ts"
import { DirectClaims } from "../../records/DirectClaims.ts"
import { afterRollback } from "../../sql/rollback.ts"
import { Backlog } from "../Backlog.ts"
import type { claiming } from "../claim.ts"
import { RateLimiter } from "../RateLimiter.ts"

/**
 * Claims for lanes at most as many deliveries as have ended, and sends them after the commit; returns the deliveries whose
 * slots are taken again. Only raises that this gateway accepted: the lane decides about everything else, and what comes
 * before it waits for the lane.
 */
export const nextClaiming = Effect.fnUntraced(function* ({
  claimAccepted
}: Pick<Effect.Success<typeof claiming>, "claimAccepted">) {
  const sql = yield* SqlClient.SqlClient
  const accepted = yield* AcceptedRaises
  const backlog = yield* Backlog
  const directClaims = yield* DirectClaims
  const integrations = yield* Integrations
  const partitions = yield* Partitions
  const rateLimiter = yield* RateLimiter
  const takesShortcuts = yield* Shortcuts
  // On PostgreSQL, the locks of their alerts would be needed before they are known.
  const isPossible = takesShortcuts && sql.onDialectOrElse({ pg: () => false, orElse: () => true })

  /** The deliveries that the lane would claim now, if it were to send each by itself. */
  const next = Effect.fnUntraced(function* (integration: IntegrationId, most: number) {
    const { available, perMinute, wait } = yield* rateLimiter.allowance(integration)
    const waiting = yield* backlog.size(integration)
    // More would be a digest.
    if (wait > 0 || waiting === 0 || waiting > perMinute) return []
    const claimable = Math.min(most, available)
    const known = accepted.at(integration)
    // Nothing else waits.
    if (known.size === waiting) return [...known].slice(0, claimable)
    const { due } = yield* backlog.next(integration, claimable)
    const ids = due.map(({ id }) => id)
    const other = ids.findIndex((id) => !known.has(id))
    return other === -1 ? ids : ids.slice(0, other)
  })

  const follow = Effect.fnUntraced(function* (ended: ReadonlyArray<ClaimedDelivery>) {
    const followed = new Set<string>()
    const byLane = Map.groupBy(ended, ({ integration }) => integration)
    const leases = yield* partitions.leases(new Set(byLane.keys()))
    const assignments = yield* integrations.assignments
    for (const [integration, those] of byLane) {
      const lane = directClaims.laneOf(integration)
      if (lane?.mayFollow(assignments.get(integration)?.version) !== true) continue
      const due = yield* next(integration, those.length)
      const permits = due.length === 0 ? 0 : yield* rateLimiter.take(integration, due.length)
      if (permits === 0) continue
      const claimed = yield* claimAccepted(due.slice(0, permits), leases)
      yield* rateLimiter.giveBack(integration, permits - claimed.length)
      const { release, send } = yield* lane.hold(claimed)
      yield* afterRollback(release)
      yield* sql.afterCommit(send(claimed))
      for (const { id } of those.slice(0, claimed.length)) followed.add(id)
    }
    return followed
  })

  return (ended: ReadonlyArray<ClaimedDelivery>) =>
    isPossible && ended.length > 0 ? follow(ended) : Effect.succeed<ReadonlySet<string>>(new Set())
})
