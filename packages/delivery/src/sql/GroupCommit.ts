/**
 * Durable writes: all pending writes share one transaction (group commit).
 */
import { Cause, Context, Deferred, Effect, Exit, type Latch, Layer, Queue } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { observeCommit } from "../metrics/engineMetrics.ts"
import { endSessions, groupsAtOnce, lockFor } from "./dialect.ts"
import { fewWait } from "./fewWait.ts"
import { followOutages } from "./outage.ts"
import { Pending } from "./Pending.ts"
import { queryTimeout } from "./queryTimeout.ts"
import { startWith } from "./readOnce.ts"
import { undoing } from "./rollback.ts"
import { codeOf, storeProblem } from "./storeProblem.ts"
import { mapSqlErrors, StoreUnavailable } from "./StoreUnavailable.ts"
import { writeProbe } from "./writeProbe.ts"

/** The most writes in one transaction: enough for 50,000 rows/s, few enough to return within milliseconds. */
const maxWrites = 256

/** The most lock keys in one transaction, unless a single write has more: more could take too long. */
const maxLockKeys = 2048

/** Maximum attempts of a transaction that conflicts: after a migration, each prepared statement fails once. */
const maxTries = 50

/** The errors of a write, with `StoreUnavailable` instead of SQL errors. */
type Failure<E> = Exclude<E, SqlError.SqlError> | StoreUnavailable

/** Writes to the store and reads from it. */
export class GroupCommit extends Context.Service<
  GroupCommit,
  {
    /**
     * Runs the statements of `write` in a transaction shared with all pending writes, and returns once they are on the
     * disk. A write that fails is rolled back and does not affect the others. It runs even if the caller is
     * interrupted, and again if another transaction conflicts or another write fails.
     *
     * If several gateways write at once, a write without lock keys may change anything and runs alone. A write with
     * lock keys, such as that of an alert, runs concurrently with writes that have other keys.
     */
    readonly commit: <A, E>(
      write: Effect.Effect<A, E>,
      lockKeys?: ReadonlyArray<string>
    ) => Effect.Effect<A, Failure<E>>
    /**
     * Makes a `commit` for writes that do the same with different items: `run` writes all pending items at once, and
     * returns the result of each. If it fails, each item runs alone.
     */
    readonly batch: <I, A, E>(
      run: (items: ReadonlyArray<I>) => Effect.Effect<(item: I) => A, E>
    ) => (item: I, lockKeys?: ReadonlyArray<string>) => Effect.Effect<A, Failure<E>>
    /**
     * Checks that the store accepts writes, by an empty transaction. After a write failed because the disk is full,
     * broken or read-only, the check fails until 64 KiB have been written; after a statement found the database
     * damaged, it fails until the gateway is restarted.
     */
    readonly check: Effect.Effect<void, StoreUnavailable>
    /** Reads outside any transaction. */
    readonly read: <A, E>(query: Effect.Effect<A, E>) => Effect.Effect<A, Failure<E>>
    /**
     * Since when this gateway can write without interruption, in epoch milliseconds; during an outage, later than any
     * time.
     */
    readonly availableSince: () => number
    /** Open while no write and no read is pending: the engine does nothing more until time passes or it is called. */
    readonly idle: Latch.Latch
  }
>()("@tocsin/delivery/GroupCommit") {
  static readonly layer: Layer.Layer<GroupCommit, never, SqlClient.SqlClient> = Layer.effect(
    GroupCommit,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const queue = yield* Queue.unbounded<AnyWrite>()
      const pending = new Pending()

      /** Logs an outage once, and returns it for callers. */
      const unavailable = (error: SqlError.SqlError) => Effect.map(outage.failed(error), StoreUnavailable.of)

      /** Answers the callers, once the transaction is committed or has failed. */
      const settle = Effect.fnUntraced(function* (
        writes: ReadonlyArray<AnyWrite>,
        failure: StoreUnavailable | undefined
      ) {
        for (const write of writes) {
          yield* write.settle(failure)
          pending.end()
        }
      })

      const commitTogether = Effect.fnUntraced(function* (writes: ReadonlyArray<AnyWrite>) {
        const isAlone = writes.some(({ lockKeys }) => lockKeys === undefined)
        const lock = lockFor(sql, isAlone ? undefined : writes.flatMap(({ lockKeys = [] }) => lockKeys))
        const batches = Map.groupBy(writes, ({ batch }) => batch)
        const transaction = <E>(run: (batch: AnyBatch, writes: ReadonlyArray<AnyWrite>) => Effect.Effect<void, E>) =>
          undoing(
            queryTimeout(
              sql,
              sql.withTransaction(
                startWith(
                  sql,
                  lock,
                  Effect.forEach(batches, ([batch, writes]) => run(batch, writes), { discard: true })
                )
              )
            )
          )
        const begun = performance.now()
        const exit = yield* transaction((batch, writes) => batch.run(writes)).pipe(
          // Savepoints cost as much as most transactions, and few need them: only after a failure.
          Effect.catchCause((cause) => {
            const error = Cause.squash(cause)
            return isOfStore(error) ? Effect.fail(error) : transaction((batch, writes) => batch.runApart(writes))
          }),
          Effect.tapError((error) => (isReadOnlyServer(error) ? Effect.ignore(endSessions(sql)) : Effect.void)),
          Effect.retry({ while: isConflict, times: maxTries - 1 }),
          Effect.exit
        )
        observeCommit(writes.length, performance.now() - begun)
        if (Exit.isSuccess(exit)) return yield* settle(writes, undefined)
        const error = Cause.squash(exit.cause)
        yield* settle(writes, SqlError.isSqlError(error) ? yield* unavailable(error) : StoreUnavailable.of("Failed"))
      })

      yield* Effect.addFinalizer(() =>
        // The writer has stopped: pending callers must not wait forever.
        Effect.flatMap(Queue.clear(queue), (writes) => Effect.andThen(Queue.shutdown(queue), settle(writes, stopping)))
      )
      const { added, during, gather } = fewWait(queue, maxWrites)
      const writer = Effect.andThen(gather, Queue.takeBetween(queue, 1, maxWrites)).pipe(
        // Interrupted between the two, callers would never get a result.
        Effect.flatMap((writes) =>
          Effect.uninterruptible(during(Effect.forEach(splitByLockKeys(writes), commitTogether, { discard: true })))
        ),
        Effect.forever({ disableYield: true })
      )
      for (let n = 0; n < groupsAtOnce(sql); n++) yield* Effect.forkScoped(writer)

      const batch = <I, A, E>(run: (items: ReadonlyArray<I>) => Effect.Effect<(item: I) => A, E>) => {
        const own: Batch<I, A, E> = new Batch({ sql, unavailable }, run)
        return Effect.fnUntraced(function* (item: I, lockKeys?: ReadonlyArray<string>) {
          const write = new Write({ batch: own, item, lockKeys }, yield* Deferred.make<A, Failure<E>>())
          pending.begin()
          if (!(yield* Queue.offer(queue, write))) yield* settle([write], stopping)
          added()
          return yield* Deferred.await(write.answer)
        })
      }

      const commit = <A, E>(write: Effect.Effect<A, E>, lockKeys?: ReadonlyArray<string>) =>
        batch(() => Effect.map(write, (answer) => () => answer))(undefined, lockKeys)

      const outage = yield* followOutages({
        transaction: commit(Effect.void, []),
        write: Effect.forEach(writeProbe(sql), (step) => commit(step, []), { discard: true })
      })

      return GroupCommit.of({
        batch,
        commit,
        check: Effect.flatMap(commit(Effect.void, []), () => {
          const problem = outage.blocksWrites()
          return problem === undefined ? Effect.void : Effect.fail(StoreUnavailable.of(problem))
        }),
        read: (query) => pending.during(mapSqlErrors(queryTimeout(sql, query), unavailable)),
        availableSince: outage.availableSince,
        idle: pending.idle
      })
    })
  )
}

/** A pending write, with its item and the deferred result that its caller awaits. */
class Write<I, A, E> {
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
class Batch<I, A, E> {
  readonly #store: Store
  readonly #run: (items: ReadonlyArray<I>) => Effect.Effect<(item: I) => A, E>

  constructor(store: Store, run: (items: ReadonlyArray<I>) => Effect.Effect<(item: I) => A, E>) {
    this.#store = store
    this.#run = run
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
    return Effect.flatMap(Effect.exit(undoing(this.#store.sql.withTransaction(this.#runItems(own)))), (exit) => {
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

type AnyWrite = Write<any, any, any>
type AnyBatch = Batch<any, any, any>

/** Splits the writes, in order, into groups without too many lock keys. */
const splitByLockKeys = (writes: ReadonlyArray<AnyWrite>): ReadonlyArray<ReadonlyArray<AnyWrite>> => {
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

const isOfStore = (error: unknown): error is SqlError.SqlError => SqlError.isSqlError(error) && !isOfStatement(error)

/** Whether the transaction conflicted with another one, or with a migration by another gateway. */
const isConflict = ({ reason }: SqlError.SqlError) =>
  reason._tag === "DeadlockError" || reason._tag === "SerializationError" || codeOf(reason.cause) === changedTables

/** PostgreSQL's `feature_not_supported`: "cached plan must not change result type". */
const changedTables = "0A000"

/** Sessions of a server that became a standby refuse writes until they end. */
const isReadOnlyServer = (error: SqlError.SqlError) => storeProblem(error) === "ReadOnly"

const stopping = StoreUnavailable.of("Stopping")
