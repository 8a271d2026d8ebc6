/**
 * Writes that share transactions, and what they have in common.
 */
import { Cause, Deferred, Effect, Exit } from "effect"
import { type SqlClient, SqlError } from "effect/sql"
import type { Locks } from "./readOnce.ts"
import { withEnd } from "./transactionEnd.ts"
import { codeOf } from "./storeProblem.ts"
import { mapSqlErrors, StoreUnavailable } from "./StoreUnavailable.ts"

/** The errors of a write, with `StoreUnavailable` instead of SQL errors. */
export type Failure<E> = Exclude<E, SqlError.SqlError> | StoreUnavailable

/** Guesses further lock keys that items will probably need; `isHeld`: by another transaction that runs here. */
export type Guess<I> = (items: ReadonlyArray<I>, isHeld: Locks["isHeld"]) => ReadonlyArray<string>

/** A pending write, with its item and the deferred result that its caller awaits. */
export class Write<I, A, E> {
  /** Its result, if its transaction is committed. */
  exit: Exit.Exit<A, Failure<E>> = Exit.fail(stopping)

  readonly batch: Batch<I, A, E>
  readonly item: I
  readonly lockKeys: ReadonlyArray<string> | undefined
  readonly answer: Deferred.Deferred<A, Failure<E>>

  constructor(
    { batch, item, lockKeys }: Pick<Write<I, A, E>, "batch" | "item" | "lockKeys">,
    answer: Deferred.Deferred<A, Failure<E>>
  ) {
    this.batch = batch
    this.item = item
    this.lockKeys = lockKeys
    this.answer = answer
  }

  /** Answers the caller, once the transaction is committed or has failed. */
  settle(failure: StoreUnavailable | undefined) {
    return Deferred.done(this.answer, failure === undefined ? this.exit : Exit.fail(failure))
  }
}

/** Writes that do the same with different items. */
export class Batch<I, A, E> {
  readonly #store: Store
  readonly #run: (items: ReadonlyArray<I>) => Effect.Effect<(item: I) => A, E>
  readonly #guess: Guess<I>

  constructor(store: Store, run: (items: ReadonlyArray<I>) => Effect.Effect<(item: I) => A, E>, guess: Guess<I>) {
    this.#store = store
    this.#run = run
    this.#guess = guess
  }

  /** Guesses further lock keys that its writes will probably need; `isHeld`: by another transaction that runs here. */
  guess(writes: ReadonlyArray<AnyWrite>, isHeld: Locks["isHeld"]): ReadonlyArray<string> {
    return this.#guess(
      this.#own(writes).map(({ item }) => item),
      isHeld
    )
  }

  /** Runs all of its writes at once. Any failure fails the whole transaction. */
  run(writes: ReadonlyArray<AnyWrite>): Effect.Effect<void, E> {
    const own = this.#own(writes)
    return Effect.map(this.#runItems(own), (answerTo) =>
      own.forEach((write) => (write.exit = Exit.succeed(answerTo(write.item))))
    )
  }

  /** Runs its writes behind savepoints. Only an error of the store fails the whole transaction. */
  runApart(writes: ReadonlyArray<AnyWrite>): Effect.Effect<void, SqlError.SqlError> {
    return this.#runApart(this.#own(writes))
  }

  #runApart(own: ReadonlyArray<Write<I, A, E>>): Effect.Effect<void, SqlError.SqlError> {
    return Effect.flatMap(Effect.exit(withEnd(this.#store.sql.withTransaction(this.#runItems(own)))), (exit) => {
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      // A full disk ends the whole transaction, so the others cannot continue in it.
      if (isOfStore(error)) return Effect.fail(error)
      if (Exit.isFailure(exit) && own.length > 1) {
        return Effect.forEach(own, (write) => this.#runApart([write]), { discard: true })
      }
      return Effect.map(Effect.exit(mapSqlErrors(exit, this.#store.unavailable)), (exit) =>
        own.forEach((write) => (write.exit = Exit.map(exit, (answerTo) => answerTo(write.item))))
      )
    })
  }

  #own(writes: ReadonlyArray<AnyWrite>): ReadonlyArray<Write<I, A, E>> {
    return writes.filter((write): write is Write<I, A, E> => write.batch === this)
  }

  #runItems(own: ReadonlyArray<Write<I, A, E>>) {
    return this.#run(own.map(({ item }) => item))
  }
}

/** The parts of the store that a batch needs. */
interface Store {
  readonly sql: SqlClient.SqlClient
  readonly unavailable: (error: SqlError.SqlError) => Effect.Effect<StoreUnavailable>
}

export type AnyWrite = Write<any, any, any>
export type AnyBatch = Batch<any, any, any>

/** The lock keys of a transaction; undefined if one of its writes may change anything. */
export const lockKeysOf = (writes: ReadonlyArray<AnyWrite>): Set<string> | undefined =>
  writes.some(({ lockKeys }) => lockKeys === undefined)
    ? undefined
    : new Set(writes.flatMap(({ lockKeys = [] }) => lockKeys))

/** The most lock keys in one transaction, unless a single write has more: more could take too long. */
const maxLockKeys = 2048

/** Splits the writes, in order, into groups without too many lock keys. */
export const splitByLockKeys = (writes: ReadonlyArray<AnyWrite>): ReadonlyArray<ReadonlyArray<AnyWrite>> => {
  const groups: Array<Array<AnyWrite>> = []
  let free = 0
  for (const write of writes) {
    const size = write.lockKeys?.length ?? 1
    const group = groups.at(-1)
    if (group !== undefined && size <= free) group.push(write)
    else {
      groups.push([write])
      free = maxLockKeys
    }
    free -= size
  }
  return groups
}

/**
 * Whether the statement failed, rather than the store: the transaction is still open, and other writes may continue in
 * it.
 */
const isOfStatement = ({ reason }: SqlError.SqlError) =>
  reason._tag === "UniqueViolation" ||
  reason._tag === "ConstraintError" ||
  reason._tag === "SqlSyntaxError" ||
  // The class of PostgreSQL's data exceptions.
  codeOf(reason.cause).startsWith("22")

/** Whether the store failed, rather than a statement. */
export const isOfStore = (error: unknown): error is SqlError.SqlError =>
  SqlError.isSqlError(error) && !isOfStatement(error)

/** What callers get once the gateway stops. */
export const stopping = StoreUnavailable.of("Stopping")
