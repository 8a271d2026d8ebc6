/**
 * Durable writes: all pending writes share one transaction (group commit).
 */
import { Cause, Context, Deferred, Effect, Exit, type Latch, Layer, Queue } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { observeCommit } from "../metrics/engineMetrics.ts"
import {
  type AnyBatch,
  type AnyWrite,
  Batch,
  type Failure,
  type Guess,
  isOfStore,
  lockKeysOf,
  splitByLockKeys,
  stopping,
  Write
} from "./Batch.ts"
import { endSessions, groupsAtOnce } from "./dialect.ts"
import { fewWait } from "./fewWait.ts"
import { followOutages } from "./outage.ts"
import { Pending } from "./Pending.ts"
import { queryTimeout } from "./queryTimeout.ts"
import { type Locks, startWith } from "./readOnce.ts"
import { withEnd } from "./transactionEnd.ts"
import { RunningLocks } from "./RunningLocks.ts"
import { codeOf, storeProblem } from "./storeProblem.ts"
import { mapSqlErrors, StoreUnavailable } from "./StoreUnavailable.ts"
import { writeProbe } from "./writeProbe.ts"

/** The most writes in one transaction: enough for 50,000 rows/s, few enough to return within milliseconds. */
const maxWrites = 256

/** Maximum attempts of a transaction that conflicts: after a migration, each prepared statement fails once. */
const maxTries = 50

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
     * returns the result of each. If it fails, each item runs alone. `guess` returns further lock keys that the
     * items will probably need: the transaction takes those that nobody holds.
     */
    readonly batch: <I, A, E>(
      run: (items: ReadonlyArray<I>) => Effect.Effect<(item: I) => A, E>,
      guess?: Guess<I>
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
      const locks = new RunningLocks()

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
        const batches = Map.groupBy(writes, ({ batch }) => batch)
        const keys = lockKeysOf(writes)
        const transaction = <E>(
          run: (batch: AnyBatch, writes: ReadonlyArray<AnyWrite>) => Effect.Effect<void, E>,
          guess: (isHeld: Locks["isHeld"]) => ReadonlyArray<string> = () => []
        ) =>
          locks.during(keys, guess, (asked) => {
            const rest = Effect.forEach(batches, ([batch, writes]) => run(batch, writes), { discard: true })
            return withEnd(queryTimeout(sql, sql.withTransaction(startWith(sql, asked, rest))))
          })
        const begun = performance.now()
        const exit = yield* transaction(
          (batch, writes) => batch.run(writes),
          (isHeld) => [...batches].flatMap(([batch, writes]) => batch.guess(writes, isHeld))
        ).pipe(
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
      const { added, during, gather, take } = fewWait(queue, { groupsAtOnce: groupsAtOnce(sql), most: maxWrites })
      const group = Effect.flatMap(take, (writes) =>
        Effect.forEach(splitByLockKeys(writes), commitTogether, { discard: true })
      )
      // Interrupted with what it took, callers would never get a result.
      const writer = Effect.forever(Effect.andThen(gather, Effect.uninterruptible(during(group))), {
        disableYield: true
      })
      for (let n = 0; n < groupsAtOnce(sql); n++) yield* Effect.forkScoped(writer)

      const batch = <I, A, E>(
        run: (items: ReadonlyArray<I>) => Effect.Effect<(item: I) => A, E>,
        guess: Guess<I> = () => []
      ) => {
        const own: Batch<I, A, E> = new Batch({ sql, unavailable }, run, guess)
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

/** Whether the transaction conflicted with another one, or with a migration by another gateway. */
const isConflict = ({ reason }: SqlError.SqlError) =>
  reason._tag === "DeadlockError" || reason._tag === "SerializationError" || codeOf(reason.cause) === changedTables

/** PostgreSQL's `feature_not_supported`: "cached plan must not change result type". */
const changedTables = "0A000"

/** Sessions of a server that became a standby refuse writes until they end. */
const isReadOnlyServer = (error: SqlError.SqlError) => storeProblem(error) === "ReadOnly"
