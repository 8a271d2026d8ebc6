/**
 * Shortcuts: a transaction reads once what several of its parts need. On PostgreSQL it reads together with its lock, in one
 * round trip, what nearly all of them need.
 */
import { Context, Effect, Fiber } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { lockFor } from "./dialect.ts"
import { maxLocks } from "./locks.ts"
import { memoize } from "./memoize.ts"
import type { AskedLocks } from "./RunningLocks.ts"
import { Transaction } from "./transactionEnd.ts"

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
    read: Effect.flatMap(Transaction, (transaction) => {
      const known = transaction && results.get(transaction)
      if (known !== undefined) return Effect.succeed(known.value)
      return Effect.tap(read, (value) => Effect.sync(() => transaction && results.set(transaction, { value })))
    }),
    forget: Effect.map(Transaction, (transaction) => void (transaction && results.delete(transaction)))
  }
}

/** The locks of a transaction. */
export interface Locks {
  /** The lock keys that it holds; undefined if it locked everything. */
  readonly own: ReadonlySet<string> | undefined
  /** The guessed lock keys that it tried. */
  readonly tried: ReadonlySet<string>
  /** Whether another transaction of this gateway holds a lock key now, or waits for it. */
  readonly isHeld: (lockKey: string) => boolean
}

/** What was locked and read at the start of a transaction; what it has changed since is undefined. */
export interface TransactionStart {
  readonly locks: Locks
  /** The version of rules and integrations. */
  version: string | undefined
  /** The fence of each partition. */
  fences: ReadonlyMap<number, number> | undefined
}

/** What the current transaction has read; undefined outside of transactions, and on SQLite. */
export const TransactionStart = Context.Reference<TransactionStart | undefined>("@tocsin/delivery/TransactionStart", {
  defaultValue: () => undefined
})

/** Takes the locks of a transaction, reads, and runs the rest of the transaction. */
export const startWith = <A, E>(
  sql: SqlClient.SqlClient,
  { guessed, isHeld, keys }: AskedLocks,
  rest: Effect.Effect<A, E>
): Effect.Effect<A, E | SqlError.SqlError> =>
  sql.onDialectOrElse({
    pg: () =>
      Effect.gen(function* () {
        // Sent at once, and not awaited: a statement sees what was committed before it begins, so it must follow the lock.
        const locked = yield* Effect.forkDetach(Effect.exit(lockFor(sql, keys, guessed)), { startImmediately: true })
        const [row] = yield* sql<Row>`SELECT version,
          (SELECT string_agg(fence::text, ',' ORDER BY partition) FROM partitions) AS fences FROM settings_version`
        const obtained = yield* Effect.flatten(Fiber.join(locked))
        const own = keys && keys.size <= maxLocks ? new Set([...keys, ...obtained]) : undefined
        const start = row && {
          locks: { own, isHeld, tried: new Set(guessed) },
          version: row.version,
          fences: decode(row.fences ?? "")
        }
        return yield* Effect.provideService(rest, TransactionStart, start)
      }),
    orElse: () => rest
  })

interface Row {
  readonly version: string
  /** Of all partitions, from 0. */
  readonly fences: string | null
}

const decode = memoize(
  (fences): ReadonlyMap<number, number> =>
    new Map(fences.split(",").map((fence, partition) => [partition, Number(fence)]))
)
