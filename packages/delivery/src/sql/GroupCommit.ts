/**
 * Durable writes: all that waits shares one transaction (group commit).
 */
import { Cause, Context, Deferred, Effect, Exit, Layer, Queue, Schema } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { groupsAtOnce, lockFor } from "./dialect.ts"
import { followOutages } from "./outage.ts"
import { queryTimeout } from "./queryTimeout.ts"
import { codeOf, StoreProblem, storeSentences } from "./storeProblem.ts"
import { writeProbe } from "./writeProbe.ts"

/** The store cannot be written or read now. The next call tries again. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  problem: StoreProblem
}) {
  static readonly of = (problem: StoreProblem) => new StoreUnavailable({ problem })

  /** What is wrong and what to do about it. */
  get detail() {
    return storeSentences[this.problem]
  }

  override get message() {
    return `The store cannot be used (${this.problem}). ${this.detail}`
  }
}

/** Logs why a background job failed and goes on. An outage of the store is logged once by itself. */
export const ignoreLogged =
  (message: string) =>
  <A, E>(job: Effect.Effect<A, E>): Effect.Effect<void> =>
    Effect.ignoreCause(
      Effect.catchIf(
        job,
        (error) => error instanceof StoreUnavailable && error.problem !== "Failed",
        () => Effect.void
      ),
      { log: "Error", message }
    )

/** At most this many writes share a transaction: enough for 50,000 rows/s, few enough to answer within milliseconds. */
const maxGroup = 256

/** The parts of a transaction name at most so many things that they touch, unless one does by itself: more could take too long. */
const mostTouched = 2048

/** How often a group is tried that others stood in the way of: after an upgrade of the tables once for each statement. */
const mostTries = 50

interface Part {
  /** Parts of one kind are run together. */
  readonly kind: Kind
  /** Answers who waits for it, once the group is durable or has failed. */
  readonly settle: (failure: StoreUnavailable | undefined) => Effect.Effect<void>
  readonly lockKeys: ReadonlyArray<string> | undefined
}

/** Runs parts and keeps their exits. */
interface Kind {
  /** All at once; whatever fails is a failure of the whole group. */
  readonly run: (parts: ReadonlyArray<Part>) => Effect.Effect<void, unknown>
  /** Behind savepoints: only what is the store's is a failure of the whole group. */
  readonly runApart: (parts: ReadonlyArray<Part>) => Effect.Effect<void, SqlError.SqlError>
}

/** The store, as the engine writes and reads it. */
export class GroupCommit extends Context.Service<
  GroupCommit,
  {
    /**
     * Runs the statements of `part` in a transaction that it shares with all that
     * waits at that moment, and returns once they are on the disk. A part that
     * fails leaves nothing behind and does not harm the others. It runs also if the
     * caller is interrupted, and again if others stood in its way or failed.
     *
     * Where several gateways write at once, none does anything beside a part that may
     * touch everything. One that only touches what it names, such as one alert, runs
     * beside those that touch other things.
     */
    readonly commit: <A, E>(
      part: Effect.Effect<A, E>,
      lockKeys?: ReadonlyArray<string>
    ) => Effect.Effect<A, Exclude<E, SqlError.SqlError> | StoreUnavailable>
    /**
     * Makes a `commit` for parts that do the same with different things: `run` does at once what waits at that moment,
     * and answers each in its place. Where that fails, each is run by itself.
     */
    readonly batch: <I, A, E>(
      run: (items: ReadonlyArray<I>) => Effect.Effect<ReadonlyArray<A>, E>
    ) => (
      item: I,
      lockKeys?: ReadonlyArray<string>
    ) => Effect.Effect<A, Exclude<E, SqlError.SqlError> | StoreUnavailable>
    /**
     * Checks that the store takes writes: a transaction that may write begins and ends. After a write has failed for lack
     * of space, or because the disk is broken or read-only, it fails until 64 KiB have been written.
     */
    readonly check: Effect.Effect<void, StoreUnavailable>
    /** Reads outside any transaction. */
    readonly read: <A, E>(
      query: Effect.Effect<A, E>
    ) => Effect.Effect<A, Exclude<E, SqlError.SqlError> | StoreUnavailable>
  }
>()("@tocsin/delivery/GroupCommit") {
  static readonly layer: Layer.Layer<GroupCommit, never, SqlClient.SqlClient> = Layer.effect(
    GroupCommit,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const queue = yield* Queue.unbounded<Part>()

      const unavailable = (error: unknown) =>
        SqlError.isSqlError(error)
          ? Effect.map(outage.failed(error), StoreUnavailable.of)
          : Effect.succeed(StoreUnavailable.of("Failed"))

      const storeUnavailable = <A, E>(
        effect: Effect.Effect<A, E>
      ): Effect.Effect<A, Exclude<E, SqlError.SqlError> | StoreUnavailable> =>
        Effect.catch(effect, (error): Effect.Effect<never, Exclude<E, SqlError.SqlError> | StoreUnavailable> =>
          SqlError.isSqlError(error)
            ? Effect.flatMap(unavailable(error), (failure) => Effect.fail(failure))
            : // Narrowing does not exclude from a type parameter.
              Effect.fail(error as Exclude<E, SqlError.SqlError>)
        )

      const commitGroup = Effect.fnUntraced(function* (parts: ReadonlyArray<Part>) {
        const isAlone = parts.some(({ lockKeys }) => lockKeys === undefined)
        const lock = lockFor(sql, isAlone ? undefined : parts.flatMap(({ lockKeys = [] }) => lockKeys))
        const kinds = Map.groupBy(parts, ({ kind }) => kind)
        const group = <E>(run: (kind: Kind, parts: ReadonlyArray<Part>) => Effect.Effect<void, E>) =>
          queryTimeout(
            sql,
            sql.withTransaction(
              Effect.andThen(
                lock,
                Effect.forEach(kinds, ([kind, parts]) => run(kind, parts), { discard: true })
              )
            )
          )
        const exit = yield* group((kind, parts) => kind.run(parts)).pipe(
          // Savepoints cost as much as what most groups write, and few groups need them.
          Effect.catchCause((cause) => {
            const error = Cause.squash(cause)
            return isOfStore(error) ? Effect.fail(error) : group((kind, parts) => kind.runApart(parts))
          }),
          Effect.retry({ while: stoodInTheWay, times: mostTries - 1 }),
          Effect.exit
        )
        const failure = Exit.isSuccess(exit) ? undefined : yield* unavailable(Cause.squash(exit.cause))
        yield* Effect.forEach(parts, ({ settle }) => settle(failure), { discard: true })
      })

      yield* Effect.addFinalizer(() =>
        // Nobody writes any more: who still waits must not wait for ever.
        Effect.flatMap(Queue.clear(queue), (parts) =>
          Effect.andThen(
            Queue.shutdown(queue),
            Effect.forEach(parts, ({ settle }) => settle(gone), { discard: true })
          )
        )
      )
      const write = Queue.takeBetween(queue, 1, maxGroup).pipe(
        // A stop between taking and answering would leave the waiting without an answer.
        Effect.flatMap((parts) =>
          Effect.uninterruptible(Effect.forEach(groups(parts), commitGroup, { discard: true }))
        ),
        Effect.forever({ disableYield: true })
      )
      for (let n = 0; n < groupsAtOnce(sql); n++) yield* Effect.forkScoped(write)

      const batch = <I, A, E>(run: (items: ReadonlyArray<I>) => Effect.Effect<ReadonlyArray<A>, E>) => {
        type Failure = Exclude<E, SqlError.SqlError> | StoreUnavailable
        interface Waiting {
          readonly item: I
          kept: Exit.Exit<A, Failure>
        }
        const waiting = new WeakMap<Part, Waiting>()

        const keep = (all: ReadonlyArray<Waiting>, exit: Exit.Exit<ReadonlyArray<A>, Failure>) =>
          // Each is answered in its place.
          all.forEach((one, place) => (one.kept = Exit.map(exit, (answers) => answers[place] as A)))

        const runAll = (all: ReadonlyArray<Waiting>): Effect.Effect<void, SqlError.SqlError> =>
          // A savepoint: what a failing part wrote is taken back, and the group goes on.
          Effect.flatMap(Effect.exit(sql.withTransaction(run(all.map(({ item }) => item)))), (exit) => {
            const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
            // A full disk ends the whole transaction, so the group cannot go on as if only one part had failed.
            if (isOfStore(error)) return Effect.fail(error)
            if (Exit.isFailure(exit) && all.length > 1)
              return Effect.forEach(all, (one) => runAll([one]), { discard: true })
            return Effect.map(Effect.exit(storeUnavailable(exit)), (exit) => keep(all, exit))
          })
        const of = (parts: ReadonlyArray<Part>) => parts.flatMap((part) => waiting.get(part) ?? [])
        const kind: Kind = {
          run: (parts) => {
            const all = of(parts)
            return Effect.map(run(all.map(({ item }) => item)), (answers) => keep(all, Exit.succeed(answers)))
          },
          runApart: (parts) => runAll(of(parts))
        }

        return Effect.fnUntraced(function* (item: I, lockKeys?: ReadonlyArray<string>) {
          const answer = yield* Deferred.make<A, Failure>()
          const own: Waiting = { item, kept: Exit.fail(gone) }
          const part: Part = {
            kind,
            lockKeys,
            settle: (failure) => Deferred.done(answer, failure === undefined ? own.kept : Exit.fail(failure))
          }
          waiting.set(part, own)
          if (!(yield* Queue.offer(queue, part))) return yield* gone
          return yield* Deferred.await(answer)
        })
      }

      const commit = <A, E>(part: Effect.Effect<A, E>, lockKeys?: ReadonlyArray<string>) =>
        batch(() => Effect.map(part, (done) => [done]))(undefined, lockKeys)

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
        read: (query) => storeUnavailable(queryTimeout(sql, query))
      })
    })
  )
}

/** The parts in their order, so that none of them shares a transaction with too much. */
const groups = (parts: ReadonlyArray<Part>): ReadonlyArray<ReadonlyArray<Part>> => {
  const groups: Array<Array<Part>> = []
  let room = 0
  for (const part of parts) {
    const size = part.lockKeys?.length ?? 1
    const group = groups.at(-1)
    if (group !== undefined && size <= room) group.push(part)
    else {
      groups.push([part])
      room = mostTouched
    }
    room -= size
  }
  return groups
}

/** Whether the statement is at fault, and not the store: the transaction is still there, and others may go on in it. */
const isOfStatement = ({ reason }: SqlError.SqlError) =>
  reason._tag === "UniqueViolation" ||
  reason._tag === "ConstraintError" ||
  reason._tag === "SqlSyntaxError" ||
  // PostgreSQL's class of values that it cannot store.
  codeOf(reason.cause).startsWith("22")

const isOfStore = (error: unknown): error is SqlError.SqlError => SqlError.isSqlError(error) && !isOfStatement(error)

/** Whether the transaction only met another one, or tables that another gateway has just brought to a later version. */
const stoodInTheWay = ({ reason }: SqlError.SqlError) =>
  reason._tag === "DeadlockError" || reason._tag === "SerializationError" || codeOf(reason.cause) === newTables

/** PostgreSQL's `feature_not_supported`: "cached plan must not change result type". */
const newTables = "0A000"

const gone = StoreUnavailable.of("Stopping")
