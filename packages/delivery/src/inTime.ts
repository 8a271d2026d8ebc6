/**
 * Gives up on a database that has stopped to answer, as behind a network that loses every packet.
 */
import { Clock, Duration, Effect, Fiber } from "effect"
import { type SqlClient, SqlError } from "effect/sql"

/** Longer than the transactions of a database that answers. */
const longest = Duration.seconds(20)

/**
 * Runs a transaction, and fails when it is not through in 20 seconds of real time; what becomes of it is not known then.
 * The file of SQLite is no network: there it runs as it is.
 */
export const inTime = <A, E>(
  sql: SqlClient.SqlClient,
  transaction: Effect.Effect<A, E>
): Effect.Effect<A, E | SqlError.SqlError> => {
  const bounded = Clock.clockWith((callers) =>
    Effect.gen(function* () {
      // Apart: whoever waits may not be interruptible.
      const fiber = yield* Effect.forkDetach(
        Effect.interruptible(Effect.provideService(transaction, Clock.Clock, callers))
      )
      return yield* Fiber.join(fiber).pipe(
        Effect.timeoutOrElse({
          duration: longest,
          orElse: () => Effect.andThen(Effect.forkDetach(Fiber.interrupt(fiber)), noAnswer)
        })
      )
    }).pipe(Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()))
  )
  return sql.onDialectOrElse({
    pg: (): Effect.Effect<A, E | SqlError.SqlError> => bounded,
    orElse: () => transaction
  })
}

const noAnswer = new SqlError.SqlError({
  reason: new SqlError.ConnectionError({ cause: undefined, operation: "transaction" })
})
