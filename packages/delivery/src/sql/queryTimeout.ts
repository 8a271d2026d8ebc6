/**
 * Limits how long statements may take, for a database that stops answering, such as behind a broken network.
 */
import { Clock, Duration, Effect, Fiber } from "effect"
import { type SqlClient, SqlError } from "effect/sql"

/** The timeout: longer than any transaction or query of Tocsin takes on a working database. */
const longest = Duration.seconds(20)

const realTime = Clock.Clock.defaultValue()

/**
 * Runs statements, and fails if they do not complete within 20 seconds of real time; their outcome is unknown then.
 * SQLite needs no timeout.
 */
export const queryTimeout = <A, E>(
  sql: SqlClient.SqlClient,
  statements: Effect.Effect<A, E>
): Effect.Effect<A, E | SqlError.SqlError> => {
  const bounded = Clock.clockWith((callers) =>
    Effect.gen(function* () {
      // In a separate fiber, because the caller may not be interruptible.
      const fiber = yield* Effect.forkDetach(
        Effect.interruptible(Effect.provideService(statements, Clock.Clock, callers))
      )
      // Also in a fiber of its own: the interruption waits for the database.
      const giveUp = Effect.forkDetach(Fiber.interrupt(fiber))
      return yield* Fiber.join(fiber).pipe(
        Effect.timeoutOrElse({ duration: longest, orElse: () => Effect.andThen(giveUp, noAnswer) }),
        Effect.onInterrupt(() => giveUp)
      )
    }).pipe(Effect.provideService(Clock.Clock, realTime))
  )
  return sql.onDialectOrElse({
    pg: (): Effect.Effect<A, E | SqlError.SqlError> => bounded,
    orElse: () => statements
  })
}

const noAnswer = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({ cause: undefined, operation: "inTime" })
})
