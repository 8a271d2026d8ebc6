/**
 * Gives up on a database that has stopped to answer, as behind a network that loses every packet.
 */
import { Clock, Duration, Effect, Fiber } from "effect"
import { type SqlClient, SqlError } from "effect/sql"

/** Longer than what a database that answers needs for a transaction of ours, or for what is read at once. */
const longest = Duration.seconds(20)

/**
 * Runs statements, and fails when they are not through in 20 seconds of real time; what becomes of them is not known then.
 * The file of SQLite is no network: there they run as they are.
 */
export const queryTimeout = <A, E>(
  sql: SqlClient.SqlClient,
  statements: Effect.Effect<A, E>
): Effect.Effect<A, E | SqlError.SqlError> => {
  const bounded = Clock.clockWith((callers) =>
    Effect.gen(function* () {
      // Apart: whoever waits may not be interruptible.
      const fiber = yield* Effect.forkDetach(
        Effect.interruptible(Effect.provideService(statements, Clock.Clock, callers))
      )
      // Apart, too: it waits for an answer of the database.
      const giveUp = Effect.forkDetach(Fiber.interrupt(fiber))
      return yield* Fiber.join(fiber).pipe(
        Effect.timeoutOrElse({ duration: longest, orElse: () => Effect.andThen(giveUp, noAnswer) }),
        Effect.onInterrupt(() => giveUp)
      )
    }).pipe(Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()))
  )
  return sql.onDialectOrElse({
    pg: (): Effect.Effect<A, E | SqlError.SqlError> => bounded,
    orElse: () => statements
  })
}

const noAnswer = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({ cause: undefined, operation: "inTime" })
})
