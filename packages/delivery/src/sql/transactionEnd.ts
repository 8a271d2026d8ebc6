/**
 * What runs in memory once a transaction has ended. `sql.afterCommit` covers only commits, and copies all services several
 * times for each effect.
 */
import { Context, Effect, Exit } from "effect"

/** The current transaction, or the part of it behind a savepoint; undefined outside of transactions. */
export const Transaction = Context.Reference<
  | {
      /** Run in this order once it is known to be committed. */
      readonly afterCommit: Array<Effect.Effect<void>>
      /** Run if it is rolled back, or if the answer to its commit is lost. */
      readonly afterRollback: Array<Effect.Effect<void>>
    }
  | undefined
>("@tocsin/delivery/Transaction", { defaultValue: () => undefined })

/** Runs the effect once the current transaction is known to be committed; outside of transactions, at once. */
export const afterCommit = (effect: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.flatMap(Transaction, (transaction) =>
    transaction === undefined ? effect : Effect.sync(() => void transaction.afterCommit.push(effect))
  )

/** Runs the effect if the current transaction is rolled back, or if the answer to its commit is lost. */
export const afterRollback = (effect: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.map(Transaction, (transaction) => void transaction?.afterRollback.push(effect))

/** Runs a transaction, or a part of one behind a savepoint, and then what was registered in it. */
export const withEnd = <A, E, R>(transaction: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Transaction, (outer) =>
    Effect.suspend(() => {
      const own = { afterCommit: [], afterRollback: [] }
      return transaction.pipe(
        Effect.provideService(Transaction, own),
        Effect.onExit((exit) => {
          if (Exit.isFailure(exit)) return runAll(own.afterRollback)
          if (outer === undefined) return runAll(own.afterCommit)
          outer.afterCommit.push(...own.afterCommit)
          outer.afterRollback.push(...own.afterRollback)
          return Effect.void
        })
      )
    })
  )

/** Runs effects one after the other; one that has a bug does not keep the others from running. */
const runAll = (effects: ReadonlyArray<Effect.Effect<void>>) =>
  Effect.forEach(effects, (effect) => Effect.ignoreCause(effect, { log: "Error" }), { discard: true })
