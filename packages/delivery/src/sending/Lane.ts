/**
 * The lane of one integration: the next delivery in order, at the integration's
 * pace, tried once, and what follows from it. Up to 64 attempts are in flight.
 */
import type { IntegrationId } from "@tocsin/core"
import { Clock, Deferred, Duration, Effect, Exit, Latch, Random } from "effect"
import { Attempts } from "./Attempts.ts"
import { Backlog, type Next } from "./Backlog.ts"
import { rateLimitsOf } from "../config/rateLimits.ts"
import * as Health from "../domain/circuitBreaker.ts"
import { Fallbacks } from "../planning/Fallbacks.ts"
import { Integrations } from "../config/Integrations.ts"
import { GroupCommit, type StoreUnavailable } from "../sql/GroupCommit.ts"
import { requeuedByStop, judge, nothingLearnt, outcomeOf, usualDigest } from "../domain/failurePolicy.ts"
import { OperatorNotices } from "../planning/OperatorNotices.ts"
import { RateLimiter } from "./RateLimiter.ts"
import { Partitions } from "../cluster/Partitions.ts"
import { brokenPause } from "../domain/retryPolicy.ts"
import { makeLaneLog } from "./laneLog.ts"
import { sendOnce, stopped, unsent } from "./sendOnce.ts"
import { causeOf, type ClaimedDelivery } from "../domain/attempt.ts"
import { brokenAsNotReady, type ReadyIntegration } from "../domain/integration.ts"

/** How a lane is told of work and of changes from outside. */
export interface Lane {
  /** There is something new to send. */
  readonly work: Effect.Effect<void>
  /** The integration was edited: whatever the lane waited for, it looks anew. */
  readonly changed: Effect.Effect<void>
  /** The integration is in this state by now, in case nobody told of an edit. */
  readonly isNow: (updatedAt: number) => Effect.Effect<void>
  /** Serves the integration until it is interrupted; an attempt that has begun is finished first. */
  readonly run: Effect.Effect<never>
}

/** At most so many attempts of a lane are in flight (D1). */
const mostInFlight = 64

/** An idle lane looks by itself this often, in milliseconds, in case a signal was lost. */
const safetyNet = 60_000

/** After the store could not be reached. */
const storePause = Duration.seconds(1)

/** While this gateway is not sure that it serves the lane. */
const unsurePause = Duration.millis(250)

/** What is in flight at a stop has this long to end; then it is handed back. Well within the 10 s that Docker gives. */
const grace = Duration.seconds(5)

/** Makes the lane of an integration. */
export const make = Effect.fnUntraced(function* (id: IntegrationId) {
  const groupCommit = yield* GroupCommit
  const attempts = yield* Attempts
  const partitions = yield* Partitions
  const backlog = yield* Backlog
  const integrations = yield* Integrations
  const rateLimiter = yield* RateLimiter
  const fallbacks = yield* Fallbacks
  const notices = yield* OperatorNotices
  const log = makeLaneLog(id)
  const wake = yield* Latch.make()
  const stop = yield* Deferred.make<void>()
  const landed = yield* Latch.make(true)
  /** What is in flight. */
  const sending = new Set<string>()
  /** The answer of the store was lost when something was taken: perhaps it is marked as being sent, and is not. */
  let isUnsure = false
  let ready: ReadyIntegration | undefined
  let learnt = nothingLearnt
  /** Counts the edits: what was found out before one says nothing of the time after it. */
  let edits = 0

  const idle = (duration: Duration.Input) => Effect.race(wake.await, Effect.sleep(duration))

  const load = Effect.gen(function* () {
    const seen = edits
    const loaded = yield* groupCommit
      .read(integrations.ready(id))
      .pipe(
        Effect.catchTag("NotReady", ({ detail }) =>
          Effect.as(edits === seen ? notReady(detail) : Effect.void, undefined)
        )
      )
    if (edits !== seen) return undefined
    if (loaded !== undefined) {
      const declared = yield* Effect.exit(Effect.sync(() => rateLimitsOf(loaded)))
      if (Exit.isFailure(declared)) return yield* Effect.as(notReady("The plugin failed"), undefined)
      yield* rateLimiter.declare(id, declared.value)
      ready = loaded
      if (loaded.wasNotReady === true) {
        yield* groupCommit.commit(integrations.note(id, { mended: true }))
        yield* log.worked
      }
    }
    return loaded
  })

  /** A person must mend something. */
  const standStill = (now: number) => {
    learnt = { ...learnt, health: Health.broken(learnt.health, now) }
  }

  const notReady = Effect.fnUntraced(function* (detail: string) {
    const now = yield* Clock.currentTimeMillis
    standStill(now)
    const because = brokenAsNotReady(detail)
    yield* log.failed(learnt.health, because)
    const note = Effect.andThen(integrations.note(id, { brokenBecause: because }), notices.broken(id, because))
    yield* Effect.ignore(groupCommit.commit(note))
  })

  const step = Effect.gen(function* () {
    // Closed before looking, so that what comes while looking is not missed.
    yield* wake.close
    const now = yield* Clock.currentTimeMillis
    const health = Health.at(learnt.health, now)
    learnt = { ...learnt, health }
    const { isProbing, blocked } = health
    const { digest } = learnt
    const divertsAt = Health.divertsAt(health, ready?.integration.delivery?.fallbackAfter ?? 300)
    /** Waits until then, or until what waits goes to the fallback. */
    const idleUntil = Effect.fnUntraced(function* (time: number) {
      if (divertsAt <= now && ready?.integration.enabled !== false) {
        const why = `${id} is ${blocked?.why ?? "unavailable"}`
        if ((yield* groupCommit.commit(fallbacks.divertPending(id, why))) > 0) return
      }
      yield* idle(Duration.millis(Math.min(time, divertsAt > now ? divertsAt : Infinity) - now))
    })
    if (!partitions.isHeld(id)) return yield* idle(unsurePause)
    if (isUnsure) {
      yield* attempts.requeueUnsent(id, sending)
      isUnsure = false
    }
    if (blocked !== undefined && blocked.until > now) return yield* idleUntil(blocked.until)
    const integration = ready ?? (yield* load)
    if (integration?.integration.enabled !== true) return yield* idle(safetyNet)
    if (blocked?.why === "broken" && !(yield* verified(integration, now))) return
    if (sending.size >= (isProbing ? 1 : mostInFlight)) return yield* idle(safetyNet)
    const room = isProbing ? 1 : mostInFlight - sending.size
    const { due, dueAt } = yield* groupCommit.read(backlog.next(id, Math.min(room, yield* rateLimiter.atOnce(id))))
    if (due.length === 0) {
      if (dueAt === undefined && sending.size === 0) yield* log.calm
      return yield* idleUntil(Math.min(dueAt ?? Infinity, now + safetyNet))
    }
    const size = digest.most > 1 ? yield* groupCommit.read(backlog.size(id)) : 0
    const isStorm = size > (yield* rateLimiter.perMinute(id))
    if (isStorm) yield* log.storm(size)
    const critical = isStorm ? yield* groupCommit.read(backlog.critical(id)) : undefined
    const wait = yield* rateLimiter.take(id)
    if (wait > 0) return yield* idle(Duration.millis(wait))
    if (isStorm && critical === undefined) {
      if (yield* begin(integration, attempts.claimDigest(id, digest))) return
    }
    if (critical !== undefined) return yield* beginAll(integration, [critical])
    let paid = 1
    while (paid < due.length && (yield* rateLimiter.take(id)) === 0) paid++
    yield* beginAll(integration, due.slice(0, paid))
  }).pipe(
    Effect.catchTag("StoreUnavailable", () => Effect.sleep(storePause)),
    // A lane that ends would leave its integration without one.
    Effect.catchDefect((defect) => Effect.andThen(log.bug(defect), Effect.sleep(brokenPause)))
  )

  /** Asks a service that was broken, where that can be done without posting, before anything is sent there. */
  const verified = Effect.fnUntraced(function* ({ channel, integration }: ReadyIntegration, now: number) {
    if (channel.verify === undefined) return true
    const seen = edits
    const { verify } = channel
    const works = yield* Effect.suspend(() => verify(integration.settings)).pipe(
      Effect.timeoutOrElse({
        duration: Duration.seconds(integration.delivery?.timeout ?? 10),
        orElse: () => Effect.fail(false)
      }),
      Effect.exit
    )
    // What an edit has replaced meanwhile says nothing of what is there now.
    if (seen !== edits) return false
    if (Exit.isSuccess(works)) {
      learnt = { ...learnt, health: Health.healthy }
      yield* groupCommit.commit(Effect.andThen(integrations.note(id, { mended: true }), integrations.retryNow(id)))
      yield* log.worked
      return true
    }
    standStill(now)
    return false
  })

  /** Marks deliveries as being sent, and leaves their attempts to themselves; false if nothing was taken. */
  const begin = (
    integration: ReadyIntegration,
    take: Effect.Effect<ReadonlyArray<ClaimedDelivery>, StoreUnavailable>
  ) =>
    Effect.uninterruptible(
      Effect.gen(function* () {
        isUnsure = true
        const claimed = yield* take
        isUnsure = false
        if (claimed.length === 0) return false
        for (const { id } of claimed) sending.add(id)
        yield* landed.close
        for (const one of claimed) {
          yield* Effect.forkDetach(Effect.ensuring(attempt(integration, one), land(one)))
        }
        return true
      })
    )

  const beginAll = (
    integration: ReadyIntegration,
    deliveries: ReadonlyArray<Next>
  ): Effect.Effect<unknown, StoreUnavailable> =>
    begin(integration, attempts.take(id, deliveries)).pipe(
      Effect.catchDefect((defect) => {
        const [first] = deliveries
        // One of them cannot be read.
        if (first === undefined || deliveries.length > 1) {
          return Effect.forEach(deliveries, (one) => beginAll(integration, [one]), { discard: true })
        }
        return Effect.andThen(log.bug(defect), attempts.markDead(first.id, id))
      })
    )

  const attempt = (integration: ReadyIntegration, claimed: ClaimedDelivery) =>
    tryAndJudge(integration, claimed).pipe(
      Effect.flatMap((outcome) =>
        // What was sent must be known to be sent. After a bug here it is sent again by the next start.
        attempts.complete({ claimed, outcome, updatedAt: integration.updatedAt }).pipe(
          Effect.tapError(() => Effect.sleep(storePause)),
          Effect.eventually,
          Effect.andThen(outcome._tag === "Delivered" ? recovered(integration) : Effect.void)
        )
      ),
      Effect.catchDefect(log.bug)
    )

  const land = ({ id }: ClaimedDelivery) =>
    Effect.suspend(() => {
      sending.delete(id)
      return Effect.andThen(wake.open, sending.size === 0 ? landed.open : Effect.void)
    })

  const recovered = Effect.fnUntraced(function* (integration: ReadyIntegration) {
    if (ready !== integration) return
    const { health } = learnt
    learnt = { ...learnt, health: Health.afterSuccess(health, yield* Clock.currentTimeMillis) }
    yield* log.worked
    if (health.isProbing) yield* Effect.ignore(groupCommit.commit(integrations.retryNow(id)))
  })

  const tryAndJudge = Effect.fnUntraced(function* (integration: ReadyIntegration, claimed: ClaimedDelivery) {
    const startedAt = yield* Clock.currentTimeMillis
    // Since it was taken the lane may have been lost (M2), or stopped, or its integration edited.
    const tried =
      !partitions.isHeld(id) || ready !== integration
        ? unsent
        : yield* sendOnce(integration, claimed.notification, claimed.options).pipe(
            Effect.provideService(RateLimiter, rateLimiter),
            Effect.raceFirst(Effect.as(Deferred.await(stop), stopped))
          )
    if (tried._tag === "Delivered") {
      learnt = { ...learnt, digest: usualDigest }
      return tried
    }
    const now = yield* Clock.currentTimeMillis
    const jitter = yield* Random.next
    const options = integration.integration.delivery ?? {}
    const failed = { claimed, reason: tried.reason, options, startedAt, now, jitter }
    if (tried === stopped || tried === unsent) return requeuedByStop(failed)
    // What an edit has replaced meanwhile stops nobody.
    if (ready !== integration) return outcomeOf(failed)
    const judged = judge(failed, learnt)
    learnt = judged.learnt
    yield* log.failed(learnt.health, causeOf(tried.reason))
    const { waiting } = judged.outcome
    if (waiting !== undefined) yield* rateLimiter.pause(id, waiting.until - now)
    return judged.outcome
  })

  /** Lets what is in flight end; what does not in time is handed back, perhaps sent. */
  const finish = Effect.gen(function* () {
    // What it finds out from now on may be of another integration than the next of this id.
    ready = undefined
    yield* Effect.timeoutOption(landed.await, grace)
    yield* Deferred.succeed(stop, undefined)
    yield* Effect.timeoutOption(landed.await, storePause)
  })

  const lane: Lane = {
    work: Effect.asVoid(wake.open),
    changed: Effect.suspend(() => {
      edits++
      ready = undefined
      learnt = nothingLearnt
      log.edited()
      return Effect.asVoid(wake.open)
    }),
    isNow: (updatedAt) =>
      Effect.suspend(() => (ready === undefined || ready.updatedAt === updatedAt ? Effect.void : lane.changed)),
    run: Effect.ensuring(Effect.forever(step), finish)
  }
  return lane
})
