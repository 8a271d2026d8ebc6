/**
 * Takes events in: records each once, moves its alert, plans, and answers when
 * all of that is on the disk.
 */
import { type Alert, AlertEvent, AlertId } from "@tocsin/core"
import { Clock, Context, DateTime, Effect, Layer, Schema } from "effect"
import { Digest, SecureRandom } from "effect/crypto"
import { Hex } from "effect/encoding"
import { SqlClient, type SqlError } from "effect/sql"
import { Alerts } from "./Alerts.ts"
import { Closing } from "./Closing.ts"
import { judge } from "./episode.ts"
import { Journal, type StoreUnavailable } from "./Journal.ts"
import { Reconciliation } from "./Reconciliation.ts"
import { alertNamed, eventNamed } from "./touches.ts"
import { withinLimits } from "./withinLimits.ts"

/** What became of an event: `accepted` moved its alert or is remembered, `duplicate` and `late` changed nothing. */
export interface Accepted {
  readonly id: AlertId
  readonly status: "accepted" | "duplicate" | "late"
}

/** Takes events in. */
export class Intake extends Context.Service<
  Intake,
  {
    /** Takes all of the events or none, in their order, and returns when they are durable. */
    readonly accept: (events: ReadonlyArray<AlertEvent>) => Effect.Effect<ReadonlyArray<Accepted>, StoreUnavailable>
    /** Closes an alert by hand, for the reason that is given; one that has cleared stays as it is. Undefined if there is none. */
    readonly clear: (id: AlertId, reason: string) => Effect.Effect<Alert | undefined, StoreUnavailable>
  }
>()("@tocsin/delivery/Intake") {
  static readonly layer: Layer.Layer<
    Intake,
    never,
    Journal | SqlClient.SqlClient | Alerts | Closing | Reconciliation | SecureRandom.SecureRandom | Digest.Digest
  > = Layer.effect(
    Intake,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const journal = yield* Journal
      const alerts = yield* Alerts
      const closing = yield* Closing
      const reconciliation = yield* Reconciliation
      const random = yield* SecureRandom.SecureRandom
      const digest = yield* Digest.Digest

      const seenBefore = (event: AlertEvent) =>
        event.eventId === undefined
          ? Effect.succeed([])
          : sql<SeenRow>`SELECT sequence, alert_id, status, hash FROM events
              WHERE source = ${event.source} AND event_id = ${event.eventId}`

      const acceptOne = Effect.fnUntraced(function* (event: AlertEvent): Effect.fn.Return<Accepted, SqlError.SqlError> {
        const hash = Hex.encode(yield* digest.digest(Digest.sha256, new TextEncoder().encode(encodeEvent(event))))
        const [seen] = yield* seenBefore(event)
        if (seen !== undefined) {
          if (seen.hash !== hash) {
            yield* sql`UPDATE events SET note = 'came again with another body, which was not taken' WHERE sequence = ${seen.sequence}`
          }
          yield* alerts.heard(seen.alert_id)
          return { id: seen.alert_id, status: seen.status }
        }
        const now = yield* DateTime.now
        const episode = yield* alerts.latest(event.source, event.sourceId)
        const verdict = judge(episode, event, {
          hash,
          newId: AlertId.make(yield* random.uuidV7()),
          now
        })
        const status = verdict._tag === "Duplicate" ? "duplicate" : verdict._tag === "Late" ? "late" : "accepted"
        // What only repeats or refreshes an alert leaves no row, unless its key must be known again (I5, I6).
        if (event.eventId !== undefined || (verdict._tag !== "Duplicate" && verdict._tag !== "Updated")) {
          yield* sql`INSERT INTO events ${sql.insert({
            source: event.source,
            event_id: event.eventId ?? null,
            hash,
            alert_id: verdict.alert.id,
            status,
            note: verdict._tag === "NeverRaised" ? "nothing owed: never raised here" : null,
            received_at: yield* Clock.currentTimeMillis
          })}`
        }
        if (verdict._tag === "Duplicate" || verdict._tag === "Late") {
          yield* alerts.heard(verdict.alert.id)
        } else {
          yield* alerts.save({
            alert: verdict.alert,
            clearTimeStated: verdict.clearTimeStated,
            lastHash: hash,
            raisedHere: verdict._tag !== "NeverRaised"
          })
          const isSame = episode?.alert.id === verdict.alert.id
          yield* reconciliation.moved(verdict.alert, isSame ? episode.alert : undefined)
        }
        return { id: verdict.alert.id, status }
      })

      return Intake.of({
        clear: (id, reason) => journal.commit(closing.close(id, "byHand", `closed by hand: ${reason}`)),
        accept: (events) => {
          const known = events.map(withinLimits)
          return journal.commit(Effect.forEach(known, acceptOne), known.flatMap(touched))
        }
      })
    })
  )
}

const touched = ({ eventId, source, sourceId }: AlertEvent) => [
  alertNamed(source, sourceId),
  ...(eventId === undefined ? [] : [eventNamed(source, eventId)])
]

interface SeenRow {
  readonly sequence: number
  readonly alert_id: AlertId
  readonly status: Accepted["status"]
  readonly hash: string
}

const encodeEvent = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(AlertEvent)))
