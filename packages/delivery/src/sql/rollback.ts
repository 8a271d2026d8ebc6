/**
 * Undoes what a transaction changed in memory. The counterpart of `sql.afterCommit`.
 */
import { Context, Effect, Exit } from "effect"

/**
 * What is undone if the current transaction, or the part of it behind a savepoint, is not committed; undefined outside
 * of transactions.
 */
export const Undo = Context.Reference<Array<Effect.Effect<void>> | undefined>("@tocsin/delivery/Undo", {
  defaultValue: () => undefined
})

/** Runs the effect if the current transaction is rolled back, or if the answer to its commit is lost. */
export const afterRollback = (effect: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.map(Undo, (undo) => void undo?.push(effect))

/** Runs a transaction, or a part of one behind a savepoint, and what `afterRollback` registered in it if it fails. */
export const undoing = <A, E, R>(transaction: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Undo, (outer) =>
    Effect.suspend(() => {
      const own: Array<Effect.Effect<void>> = []
      return transaction.pipe(
        Effect.provideService(Undo, own),
        Effect.onExit((exit) =>
          Exit.isFailure(exit)
            ? Effect.forEach(own, (undo) => undo, { discard: true })
            : Effect.sync(() => void outer?.push(...own))
        )
      )
    })
  )
