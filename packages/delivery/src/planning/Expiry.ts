/**
 * Closes alerts that their sources have not mentioned for 30 days (case I9).
 *
 * Most sources do not repeat a raise, so silence does not mean that an alert is over. Therefore no message is sent.
 * `Refreshes` closes those of sources that do.
 */
import type { AlertId } from "@tocsin/core"
import { Clock, Duration, Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { AlertCloser } from "./AlertCloser.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { ignoreLogged } from "../sql/StoreUnavailable.ts"

/** How long an alert stays raised without an event from its source. */
const expireAfter = Duration.days(30)

/** How many alerts share a transaction. */
const expiredAtOnce = 1000

/** Closes expired alerts once an hour, for as long as the layer lives. */
export const layer: Layer.Layer<never, never, GroupCommit | SqlClient.SqlClient | AlertCloser> = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const groupCommit = yield* GroupCommit
    const closing = yield* AlertCloser

    const step = Effect.gen(function* () {
      const before = (yield* Clock.currentTimeMillis) - Duration.toMillis(expireAfter)
      const silent = yield* sql<{ id: AlertId }>`SELECT id FROM alerts
        WHERE state = 'raised' AND last_heard_at < ${before} ORDER BY last_heard_at, sequence LIMIT ${expiredAtOnce}`
      for (const { id } of silent)
        yield* closing.close(id, "expired", "expired: nothing heard for 30 days", { isSilent: true })
      return silent.length === expiredAtOnce
    })

    yield* Effect.repeat(groupCommit.commit(step), { while: (more) => more }).pipe(
      ignoreLogged("Closing expired alerts failed; retrying in an hour."),
      Effect.repeat(Schedule.spaced("1 hour")),
      Effect.forkScoped
    )
  })
)
