/**
 * Shortcuts: a transaction reads once what several of its parts need. On PostgreSQL it reads together with its lock, in one
 * round trip, what nearly all of them need.
 */
import { Context, Effect, Fiber } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
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

/** What was read at the start of a transaction; undefined once the transaction has changed it. */
export interface TransactionStart {
  /** The version of rules and integrations. */
  version: string | undefined
  /** The fence of each partition. */
  fences: ReadonlyMap<number, number> | undefined
}

/** What the current transaction has read; undefined outside of transactions, and on SQLite. */
export const TransactionStart = Context.Reference<TransactionStart | undefined>("@tocsin/delivery/TransactionStart", {
  defaultValue: () => undefined
})

/** Takes the lock of a transaction, reads, and runs the rest of the transaction. */
export const startWith = <A, E>(
  sql: SqlClient.SqlClient,
  lock: Effect.Effect<unknown, SqlError.SqlError>,
  rest: Effect.Effect<A, E>
): Effect.Effect<A, E | SqlError.SqlError> =>
  sql.onDialectOrElse({
    pg: () =>
      Effect.gen(function* () {
        // Sent at once, and not awaited: a statement sees what was committed before it begins, so it must follow the lock.
        const locked = yield* Effect.forkDetach(Effect.exit(lock), { startImmediately: true })
        const [row] = yield* sql<Row>`SELECT version,
          (SELECT string_agg(fence::text, ',' ORDER BY partition) FROM partitions) AS fences FROM settings_version`
        yield* Effect.flatten(Fiber.join(locked))
        const start = row && { version: row.version, fences: decode(row.fences) }
        return yield* Effect.provideService(rest, TransactionStart, start)
      }),
    orElse: () => Effect.andThen(lock, rest)
  })

interface Row {
  readonly version: string
  /** Of all partitions, from 0. */
  readonly fences: string | null
}

const decode = (fences: string | null): ReadonlyMap<number, number> =>
  new Map((fences ?? "").split(",").map((fence, partition) => [partition, Number(fence)]))
