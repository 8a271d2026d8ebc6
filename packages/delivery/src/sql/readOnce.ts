/**
 * A shortcut: a transaction reads once what several of its parts need.
 */
import { Effect } from "effect"
import { Undo } from "./rollback.ts"

/** A read whose result is remembered until its transaction ends. Outside of transactions it is made each time. */
export interface ReadOnce<A, E> {
  readonly read: Effect.Effect<A, E>
  /** Forgets the result. Must run in every transaction that changes it. */
  readonly forget: Effect.Effect<void>
}

/** Makes a read that each transaction, and each part of one behind a savepoint, makes once. */
export const readOnce = <A, E>(read: Effect.Effect<A, E>): ReadOnce<A, E> => {
  const results = new WeakMap<object, { readonly value: A }>()
  return {
    read: Effect.flatMap(Undo, (transaction) => {
      const known = transaction && results.get(transaction)
      if (known !== undefined) return Effect.succeed(known.value)
      return Effect.tap(read, (value) => Effect.sync(() => transaction && results.set(transaction, { value })))
    }),
    forget: Effect.map(Undo, (transaction) => void (transaction && results.delete(transaction)))
  }
}
