/**
 * Closes alerts that their sources stopped repeating (case I10). Prometheus repeats an alert while it fires, and states
 * until when it holds; if Prometheus goes away, nothing else ends the alert.
 *
 * While the gateway was down nothing could be repeated. Therefore alerts of a source are only closed once the gateway
 * has been accepting events for four times as long as the source takes from one repeat to the next.
 */
import type { AlertId } from "@tocsin/core"
import { Clock, Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { ignoreLogged } from "../sql/StoreUnavailable.ts"
import { AlertCloser } from "./AlertCloser.ts"

/** The assumed time between two repeats of a source for which it is unknown. */
const assumedGap = Duration.toMillis("5 minutes")

/** How many of these times the gateway must have been accepting events. */
const gaps = 4

/** How many alerts share a transaction. */
const closedAtOnce = 1000

/** Closes alerts that are not repeated in time, within a minute, for as long as the layer lives. */
export const layer: Layer.Layer<never, never, GroupCommit | SqlClient.SqlClient | AlertCloser> = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const groupCommit = yield* GroupCommit
    const closing = yield* AlertCloser

    /** Whether the source had enough time to repeat its alerts. */
    const couldRepeat = Effect.fnUntraced(function* (source: string, now: number) {
      const since = now - Duration.toMillis(Duration.days(1))
      const [row] = yield* sql<{ gap: number | null }>`SELECT max(refresh_gap) AS gap FROM alerts
        WHERE source = ${source} AND refresh_gap IS NOT NULL AND last_heard_at >= ${since}`
      return now - groupCommit.availableSince() >= gaps * (row?.gap ?? assumedGap)
    })

    const step = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const sources = yield* sql<{ source: string }>`SELECT DISTINCT source FROM alerts
        WHERE state = 'raised' AND expires_at <= ${now}`
      let isMore = false
      for (const { source } of sources) {
        if (!(yield* couldRepeat(source, now))) continue
        const over = yield* sql<{ id: AlertId }>`SELECT id FROM alerts
          WHERE state = 'raised' AND expires_at <= ${now} AND source = ${source} ORDER BY expires_at LIMIT ${closedAtOnce}`
        for (const { id } of over) yield* closing.close(id, "expired", "expired: its source stopped repeating it")
        isMore ||= over.length === closedAtOnce
      }
      return isMore
    })

    const anyExpires = Effect.map(
      groupCommit.read(sql`SELECT id FROM alerts WHERE state = 'raised' AND expires_at > 0 LIMIT 1`),
      (rows) => rows.length > 0
    )

    yield* Effect.gen(function* () {
      // Another gateway may have accepted such alerts, and be gone.
      yield* Effect.raceFirst(closing.mayExpire.await, Effect.sleep("1 hour"))
      yield* closing.mayExpire.close
      yield* Effect.repeat(groupCommit.commit(step), { while: (isMore) => isMore })
      if (!(yield* anyExpires)) return
      yield* closing.mayExpire.open
      yield* Effect.sleep("1 minute")
    }).pipe(
      Effect.tapError(() => Effect.andThen(closing.mayExpire.open, Effect.sleep("1 minute"))),
      ignoreLogged("Closing alerts that are not repeated failed; retrying in a minute."),
      Effect.forever,
      Effect.forkScoped
    )
  })
)
