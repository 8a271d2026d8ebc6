/**
 * A shortcut: the transaction that records the ends of attempts also claims what follows them. A lane by itself would claim in
 * a transaction of its own, after the first one has returned, so that a full lane needed two of them for each delivery.
 */
import type { IntegrationId } from "@tocsin/core"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Partitions } from "../../cluster/Partitions.ts"
import { Integrations } from "../../config/Integrations.ts"
import type { ClaimedDelivery, DueDelivery } from "../../domain/attempt.ts"
import { maxInFlight } from "../../domain/laneDecision.ts"
import { Shortcuts } from "../../domain/Shortcuts.ts"
import { AcceptedRaises } from "../../records/AcceptedRaises.ts"
import { DirectClaims } from "../../records/DirectClaims.ts"
import { type Locks, TransactionStart } from "../../sql/readOnce.ts"
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
  /** The integrations where something comes first that memory does not know. */
  const unknownFirst = new Set<IntegrationId>()

  /** The lane of an integration, if anything may follow in it. */
  const laneOf = (integration: IntegrationId) => {
    const lane = directClaims.laneOf(integration)
    return lane?.mayFollow() === true && !unknownFirst.has(integration) ? lane : undefined
  }

  /**
   * The lock keys of what will probably follow: a transaction on PostgreSQL takes its locks when it begins. For what others
   * hold it would wait.
   */
  const probablyNext = (ended: ReadonlyArray<ClaimedDelivery>, isHeld: (lockKey: string) => boolean) =>
    [...Map.groupBy(ended, ({ integration }) => integration)].flatMap(([integration, those]) => {
      const lane = laneOf(integration)
      if (lane === undefined) return []
      const lockKeys: Array<string> = []
      for (const { delivery, lockKey } of accepted.at(integration).raises.values()) {
        if (lockKeys.length === those.length) break
        if (!isHeld(lockKey) && !lane.chosen().has(delivery)) lockKeys.push(lockKey)
      }
      return lockKeys
    })

  /** The deliveries that the lane would claim now, if it were to send each by itself, and beside what it is claiming. */
  const next = Effect.fnUntraced(function* (integration: IntegrationId, chosen: ReadonlySet<string>, most: number) {
    const { raises, uncommitted } = accepted.at(integration)
    const { others, own } = (yield* TransactionStart)?.locks ?? onlyWriter
    const isFree = (id: string, lockKey: string) => !chosen.has(id) && (own === undefined || own.has(lockKey))
    const free: Array<string> = []
    for (const { delivery, lockKey } of raises.values()) {
      if (free.length === most) break
      if (isFree(delivery, lockKey)) free.push(delivery)
    }
    if (free.length === 0) return []
    const { available, perMinute, wait } = yield* rateLimiter.allowance(integration)
    const waiting = yield* backlog.size(integration)
    // More would be a digest.
    if (wait > 0 || waiting === 0 || waiting > perMinute) return []
    const claimable = Math.min(most, available)
    // Nothing else waits. What another transaction accepts does not, as far as this one sees.
    if (raises.size === waiting || raises.size - uncommitted.size === waiting) return free.slice(0, claimable)
    // What others claim still waits, as far as this one sees.
    const isOthers = ({ id, lockKeys }: DueDelivery) =>
      chosen.has(id) || others.some((held) => lockKeys.some((key) => held.has(key)))
    const { due } = yield* backlog.next(integration, claimable + (others.length + chosen.size > 0 ? maxInFlight : 0))
    const ids: Array<string> = []
    for (const one of due) {
      const raise = raises.get(one.id)
      if (ids.length < claimable && raise !== undefined && isFree(one.id, raise.lockKey)) ids.push(one.id)
      else if (!isOthers(one)) {
        if (ids.length === 0) unknownFirst.add(integration)
        break
      }
    }
    return ids
  })

  const follow = Effect.fnUntraced(function* (ended: ReadonlyArray<ClaimedDelivery>) {
    const followed = new Set<string>()
    const byLane = Map.groupBy(ended, ({ integration }) => integration)
    const assignments = yield* integrations.assignments
    const leases = yield* partitions.leases(new Set(byLane.keys()), Effect.succeed(assignments))
    for (const [integration, those] of byLane) {
      const lane = laneOf(integration)
      if (lane?.isCurrent(assignments.get(integration)?.version) !== true) continue
      const due = yield* next(integration, lane.chosen(), those.length)
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

  return {
    probablyNext,
    /** Notes whether memory knew the last delivery that a lane claims by itself: then it knows what follows, too. */
    noteClaim: (integration: IntegrationId, isKnown: boolean) => {
      if (isKnown) unknownFirst.delete(integration)
      else unknownFirst.add(integration)
    },
    claimNext: (ended: ReadonlyArray<ClaimedDelivery>) =>
      takesShortcuts && ended.length > 0 ? follow(ended) : Effect.succeed<ReadonlySet<string>>(new Set())
  }
})

/** The locks of a transaction on SQLite. */
const onlyWriter: Locks = { own: undefined, others: [] }
