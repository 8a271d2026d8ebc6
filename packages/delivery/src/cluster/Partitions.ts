/**
 * The partitions of lanes that this gateway owns, and the leases that protect every write (cases M1, M2).
 */
import type { IntegrationId } from "@tocsin/core"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { Lease } from "../domain/attempt.ts"
import { isOneOf } from "../sql/bulk.ts"
import { Shortcuts } from "../domain/Shortcuts.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { TransactionStart } from "../sql/readOnce.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { type Handlers, Peers } from "./Peers.ts"

/** Handlers for gained and lost partitions; `resume` is part of the transaction in which partitions are gained. */
export interface Service extends Handlers {
  /** Runs whenever the store could not record gained partitions, which is retried every second. */
  readonly delayed: Effect.Effect<unknown>
  readonly resume: (partitions: ReadonlyArray<number>) => Effect.Effect<void, SqlError.SqlError>
}

/** The partition of each integration. */
export type Assigned = ReadonlyMap<IntegrationId, { readonly partition: number }>

/** The lease of a gateway that is always alone. */
const onlyGateway: Lease = { partition: 0, fence: 0 }

/** Tracks which lanes are owned here. */
export class Partitions extends Context.Service<
  Partitions,
  {
    /** Owns a fair share of the partitions for as long as it runs. */
    readonly serve: (service: Service) => Effect.Effect<never>
    /** Sets the partition of each integration. */
    readonly assign: (assigned: Assigned) => void
    /** Whether the lane of the integration is owned here, confirmed within the last two seconds. */
    readonly isOwned: (integration: IntegrationId) => boolean
    /**
     * Whether an attempt under the lease may begin: the partition is owned here, confirmed within the last two seconds,
     * and has not been lost since.
     */
    readonly holds: (lease: Lease) => boolean
    /**
     * Returns the leases of those integrations whose lanes are owned here. Runs inside a transaction of `GroupCommit`;
     * the leases are valid until its end. `assignments`, if given, returns the partitions as the transaction sees them.
     */
    readonly leases: (
      integrations: ReadonlySet<IntegrationId>,
      assignments?: Effect.Effect<Assigned, SqlError.SqlError>
    ) => Effect.Effect<ReadonlyMap<IntegrationId, Lease>, SqlError.SqlError>
    /**
     * Returns those of the leases that are still valid, whatever partitions their integrations belong to by now. Runs
     * inside a transaction of `GroupCommit`.
     */
    readonly validLeases: (leases: ReadonlySet<Lease>) => Effect.Effect<ReadonlySet<Lease>, SqlError.SqlError>
  }
>()("@tocsin/delivery/Partitions") {
  static readonly layer: Layer.Layer<Partitions, never, SqlClient.SqlClient | GroupCommit | Peers> = Layer.effect(
    Partitions,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const peers = yield* Peers
      /** The fence of each partition that is owned here. A gateway that takes a partition over increments it. */
      const fences = new Map<number, number>()
      let assigned: Assigned = new Map()
      const takesShortcuts = yield* Shortcuts
      /** The fences of all partitions, if the transaction has read them at its start. */
      const known = Effect.map(TransactionStart, (start) => (takesShortcuts ? start?.fences : undefined))

      const stored = Effect.map(
        sql<Lease>`SELECT partition, fence FROM partitions`,
        (rows) => new Map(rows.map(({ fence, partition }) => [partition, fence]))
      )
      const forgetStored = Effect.map(TransactionStart, (start) => {
        if (start !== undefined) start.fences = undefined
      })

      const gain = Effect.fnUntraced(function* (
        gained: ReadonlyArray<number>,
        resume: Service["resume"]
      ): Effect.fn.Return<void, StoreUnavailable> {
        const rows = yield* groupCommit.commit(
          Effect.tap(
            sql<{ partition: number; fence: number }>`UPDATE partitions SET fence = fence + 1
              WHERE ${sql.in("partition", gained)} RETURNING partition, fence`,
            Effect.andThen(forgetStored, resume(gained))
          )
        )
        for (const { fence, partition } of rows) fences.set(partition, fence)
      })

      /** The leases by fences that are stored. */
      const owned = (stored: ReadonlyArray<Lease & { readonly id: IntegrationId }>) =>
        new Map(
          stored.flatMap(({ fence, id, partition }) =>
            fences.get(partition) === fence ? [[id, { partition, fence }] as const] : []
          )
        )

      const forget = (gone: ReadonlyArray<number>) =>
        Effect.sync(() => gone.forEach((partition) => fences.delete(partition)))

      return Partitions.of({
        serve: ({ delayed, gained, lost, released, resume }) =>
          peers.own({
            gained: (partitions) =>
              gain(partitions, resume).pipe(
                Effect.tapError(() => Effect.andThen(delayed, Effect.sleep("1 second"))),
                Effect.eventually,
                Effect.andThen(gained(partitions))
              ),
            released: (partitions) => Effect.andThen(released(partitions), forget(partitions)),
            lost: (partitions) => Effect.andThen(forget(partitions), lost(partitions))
          }),
        assign: (now) => void (assigned = now),
        isOwned: (integration) => {
          const partition = assigned.get(integration)?.partition
          return partition === undefined || peers.isOwned(partition)
        },
        holds: ({ fence, partition }) => !peers.many || (fences.get(partition) === fence && peers.isOwned(partition)),
        leases: Effect.fnUntraced(function* (integrations, assignments) {
          if (!peers.many) return new Map([...integrations].map((id) => [id, onlyGateway]))
          const stored = yield* known
          if (stored !== undefined && assignments !== undefined) {
            const partitions = yield* assignments
            return owned(
              [...integrations].flatMap((id) => {
                const partition = partitions.get(id)?.partition
                const fence = partition === undefined ? undefined : stored.get(partition)
                return partition === undefined || fence === undefined ? [] : [{ id, partition, fence }]
              })
            )
          }
          return owned(
            yield* sql<Lease & { id: IntegrationId }>`SELECT i.id, p.partition, p.fence
              FROM integrations i JOIN partitions p ON p.partition = i.partition
              WHERE ${isOneOf(sql, "i.id", integrations)}`
          )
        }),
        validLeases: Effect.fnUntraced(function* (leases) {
          if (!peers.many) return leases
          const now = (yield* known) ?? (yield* stored)
          return new Set([...leases].filter(({ fence, partition }) => now.get(partition) === fence))
        })
      })
    })
  )
}
