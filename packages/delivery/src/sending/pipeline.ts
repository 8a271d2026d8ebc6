/**
 * The pipeline from a due delivery to a sent message.
 *
 *     claim -> compose -> send -> classify -> record
 *
 * Claiming and composing share a transaction, which is on the disk before anything is sent (D1). Recording is another
 * one. Both are done for all lanes at once, and only under the leases of their partitions (M2).
 */
import { type DeliveryOptions, HttpChannel, type IntegrationId } from "@tocsin/core"
import { Array as Arr, Clock, Context, Effect, Layer, Random } from "effect"
import type { SqlError } from "effect/sql"
import { Partitions } from "../cluster/Partitions.ts"
import { Integrations } from "../config/Integrations.ts"
import {
  type AttemptEnd,
  type ClaimedDelivery,
  type DueDelivery,
  isNewDigest,
  type Outcome
} from "../domain/attempt.ts"
import {
  classify,
  classifyReply,
  classifyStale,
  classifyTest,
  classifyUnfinished,
  usualDigest
} from "../domain/failurePolicy.ts"
import { causeOf, type FailureReason } from "../domain/failureReason.ts"
import type { ReadyIntegration } from "../domain/integration.ts"
import { maxBackoff, pauseFor } from "../domain/retryPolicy.ts"
import { AttemptSpan, endSpan, Traces } from "../metrics/traces.ts"
import { mostAtOnce } from "../sql/bulk.ts"
import { countAttempt } from "../metrics/engineMetrics.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { alertKey } from "../sql/locks.ts"
import { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { claiming } from "./claim.ts"
import { digestClaiming, type DigestOptions } from "./claimDigest.ts"
import { compose } from "./compose.ts"
import type { LaneState } from "./LaneState.ts"
import { nextClaiming } from "./shortcuts/nextClaims.ts"
import { RateLimiter } from "./RateLimiter.ts"
import { recording } from "./record.ts"
import { requeueing } from "./requeue.ts"
import { traced } from "./traced.ts"
import { cutShort, notBegun, send, type Sent } from "./send.ts"
import type { Stop } from "./withinLimits.ts"

/** An attempt of a lane. */
export interface Attempt {
  readonly integration: ReadyIntegration
  readonly claimed: ClaimedDelivery
  readonly lane: LaneState
  readonly stop: Stop
}

/** Claims deliveries, sends them, and records the outcomes. */
export class Pipeline extends Context.Service<
  Pipeline,
  {
    /**
     * Claims deliveries of the integration, no two of one alert, each with a message composed from the current state.
     * Leaves out those that are no longer pending, and those of an alert about which a message is being sent.
     */
    readonly claim: (
      integration: IntegrationId,
      due: ReadonlyArray<DueDelivery>,
      options: Pick<DigestOptions, "replyText">
    ) => Effect.Effect<ReadonlyArray<ClaimedDelivery>, StoreUnavailable>
    /** Claims a digest of the backlog, the critical deliveries first; none if fewer than two are pending. */
    readonly claimDigest: (
      integration: IntegrationId,
      options: DigestOptions
    ) => Effect.Effect<ReadonlyArray<ClaimedDelivery>, StoreUnavailable>
    /**
     * Sends a claimed delivery, and records the outcome unless another gateway owns the lane by then. `isUnchanged`:
     * it was delivered, and nothing follows from it. `isFollowed`: the next delivery has its slot.
     */
    readonly deliver: (
      attempt: Attempt
    ) => Effect.Effect<{ readonly outcome: Outcome; readonly isUnchanged: boolean; readonly isFollowed: boolean }>
    /** Requeues the deliveries that a transaction claimed whose answer was lost. */
    readonly requeueUnsent: (
      integration: IntegrationId,
      inFlight: ReadonlySet<string>
    ) => Effect.Effect<void, StoreUnavailable>
    /**
     * Requeues the deliveries that another gateway was sending when these partitions were taken over from it; history
     * says that they may be duplicated. Runs inside a transaction of `GroupCommit`.
     */
    readonly requeueInFlight: (partitions: ReadonlyArray<number>) => Effect.Effect<void, SqlError.SqlError>
    /** Ends an unreadable delivery, so that it does not delay the others. */
    readonly markDead: (delivery: string, integration: IntegrationId) => Effect.Effect<void, StoreUnavailable>
  }
>()("@tocsin/delivery/Pipeline") {
  static readonly layer = Layer.effect(
    Pipeline,
    Effect.gen(function* () {
      const groupCommit = yield* GroupCommit
      const partitions = yield* Partitions
      const { assignments } = yield* Integrations
      const rateLimiter = yield* RateLimiter
      const claim = yield* claiming
      const claimDigest = yield* digestClaiming
      const { claimNext, noteClaim, probablyNext } = yield* nextClaiming(claim)
      const { markDead, record } = yield* recording
      const requeue = yield* requeueing
      const traces = yield* Traces

      const leasesOf = (integrations: ReadonlyArray<IntegrationId>) =>
        partitions.leases(new Set(integrations), assignments)

      /** claim -> compose: for all waiting lanes in one transaction. */
      const claimAll = groupCommit.batch(
        Effect.fnUntraced(function* (claims: ReadonlyArray<Claim>) {
          const leases = yield* leasesOf(claims.map(({ integration }) => integration))
          const ids = claims.flatMap(({ due, integration }) => (leases.has(integration) ? due.map(({ id }) => id) : []))
          const replyTexts = new Map(claims.map(({ integration, replyText }) => [integration, replyText]))
          const claimed: Array<ClaimedDelivery> = []
          const known = new Set<string>()
          for (const some of Arr.chunksOf(ids, mostAtOnce)) {
            const accepted = yield* claim.claimAccepted(some, leases)
            for (const { id } of accepted) known.add(id)
            const others = some.filter((id) => !known.has(id))
            const candidates = others.length === 0 ? [] : yield* claim.select(others, leases, replyTexts)
            const composed = candidates.map(compose)
            yield* claim.markSending(composed)
            claimed.push(...accepted, ...composed)
          }
          for (const { due, integration } of claims) noteClaim(integration, known.has(due.at(-1)?.id ?? ""))
          const byLane = Map.groupBy(claimed, ({ integration }) => integration)
          return ({ integration }: Claim) => {
            const own = byLane.get(integration) ?? []
            // A stopping lane and its successor may claim at the same time.
            byLane.delete(integration)
            return leases.has(integration) ? own : undefined
          }
        })
      )

      /** send: under the lane's lease, with the current integration. */
      const sendClaimed = ({ claimed, integration, lane, stop }: Attempt): Effect.Effect<Sent> => {
        // Since the claim, the lane may have been lost (M2) or stopped, or its integration edited.
        const mayBegin = () => partitions.holds(claimed.lease) && lane.isCurrent(integration.version)
        if (!mayBegin()) return Effect.succeed(notBegun)
        // Decided once more, when the first request is connected: then the attempt has begun.
        let begins: boolean | undefined
        return send(integration, claimed.notification, { options: claimed.options, stop }).pipe(
          Effect.provideService(RateLimiter, rateLimiter),
          Effect.provideService(HttpChannel.MaySend, () => (begins ??= mayBegin())),
          Effect.map((sent) => (begins === false ? notBegun : sent))
        )
      }

      /** classify: the consequence for the delivery, and the lane's findings. */
      const classifySent = Effect.fnUntraced(function* (
        { claimed, integration, lane }: Attempt,
        sent: Sent,
        startedAt: number
      ): Effect.fn.Return<Outcome> {
        if (sent._tag === "Delivered") {
          if (sent.isSkipped !== true) lane.findings = { ...lane.findings, digest: usualDigest }
          return sent
        }
        const now = yield* Clock.currentTimeMillis
        const jitter = yield* Random.next
        const options = integration.integration.delivery ?? {}
        const { _tag: _, ...failure } = sent
        const failed = { claimed, ...failure, options, startedAt, now, jitter }
        const { _tag: kind } = claimed.notification
        if (kind !== "DigestList" && (sent === notBegun || sent === cutShort)) return classifyUnfinished(failed)
        // A rate limit that answers a reply is the lane's, for which alerts wait.
        const isReply = kind === "DigestList" && sent.reason._tag !== "RateLimited"
        if (kind === "Test" || isReply) {
          const outcome = isReply ? classifyReply(failed) : classifyTest(failed)
          const pause = pauseAsked(sent.reason, claimed.attempt, options)
          if (pause !== undefined) yield* rateLimiter.pause(claimed.integration, pause)
          return outcome
        }
        if (!lane.isCurrent(integration.version)) return classifyStale(failed)
        const { findings, outcome } = classify(failed, lane.findings)
        lane.findings = findings
        yield* lane.log.failed(findings.health, causeOf(sent.reason))
        const pause = outcome.waiting && outcome.waiting.until - now
        if (pause !== undefined) yield* rateLimiter.pause(claimed.integration, pause)
        return outcome
      })

      /** record: for all waiting lanes in one transaction. */
      const recordAll = groupCommit.batch(
        Effect.fnUntraced(function* (ends: ReadonlyArray<AttemptEnd>) {
          const valid = yield* partitions.validLeases(new Set(ends.map(({ claimed }) => claimed.lease)))
          const isUnchanged = yield* record(ends.filter(({ claimed }) => valid.has(claimed.lease)))
          const followed = yield* claimNext(ends.flatMap((end) => (isUnchanged(end) ? [end.claimed] : [])))
          return (end: AttemptEnd) => ({ isUnchanged: isUnchanged(end), isFollowed: followed.has(end.claimed.id) })
        }),
        (ends, isHeld) =>
          probablyNext(
            ends.map(({ claimed }) => claimed),
            isHeld
          )
      )

      const deliver = Effect.fnUntraced(function* (attempt: Attempt) {
        const startedAt = yield* Clock.currentTimeMillis
        const begun = performance.now()
        const sent = yield* sendClaimed(attempt)
        if (sent !== notBegun && sent !== cutShort) {
          countAttempt(attempt.claimed.integration, {
            type: attempt.integration.integration.type,
            result: sent._tag === "Delivered" ? "delivered" : sent.reason._tag,
            duration: performance.now() - begun
          })
          const span = yield* AttemptSpan
          if (span !== undefined) {
            endSpan(span, yield* Clock.currentTimeNanos, sent._tag === "Delivered" ? undefined : sent.reason._tag)
          }
        }
        const outcome = yield* classifySent(attempt, sent, startedAt)
        const { sealed, version } = attempt.integration
        const end = { claimed: attempt.claimed, outcome, version, sealed }
        // A message that was sent must be recorded as sent.
        const recorded = yield* recordAll(end, lockKeysOf(end)).pipe(
          Effect.tapError(() => Effect.sleep(storePause)),
          Effect.eventually
        )
        return { outcome, ...recorded }
      })

      return Pipeline.of({
        claim: (integration, due, { replyText }) =>
          Effect.flatMap(
            claimAll(
              { integration, due, replyText },
              due.flatMap(({ lockKeys }) => lockKeys)
            ),
            orServedElsewhere
          ),
        claimDigest: (integration, options) =>
          Effect.flatMap(
            groupCommit.commit(
              Effect.flatMap(leasesOf([integration]), (leases) => {
                const lease = leases.get(integration)
                return lease === undefined ? Effect.undefined : claimDigest(integration, { ...options, lease })
              })
            ),
            orServedElsewhere
          ),
        deliver: traces === undefined ? deliver : traced(traces, deliver),
        requeueUnsent: (integration, inFlight) =>
          groupCommit.commit(
            Effect.flatMap(leasesOf([integration]), (leases) => {
              const lease = leases.get(integration)
              return lease === undefined ? Effect.void : requeue.unsent(integration, lease, inFlight)
            })
          ),
        requeueInFlight: requeue.inFlight,
        markDead: (delivery, integration) => groupCommit.commit(markDead(delivery, integration))
      })
    })
  )
}

/** How long to wait after a failed write before recording again. */
const storePause = "1 second"

/** Deliveries that a lane claims. */
interface Claim extends Pick<DigestOptions, "replyText"> {
  readonly integration: IntegrationId
  readonly due: ReadonlyArray<DueDelivery>
}

const orServedElsewhere = (claimed: ReadonlyArray<ClaimedDelivery> | undefined) =>
  claimed === undefined ? Effect.fail(StoreUnavailable.of("ServedElsewhere")) : Effect.succeed(claimed)

/** The lock keys for recording the end of an attempt; undefined if it may write anything. */
const lockKeysOf = ({ claimed, outcome }: AttemptEnd): ReadonlyArray<string> | undefined => {
  const { id, notification } = claimed
  const isSweeping =
    outcome._tag === "Failed" &&
    (outcome.breaks ||
      outcome.requeued.length > 0 ||
      (outcome.reason._tag === "PluginFailed" && outcome.consequence.status === "dead"))
  if (isNewDigest(claimed) || isSweeping) return undefined
  return "alert" in notification ? [alertKey(notification.alert.source, notification.alert.sourceId)] : [id]
}

/** What does not block its lane leaves the rate limit empty during the pause that the service asks for. */
const pauseAsked = (reason: FailureReason, attempts: number, options: DeliveryOptions) =>
  reason._tag === "RateLimited"
    ? pauseFor(reason, { inARow: attempts, jitter: 0, maxBackoff: maxBackoff(options) })
    : undefined
