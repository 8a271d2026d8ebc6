/**
 * Which lanes this gateway serves, and proof of it in every write (cases M1, M2).
 */
import type { IntegrationId } from "@tocsin/core"
import { Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { GroupCommit, type StoreUnavailable } from "../sql/GroupCommit.ts"
import { isOneOf } from "../sql/bulk.ts"
import { type Handlers, Peers } from "./Peers.ts"
import type { Lease } from "../domain/attempt.ts"

/** What follows when lanes come here, or go: `resume` is part of the transaction in which they come. */
export interface Service extends Handlers {
  readonly resume: (partitions: ReadonlyArray<number>) => Effect.Effect<void, SqlError.SqlError>
}

/** Where there can be no other gateway. */
const onlyOne: Lease = { partition: 0, fence: 0 }

/** Knows which lanes are served here. */
export class Partitions extends Context.Service<
  Partitions,
  {
    /** Serves a fair share of the lanes for as long as it runs. */
    readonly serve: (service: Service) => Effect.Effect<never>
    /** Says where integrations belong. */
    readonly placed: (places: ReadonlyMap<IntegrationId, number>) => void
    /** Whether an attempt at the integration may begin. */
    readonly isHeld: (integration: IntegrationId) => boolean
    /**
     * The integrations whose lanes are served here, and what proves it. Belongs inside a journal's transaction: it holds
     * till its end.
     */
    readonly proven: (
      integrations: ReadonlySet<IntegrationId>
    ) => Effect.Effect<ReadonlyMap<IntegrationId, Lease>, SqlError.SqlError>
    /** Those of the proofs that still hold, wherever their integrations belong by now. Belongs there, too. */
    readonly stillHolding: (proofs: ReadonlySet<Lease>) => Effect.Effect<ReadonlySet<Lease>, SqlError.SqlError>
  }
>()("@tocsin/delivery/Partitions") {
  static readonly layer: Layer.Layer<Partitions, never, SqlClient.SqlClient | GroupCommit | Peers> = Layer.effect(
    Partitions,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const peers = yield* Peers
      /** The fence of each partition that is served here: whoever takes it over raises it. */
      const fences = new Map<number, number>()
      let places: ReadonlyMap<IntegrationId, number> = new Map()

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
        serve: ({ gained, lost, released, resume }) =>
          peers.hold({
            gained: (partitions) =>
              gain(partitions, resume).pipe(
                Effect.tapError(() => Effect.sleep("1 second")),
                Effect.eventually,
                Effect.andThen(gained(partitions))
              ),
            released: (partitions) => Effect.andThen(released(partitions), forget(partitions)),
            lost: (partitions) => Effect.andThen(forget(partitions), lost(partitions))
          }),
        placed: (now) => void (places = now),
        isHeld: (integration) => {
          const partition = places.get(integration)
          return partition === undefined || peers.isHeld(partition)
        },
        proven: Effect.fnUntraced(function* (integrations) {
          if (!peers.many) return new Map([...integrations].map((id) => [id, onlyOne]))
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
        stillHolding: Effect.fnUntraced(function* (proofs) {
          if (!peers.many) return proofs
          const rows = yield* sql<Lease>`SELECT partition, fence FROM partitions
            WHERE ${sql.in(
              "partition",
              [...proofs].map(({ partition }) => partition)
            )}`
          const now = new Map(rows.map(({ fence, partition }) => [partition, fence]))
          return new Set([...proofs].filter(({ fence, partition }) => now.get(partition) === fence))
        })
      })
    })
  )
}
