/**
 * The error that callers of the engine get when the store fails.
 */
import { Effect, Schema } from "effect"
import { SqlError } from "effect/sql"
import { StoreProblem, storeProblem, storeSentences } from "./storeProblem.ts"

/** The store cannot be read or written now. The next call tries again. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  problem: StoreProblem
}) {
  static readonly of = (problem: StoreProblem) => new StoreUnavailable({ problem })

  /** Converts the error of a statement to the error for callers. */
  static readonly because = (error: SqlError.SqlError) => StoreUnavailable.of(storeProblem(error))

  /** A description of the problem and a remedy. */
  get detail() {
    return storeSentences[this.problem]
  }

  override get message() {
    return `The store cannot be used (${this.problem}). ${this.detail}`
  }
}

/** Maps SQL errors to `StoreUnavailable`; other errors stay. No `SqlError` leaves the engine. */
export const mapSqlErrors = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  map: (error: SqlError.SqlError) => Effect.Effect<StoreUnavailable>
): Effect.Effect<A, Exclude<E, SqlError.SqlError> | StoreUnavailable, R> =>
  Effect.catch(effect, (error): Effect.Effect<never, Exclude<E, SqlError.SqlError> | StoreUnavailable> =>
    SqlError.isSqlError(error)
      ? Effect.flatMap(map(error), Effect.fail)
      : // Narrowing does not exclude from a type parameter.
        Effect.fail(error as Exclude<E, SqlError.SqlError>)
  )

/** Maps errors that an operator can fix to `StoreUnavailable`; a statement that is itself wrong is a bug. */
export const mapOutages = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, Exclude<E, SqlError.SqlError> | StoreUnavailable, R> =>
  mapSqlErrors(effect, (error) => {
    const unavailable = StoreUnavailable.because(error)
    return unavailable.problem === "Failed" ? Effect.die(error) : Effect.succeed(unavailable)
  })

/** Logs why a background job failed, and ignores it. An outage of the store is logged once elsewhere. */
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
