/**
 * Several gateways on one store, in one process: who holds which lanes is as the test says, and signals between them
 * are lost, but those that the test makes.
 */
import type { IntegrationId } from "@tocsin/core"
import { Peers } from "@tocsin/delivery"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { Handlers, Signal } from "../../src/cluster/Peers.ts"
import { partitionCount } from "../../src/sql/locks.ts"
import { migratedStoreIn } from "./store.ts"

const all = Array.from({ length: partitionCount }, (_, partition) => partition)

/** What one gateway knows of the others. */
export class ScriptedPeers {
  #handlers: Handlers | undefined
  #look: Effect.Effect<void> = Effect.void
  #receive: (signals: ReadonlyArray<Signal>) => Effect.Effect<void> = () => Effect.void
  #holds = false

  /** How many partitions no gateway owns, if that is known. */
  unowned: number | undefined = 0

  /** All lanes come here. */
  readonly gain = Effect.suspend(() => {
    this.#holds = true
    return this.#handlers?.gained(all) ?? Effect.void
  })

  /** They are wanted elsewhere; returns when they may go there. */
  readonly release = Effect.suspend(() => this.#handlers?.released(all) ?? Effect.void).pipe(
    Effect.map(() => void (this.#holds = false))
  )

  /** They may be elsewhere already. */
  readonly lose = Effect.suspend(() => {
    this.#holds = false
    return this.#handlers?.lost(all) ?? Effect.void
  })

  /** Whether they are still held is not confirmed, until it is. */
  readonly doubt = Effect.sync(() => void (this.#holds = false))
  readonly confirm = Effect.sync(() => void (this.#holds = true))

  /** Looks for what no signal told. */
  readonly sweep = Effect.suspend(() => this.#look)

  /** Another gateway signals work for an integration. */
  readonly work = (integration: IntegrationId) => Effect.suspend(() => this.#receive([{ integration, of: "work" }]))

  readonly service = Peers.of({
    own: (handlers) =>
      Effect.flatMap(Effect.context<never>(), (context) => {
        // The lanes that start have the clock of their gateway.
        const gained: Handlers["gained"] = (all) => Effect.provideContext(handlers.gained(all), context)
        this.#handlers = { ...handlers, gained }
        return Effect.never
      }),
    isOwned: () => this.#holds,
    unowned: () => this.unowned,
    publish: () => Effect.void,
    subscribe: (receive) => {
      this.#receive = receive
      return Effect.never
    },
    publishChanges: () => Effect.void,
    subscribeToChanges: () => Effect.never,
    poll: (look) => {
      this.#look = look
      return Effect.never
    },
    many: true
  })
}

/** A store for gateways with these peers. */
export const sharedStore = Effect.map(Layer.build(migratedStoreIn(":memory:")), (context) => {
  const sql = Context.pick(SqlClient.SqlClient)(context)
  return (peers: ScriptedPeers) => Layer.succeedContext(Context.add(sql, Peers, peers.service))
})
