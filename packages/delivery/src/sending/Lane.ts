/**
 * The lane of one integration: it sends the integration's deliveries in their order, as fast as the rate limit allows.
 */
import { type IntegrationId, PluginDefect } from "@tocsin/core"
import { Cause, Clock, Duration, Effect, Exit, Latch, Result } from "effect"
import { Partitions } from "../cluster/Partitions.ts"
import { Integrations } from "../config/Integrations.ts"
import { rateLimitsOf } from "../config/rateLimits.ts"
import type { ClaimedDelivery, DueDelivery } from "../domain/attempt.ts"
import * as Health from "../domain/circuitBreaker.ts"
import { brokenAsNotReady, type ReadyIntegration, timeoutOf } from "../domain/integration.ts"
import { Shortcuts } from "../domain/Shortcuts.ts"
import { type BacklogFacts, decide, freeSlots, type LaneFacts } from "../domain/laneDecision.ts"
import { brokenPause } from "../domain/retryPolicy.ts"
import { Fallbacks } from "../planning/Fallbacks.ts"
import { OperatorNotices } from "../planning/OperatorNotices.ts"
import { Deliveries } from "../records/Deliveries.ts"
import type { DirectLane } from "../records/DirectClaims.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { Backlog } from "./Backlog.ts"
import { makeDirectLane } from "./shortcuts/directLane.ts"
import { makeAttempts } from "./laneAttempts.ts"
import { LaneState } from "./LaneState.ts"
import { Pipeline } from "./pipeline.ts"
import { RateLimiter } from "./RateLimiter.ts"

/** A lane, with the signals for work and for edits. */
export interface Lane {
  /** What deliveries are claimed for before they exist. */
  readonly direct: DirectLane
  /** Signals that there is something new to send. */
  readonly wake: Effect.Effect<void>
  /** Signals that another gateway may have something new for it. Until it has read that, it is as caught up as before. */
  readonly look: Effect.Effect<void>
  /** Notes an edit, by its number, when it is committed. */
  readonly edited: (edit: number) => void
  /** Sets the current version of the integration, as of the edit with this number. */
  readonly update: (version: string, edit: number) => Effect.Effect<void>
  /** Runs the lane until it is interrupted; attempts that have begun are finished first. */
  readonly run: Effect.Effect<never>
}

/** How long to wait after a failure of the store. */
const storePause = Duration.seconds(1)

/** Makes the lane of an integration that has this version now. */
export const make = Effect.fnUntraced(function* (id: IntegrationId, version: string | undefined) {
  const groupCommit = yield* GroupCommit
  const pipeline = yield* Pipeline
  const partitions = yield* Partitions
  const backlog = yield* Backlog
  const deliveries = yield* Deliveries
  const integrations = yield* Integrations
  const rateLimiter = yield* RateLimiter
  const fallbacks = yield* Fallbacks
  const notices = yield* OperatorNotices
  const takesShortcuts = yield* Shortcuts
  const lane = new LaneState(id, version)
  const wake = yield* Latch.make()
  const attempts = yield* makeAttempts(id, lane, wake)

  const setHealth = (health: Health.Health) => {
    lane.findings = { ...lane.findings, health }
  }

  /** The facts that the lane has before it reads its backlog. */
  const observe = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    setHealth(Health.at(lane.findings.health, now))
    const isOwned = partitions.isOwned(id)
    if (isOwned && (lane.mayHaveUnsent || lane.hasLostClaims)) {
      const hadLostClaims = lane.hasLostClaims
      // More may be lost meanwhile.
      lane.hasLostClaims = false
      yield* Effect.tapError(pipeline.requeueUnsent(id, lane.inFlight), () =>
        Effect.sync(() => (lane.hasLostClaims ||= hadLostClaims))
      )
      lane.mayHaveUnsent = false
    }
    const { blocked } = lane.findings.health
    if (isOwned && (blocked === undefined || blocked.until <= now)) yield* load
    const integration = lane.isOvertaken ? undefined : lane.integration
    const facts: LaneFacts = {
      now,
      isOwned,
      integration: integration === undefined ? "unknown" : integration.integration.enabled ? "enabled" : "disabled",
      health: lane.findings.health,
      canVerify: blocked?.why === "broken" && canVerify(integration) && !Health.isPluginFailing(lane.findings.health),
      inFlight: lane.inFlight.size,
      fallbackAfter: integration?.integration.delivery?.fallbackAfter ?? 300
    }
    return facts
  })

  /** Reads the integration, unless it is cached, and checks whether it can be used. */
  const load = Effect.gen(function* () {
    if (lane.integration !== undefined || lane.isOvertaken) return
    const { version } = lane
    const loaded = yield* Effect.result(groupCommit.read(integrations.ready(id)))
    // An edit came meanwhile: this may be the integration before the edit.
    if (lane.version !== version || lane.isOvertaken) return
    if (Result.isFailure(loaded)) {
      return loaded.failure._tag === "NotReady" ? yield* blockAsNotReady(loaded.failure.detail) : yield* loaded.failure
    }
    const ready = loaded.success
    if (ready === undefined) return
    const declared = yield* Effect.exit(Effect.sync(() => rateLimitsOf(ready)))
    if (Exit.isFailure(declared)) {
      const defect = PluginDefect.of("rateLimits", Cause.squash(declared.cause))
      return yield* blockAsNotReady(`The plugin failed: ${defect.redacted(ready.integration.settings).kind}`)
    }
    yield* rateLimiter.declare(id, declared.value)
    lane.update(ready.version)
    lane.integration = ready
    if (ready.wasNotReady === true) {
      yield* groupCommit.commit(integrations.recordRecovery(id))
      yield* lane.log.worked
    }
  })

  const blockAsNotReady = Effect.fnUntraced(function* (detail: string) {
    setHealth(Health.broken(lane.findings.health, yield* Clock.currentTimeMillis))
    const reason = brokenAsNotReady(detail)
    yield* lane.log.failed(lane.findings.health, reason)
    yield* Effect.ignore(
      groupCommit.commit(Effect.andThen(integrations.recordFailure(id, reason), notices.broken(id, reason)))
    )
  })

  const readBacklog = Effect.fnUntraced(function* (facts: LaneFacts): Effect.fn.Return<BacklogFacts, StoreUnavailable> {
    if (!facts.isOwned || facts.integration === "unknown") return nothingWaits
    const { available, perMinute } = yield* rateLimiter.allowance(id)
    const { due, dueAt, isAll, size } = yield* groupCommit.read(
      backlog.look(id, Math.min(freeSlots(facts), available), {
        // Otherwise every probe would be a delivery for which the plugin throws.
        pendingFirst: Health.isPluginFailing(facts.health)
      })
    )
    if (facts.inFlight === 0 && dueAt === undefined && (due.length === 0 || due[0]?.isReply === true))
      yield* lane.log.calm
    const wasCaughtUp = lane.isCaughtUp
    // Others may wait for a message about the same alert that is being sent.
    const isEmpty = due.length === 0 && dueAt === undefined && size === 0
    lane.isCaughtUp = takesShortcuts && !lane.log.isStorm() && isEmpty && !lane.hasNews
    // Until now, the ends of attempts were no signal.
    if (wasCaughtUp && !lane.isCaughtUp && freeSlots(facts) < lane.freeSlots) yield* wake.open
    lane.allDue = takesShortcuts && isAll && !lane.log.isStorm() ? size : undefined
    const mayDigest =
      due[0] !== undefined &&
      !due[0].isTest &&
      due[0].isReply !== true &&
      lane.findings.digest.most > 1 &&
      lane.integration?.plugin.capabilities.digest !== false
    const isStorm = mayDigest && size > perMinute
    if (isStorm) yield* lane.log.storm(size)
    const critical = isStorm ? yield* groupCommit.read(backlog.critical(id)) : undefined
    const allowance = yield* rateLimiter.allowance(id)
    const rateLimit = due[0]?.isReply === true ? { ...allowance, wait: allowance.waitForTwo } : allowance
    return { due, dueAt, isStorm, critical, rateLimit }
  })

  const step = Effect.gen(function* () {
    const isEmpty = lane.hasClaimedAll && !wake.isOpen()
    lane.hasClaimedAll = false
    // Closed before reading, so that a signal that comes meanwhile is not missed.
    wake.closeUnsafe()
    lane.hasNews = false
    const facts = yield* observe
    const decision = decide(facts, isEmpty ? nothingWaits : yield* readBacklog(facts))
    const { integration } = lane
    if (decision._tag === "Wait") {
      if (decision.diverts) {
        const why = `${id} is ${facts.health.blocked?.why ?? "unavailable"}`
        if ((yield* groupCommit.commit(fallbacks.divertPending(id, why))) > 0) return
      }
      yield* Effect.race(wake.await, Effect.sleep(Duration.millis(decision.until - facts.now)))
      return
    }
    // An edit came while the backlog was read.
    if (integration === undefined || lane.isOvertaken) return
    switch (decision._tag) {
      case "Probe":
        return yield* probe(integration)
      case "Digest": {
        if (lane.freeSlots <= 0 || (yield* rateLimiter.take(id, 1)) === 0) return
        const options = { ...lane.findings.digest, replyText: replyTextOf(integration) }
        const digest = begin(integration, pipeline.claimDigest(id, options), 1)
        if ((yield* Effect.tapError(digest, () => rateLimiter.giveBack(id, 1))) > 0) return
        const most = Math.min(decision.otherwise.length, lane.freeSlots)
        const more = yield* rateLimiter.take(id, Math.max(0, most - 1))
        return yield* beginPermitted(integration, decision.otherwise.slice(0, 1 + more))
      }
      case "Claim": {
        const [first] = decision.deliveries
        // While the backlog was read, other transactions may have claimed for more slots than were free.
        const most = first?.isTest === true ? decision.deliveries.length : Math.max(0, lane.freeSlots)
        const permits = yield* rateLimiter.take(id, Math.min(decision.deliveries.length, most))
        if (permits > 0) yield* beginPermitted(integration, decision.deliveries.slice(0, permits))
      }
    }
  }).pipe(
    Effect.catchTag("StoreUnavailable", () => Effect.sleep(storePause)),
    // A lane that ends would leave its integration without one.
    Effect.catchDefect((defect) => Effect.andThen(lane.log.bug(defect), Effect.sleep(brokenPause)))
  )

  /** Verifies a broken integration. */
  const probe = Effect.fnUntraced(function* (ready: ReadyIntegration) {
    const { channel, integration, version } = ready
    const works = yield* Effect.suspend(() => channel.verify?.(integration.settings) ?? Effect.void).pipe(
      Effect.timeoutOrElse({
        duration: timeoutOf(ready),
        orElse: () => Effect.fail(false)
      }),
      Effect.exit
    )
    if (!lane.isCurrent(version)) return
    if (Exit.isFailure(works)) {
      return setHealth(Health.broken(lane.findings.health, yield* Clock.currentTimeMillis))
    }
    setHealth(Health.healthy)
    yield* groupCommit.commit(Effect.andThen(integrations.recordRecovery(id), deliveries.retryNow(id)))
    yield* lane.log.worked
  })

  /** Claims deliveries, and starts an attempt for each; returns how many. */
  const begin = (
    integration: ReadyIntegration,
    claim: Effect.Effect<ReadonlyArray<ClaimedDelivery>, StoreUnavailable>,
    most: number,
    chosen?: ReadonlySet<string>
  ) =>
    Effect.uninterruptible(
      Effect.gen(function* () {
        lane.claim(most, chosen)
        const claimed = yield* Effect.onExit(claim, (exit) =>
          Effect.sync(() => lane.claimed(Exit.isSuccess(exit) ? exit.value.length : undefined))
        )
        if (claimed.length === 0) return 0
        yield* attempts.hold(claimed.map(({ id }) => id))
        yield* attempts.start(integration, claimed)
        return claimed.length
      })
    )

  /** Begins deliveries, with a permit for each; gives back the permits of those that are not sent. */
  const beginPermitted = (integration: ReadyIntegration, due: ReadonlyArray<DueDelivery>) =>
    Effect.suspend(() => {
      let begun = 0
      const beginAll = (some: ReadonlyArray<DueDelivery>): Effect.Effect<void, StoreUnavailable> =>
        begin(
          integration,
          pipeline.claim(id, some, { replyText: replyTextOf(integration) }),
          some.length,
          new Set(some.map(({ id }) => id))
        ).pipe(
          Effect.map((count) => void (begun += count)),
          Effect.catchDefect((defect) => {
            const [first] = some
            // One of the deliveries cannot be read.
            return first === undefined || some.length > 1
              ? Effect.forEach(some, (one) => beginAll([one]), { discard: true })
              : Effect.andThen(lane.log.bug(defect), pipeline.markDead(first.id, id))
          })
        )
      const giveBack = () => rateLimiter.giveBack(id, due.length - begun)
      return beginAll(due).pipe(Effect.tapError(giveBack), Effect.tap(giveBack))
    })

  const made: Lane = {
    direct: yield* makeDirectLane(id, lane, attempts),
    wake: attempts.signal,
    look: Effect.asVoid(wake.open),
    edited: (edit) => lane.edited(edit),
    update: (version, edit) =>
      Effect.suspend(() => {
        const hasWaited = lane.hasRead(edit)
        return lane.update(version) || hasWaited ? attempts.signal : Effect.void
      }),
    run: Effect.ensuring(Effect.forever(step), attempts.finish)
  }
  return made
})

/** Whether the plugin can check these settings without posting. If it throws, only a delivery finds out. */
const canVerify = (integration: ReadyIntegration | undefined): boolean =>
  integration !== undefined &&
  Result.getOrElse(
    Result.try(() => integration.channel.verify?.(integration.integration.settings) !== undefined),
    () => false
  )

/** The longest plain text of a reply, if the channel has threads, and its plugin wants replies. */
const replyTextOf = ({ plugin: { capabilities, sizes } }: ReadyIntegration): number | undefined =>
  capabilities.thread === true && capabilities.skips?.includes("DigestList") !== true ? sizes.text : undefined

/** The backlog of a lane that may claim nothing. */
const nothingWaits: BacklogFacts = { due: [], isStorm: false, rateLimit: { wait: 0, available: 1 } }
