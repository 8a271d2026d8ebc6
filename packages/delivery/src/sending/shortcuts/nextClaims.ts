/**
 * A shortcut: the transaction that records the ends of attempts also claims the deliveries that follow them. A lane by
 * itself would claim in a transaction of its own, after the first one has returned, so that a full lane needed two of them
 * for each delivery.
 */
import type { IntegrationId } from "@tocsin/core"
import { Effect } from "effect"
import { Partitions } from "../../cluster/Partitions.ts"
import { Integrations } from "../../config/Integrations.ts"
import type { ClaimedDelivery, DueDelivery } from "../../domain/attempt.ts"
import { maxInFlight } from "../../domain/laneDecision.ts"
import { Shortcuts } from "../../domain/Shortcuts.ts"
import { AcceptedRaises } from "../../records/AcceptedRaises.ts"
import { DirectClaims } from "../../records/DirectClaims.ts"
import { type Locks, TransactionStart } from "../../sql/readOnce.ts"
import { afterCommit, afterRollback } from "../../sql/transactionEnd.ts"
import { Backlog } from "../Backlog.ts"
import type { claiming } from "../claim.ts"
import { RateLimiter } from "../RateLimiter.ts"
import { endedElsewhere } from "./endedElsewhere.ts"

/**
 * Claims for lanes at most as many deliveries as have ended, and sends them after the commit; returns the deliveries whose
 * slots are taken again. Only raises that this gateway accepted: the lane decides about all other deliveries, and raises
 * that come after one of those wait for the lane.
 */
export const nextClaiming = Effect.fnUntraced(function* ({
  claimAccepted
}: Pick<Effect.Success<typeof claiming>, "claimAccepted">) {
  const accepted = yield* AcceptedRaises
  const backlog = yield* Backlog
  const directClaims = yield* DirectClaims
  const integrations = yield* Integrations
  const partitions = yield* Partitions
  const rateLimiter = yield* RateLimiter
  const takesShortcuts = yield* Shortcuts
  /** The integrations whose lanes last claimed a delivery that memory does not know: others like it probably come first. */
  const unknownFirst = new Set<IntegrationId>()

  /** The lane of an integration, if anything may follow in it. */
  const laneOf = (integration: IntegrationId) => {
    const lane = directClaims.laneOf(integration)
    return lane?.mayFollow() === true && !unknownFirst.has(integration) ? lane : undefined
  }

  /**
   * The lock keys of the deliveries that will probably follow: a transaction on PostgreSQL takes its locks when it begins.
   * Another transaction of this gateway may hold the keys of the first ones.
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
    const { isHeld, own, tried } = (yield* TransactionStart)?.locks ?? onlyWriter
    const isLocked = (lockKey: string) => own === undefined || own.has(lockKey)
    const free: Array<string> = []
    for (const { delivery, lockKey } of raises.values()) {
      if (free.length === most) break
      if (chosen.has(delivery)) continue
      if (isLocked(lockKey)) free.push(delivery)
      // What was accepted after it must not go before it.
      else if (!tried.has(lockKey) && !isHeld(lockKey)) break
    }
    if (free.length === 0) return []
    let visible = raises.size
    // A transaction does not see what another one accepts; the other one has ended if this one holds its lock.
    for (const id of uncommitted) if (!isLocked(raises.get(id)?.lockKey ?? "")) visible--
    const { available, perMinute, wait } = yield* rateLimiter.allowance(integration)
    const waiting = yield* backlog.size(integration)
    // More would be a digest.
    if (wait > 0 || waiting === 0 || waiting > perMinute) return []
    const claimable = Math.min(most, available)
    // Nothing else waits.
    if (visible === waiting) return free.slice(0, claimable)
    const limit = claimable + (own === undefined ? 0 : maxInFlight)
    const { due } = yield* backlog.next(integration, limit)
    // Otherwise they would keep their places before all others.
    accepted.take(endedElsewhere(free, due, { raises, isAll: due.length < limit }))
    // Other transactions may have claimed them, although this one still sees them as pending.
    const isOthers = ({ id, lockKeys }: DueDelivery) => chosen.has(id) || lockKeys.some(isHeld)
    const isFree = new Set(free)
    const ids: Array<string> = []
    for (const one of due) {
      if (ids.length === claimable) break
      if (isFree.has(one.id)) ids.push(one.id)
      else if (!isOthers(one)) break
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
      let release = rateLimiter.giveBack(integration, permits)
      yield* afterRollback(Effect.suspend(() => release))
      const claimed = yield* claimAccepted(due.slice(0, permits), leases)
      if (claimed.length === 0) release = Effect.void
      else {
        const reserved = yield* lane.hold(claimed)
        release = reserved.release
        yield* afterCommit(reserved.send(claimed))
      }
      yield* rateLimiter.giveBack(integration, permits - claimed.length)
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
const onlyWriter: Locks = { own: undefined, tried: new Set(), isHeld: () => false }
