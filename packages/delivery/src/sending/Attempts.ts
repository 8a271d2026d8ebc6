/**
 * The two ends of an attempt in the store: taking deliveries, and writing down
 * what became of them (cases D1, D5, O3, O7).
 */
import type { ChannelPlugin, IntegrationId } from "@tocsin/core"
import { Array as Arr, Context, Effect, Layer } from "effect"
import type { SqlError } from "effect/sql"
import type { Next } from "./Backlog.ts"
import { completions } from "./complete.ts"
import { GroupCommit, StoreUnavailable } from "../sql/GroupCommit.ts"
import { mostAtOnce } from "../sql/bulk.ts"
import { Partitions } from "../cluster/Partitions.ts"
import { claims } from "./claim.ts"
import type { End, ClaimedDelivery } from "../domain/attempt.ts"
import { alertKey } from "../sql/locks.ts"

/** Takes deliveries and writes down their outcomes: of all lanes together, and only while their lanes are served here. */
export class Attempts extends Context.Service<
  Attempts,
  {
    /**
     * Marks deliveries of the integration as being sent, no two of one alert; each message says what is true now, also
     * of earlier episodes of the alert that still wait there. Without those that no longer wait, or of which another
     * episode is being sent.
     */
    readonly take: (
      integration: IntegrationId,
      deliveries: ReadonlyArray<Next>
    ) => Effect.Effect<ReadonlyArray<ClaimedDelivery>, StoreUnavailable>
    /** Marks a digest of what waits there as being sent, the criticals first; none if there are not two of them. */
    readonly claimDigest: (
      integration: IntegrationId,
      options: { readonly most: number; readonly form: ChannelPlugin.Form }
    ) => Effect.Effect<ReadonlyArray<ClaimedDelivery>, StoreUnavailable>
    /** Writes down what became of an attempt, unless another gateway serves its lane now, which has owed it again. */
    readonly complete: (end: End) => Effect.Effect<void, StoreUnavailable>
    /**
     * Owes again what was taken at the integration, by a transaction whose answer was lost, and is not being sent.
     */
    readonly requeueUnsent: (
      integration: IntegrationId,
      sending: ReadonlySet<string>
    ) => Effect.Effect<void, StoreUnavailable>
    /** Ends a delivery that cannot be read, so that it is in nobody's way. */
    readonly markDead: (delivery: string, integration: IntegrationId) => Effect.Effect<void, StoreUnavailable>
    /**
     * When lanes come here: what was being sent is owed again, and its history says that it may be sent twice. Belongs
     * inside a journal's transaction.
     */
    readonly resume: (partitions: ReadonlyArray<number>) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@tocsin/delivery/Attempts") {
  static readonly layer = Layer.effect(
    Attempts,
    Effect.gen(function* () {
      const groupCommit = yield* GroupCommit
      const partitions = yield* Partitions
      const { take, claimDigest } = yield* claims
      const { markDead, complete, requeueUnsent, resume } = yield* completions

      const takeAll = groupCommit.batch(
        Effect.fnUntraced(function* (asked: ReadonlyArray<Asked>) {
          const held = yield* partitions.proven(new Set(asked.map(({ integration }) => integration)))
          const ids = asked.flatMap(({ deliveries, integration }) =>
            held.has(integration) ? deliveries.map(({ id }) => id) : []
          )
          const claimed = yield* Effect.forEach(Arr.chunksOf(ids, mostAtOnce), (ids) => take(ids, held))
          const byLane = Map.groupBy(claimed.flat(), ({ integration }) => integration)
          return asked.map(({ integration }) => {
            const own = byLane.get(integration) ?? []
            // A lane that is stopping may ask beside the one that follows it.
            byLane.delete(integration)
            return held.has(integration) ? own : undefined
          })
        })
      )

      const completeAll = groupCommit.batch(
        Effect.fnUntraced(function* (ends: ReadonlyArray<End>) {
          const held = yield* partitions.stillHolding(new Set(ends.map(({ claimed }) => claimed.under)))
          yield* complete(ends.filter(({ claimed }) => held.has(claimed.under)))
          return ends.map(() => undefined)
        })
      )

      const orElsewhere = (claimed: ReadonlyArray<ClaimedDelivery> | undefined) =>
        claimed === undefined ? Effect.fail(servedElsewhere) : Effect.succeed(claimed)

      return Attempts.of({
        take: (integration, deliveries) =>
          Effect.flatMap(
            takeAll(
              { integration, deliveries },
              deliveries.flatMap(({ lockKeys }) => lockKeys)
            ),
            orElsewhere
          ),
        claimDigest: (integration, options) =>
          Effect.flatMap(
            groupCommit.commit(
              Effect.flatMap(partitions.proven(new Set([integration])), (held) => {
                const under = held.get(integration)
                return under === undefined ? Effect.undefined : claimDigest(integration, { ...options, under })
              })
            ),
            orElsewhere
          ),
        complete: (end) => completeAll(end, touched(end)),
        requeueUnsent: (integration, sending) =>
          groupCommit.commit(
            Effect.flatMap(partitions.proven(new Set([integration])), (held) => {
              const under = held.get(integration)
              return under === undefined ? Effect.void : requeueUnsent(integration, under, sending)
            })
          ),
        markDead: (delivery, integration) => groupCommit.commit(markDead(delivery, integration)),
        resume
      })
    })
  )
}

/** Deliveries to be taken at one integration. */
interface Asked {
  readonly integration: IntegrationId
  readonly deliveries: ReadonlyArray<Next>
}

/** What writing down the end of an attempt touches; undefined: it may touch anything. */
const touched = ({ outcome, claimed: { id, notification } }: End): ReadonlyArray<string> | undefined => {
  if (notification._tag === "Digest" || (outcome._tag === "Failed" && (outcome.breaks || outcome.requeued.length > 0)))
    return undefined
  return "alert" in notification ? [alertKey(notification.alert.source, notification.alert.sourceId)] : [id]
}

const servedElsewhere = StoreUnavailable.of("ServedElsewhere")
