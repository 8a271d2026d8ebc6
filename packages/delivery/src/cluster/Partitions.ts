/**
 * The partitions of lanes that this gateway owns, and the leases that protect every write (cases M1, M2).
 */
import type { IntegrationId } from "@tocsin/core"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { Lease } from "../domain/attempt.ts"
import { isOneOf } from "../sql/bulk.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { type Handlers, Peers } from "./Peers.ts"

/** Handlers for gained and lost partitions; `resume` is part of the transaction in which partitions are gained. */
export interface Service extends Handlers {
  /** Runs whenever the store could not record gained partitions, which is retried every second. */
  readonly delayed: Effect.Effect<unknown>
  readonly resume: (partitions: ReadonlyArray<number>) => Effect.Effect<void, SqlError.SqlError>
}

/** The lease of a gateway that is always alone. */
const onlyGateway: Lease = { partition: 0, fence: 0 }

/** Tracks which lanes are owned here. */
export class Partitions extends Context.Service<
  Partitions,
  {
    /** Owns a fair share of the partitions for as long as it runs. */
    readonly serve: (service: Service) => Effect.Effect<never>
    /** Sets the partition of each integration. */
    readonly assign: (assigned: ReadonlyMap<IntegrationId, { readonly partition: number }>) => void
    /**
     * Whether an attempt at the integration may begin: its lane is owned here, confirmed within the last two seconds.
     */
    readonly isOwned: (integration: IntegrationId) => boolean
    /**
     * Returns the leases of those integrations whose lanes are owned here. Runs inside a transaction of `GroupCommit`;
     * the leases are valid until its end.
     */
    readonly leases: (
      integrations: ReadonlySet<IntegrationId>
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
      let assigned: ReadonlyMap<IntegrationId, { readonly partition: number }> = new Map()

      const gain = Effect.fnUntraced(function* (
        gained: ReadonlyArray<number>,
        resume: Service["resume"]
      ): Effect.fn.Return<void, StoreUnavailable> {
        const rows = yield* groupCommit.commit(
          Effect.tap(
            sql<{ partition: number; fence: number }>`UPDATE partitions SET fence = fence + 1
              WHERE ${sql.in("partition", gained)} RETURNING partition, fence`,
            resume(gained)
          )
        )
        for (const { fence, partition } of rows) fences.set(partition, fence)
      })

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
        leases: Effect.fnUntraced(function* (integrations) {
          if (!peers.many) return new Map([...integrations].map((id) => [id, onlyGateway]))
          const rows = yield* sql<Lease & { id: IntegrationId }>`
            SELECT i.id, p.partition, p.fence
            FROM integrations i JOIN partitions p ON p.partition = i.partition
            WHERE ${isOneOf(sql, "i.id", integrations)}`
          return new Map(
            rows.flatMap(({ fence, id, partition }) =>
              fences.get(partition) === fence ? [[id, { partition, fence }]] : []
            )
          )
        }),
        validLeases: Effect.fnUntraced(function* (leases) {
          if (!peers.many) return leases
          const rows = yield* sql<Lease>`SELECT partition, fence FROM partitions
            WHERE ${sql.in(
              "partition",
              [...leases].map(({ partition }) => partition)
            )}`
          const now = new Map(rows.map(({ fence, partition }) => [partition, fence]))
          return new Set([...leases].filter(({ fence, partition }) => now.get(partition) === fence))
        })
      })
    })
  )
}
