/**
 * Accepts alert events: records each event once, updates its alert, plans deliveries, and returns when everything is on
 * the disk.
 */
import { type Alert, AlertEvent, AlertId, cut } from "@tocsin/core"
import { Array as Arr, Clock, Context, DateTime, Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
// Effect's own digest starts a task on another thread for each event.
import { hash } from "node:crypto"
import { AuditLog, type Record } from "../records/access/AuditLog.ts"
import type { HashedText } from "../records/DirectClaims.ts"
import { Alerts, type Heard, type SavedEpisode } from "../records/Alerts.ts"
import { countEvents } from "../records/eventCounts.ts"
import { AlertCloser } from "../planning/AlertCloser.ts"
import { applyEvent } from "../domain/episode.ts"
import { countEvent } from "../metrics/engineMetrics.ts"
import { RequestTrace } from "../metrics/traces.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { given, insertAll, mostAtOnce, type Values } from "../sql/bulk.ts"
import { type Moved, Reconciler } from "../planning/Reconciler.ts"
import { jsonEncoder } from "../domain/plainCodec.ts"
import { Shortcuts } from "../domain/Shortcuts.ts"
import { storable } from "../domain/storableText.ts"
import { truncateEvent } from "../domain/truncateEvent.ts"
import { alertKey, eventKey } from "../sql/locks.ts"

/** The outcome of an event: `accepted` changed its alert or was recorded; `duplicate` and `late` changed nothing. */
export interface Accepted {
  readonly id: AlertId
  readonly status: "accepted" | "duplicate" | "late"
}

/** A remark on an alert. */
export interface Note {
  readonly source: string
  readonly sourceId: string
  /** Cut to 512 characters. */
  readonly note: string
}

/** Accepts alert events. */
export class Intake extends Context.Service<
  Intake,
  {
    /** Accepts all of the events or none, in order, and returns when they are durable. */
    readonly accept: (events: ReadonlyArray<AlertEvent>) => Effect.Effect<ReadonlyArray<Accepted>, StoreUnavailable>
    /**
     * Closes an alert by hand and records the reason. A cleared alert stays as it is. Returns undefined if there is
     * none.
     */
    readonly clear: (id: AlertId, reason: string) => Effect.Effect<Alert | undefined, StoreUnavailable>
    /**
     * Records remarks in the history of alerts, such as an acknowledgement. One on an alert that is not raised is
     * ignored.
     */
    readonly note: (notes: ReadonlyArray<Note>) => Effect.Effect<void, StoreUnavailable>
  }
>()("@tocsin/delivery/Intake") {
  static readonly layer: Layer.Layer<
    Intake,
    never,
    GroupCommit | SqlClient.SqlClient | AuditLog | Alerts | AlertCloser | Reconciler | SecureRandom.SecureRandom
  > = Layer.effect(
    Intake,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const alerts = yield* Alerts
      const closing = yield* AlertCloser
      const reconciler = yield* Reconciler
      const random = yield* SecureRandom.SecureRandom
      const takesShortcuts = yield* Shortcuts
      const audit = yield* AuditLog

      const clear = Effect.fnUntraced(function* (id: AlertId, reason: string, record: Record) {
        const alert = yield* closing.close(id, "byHand", storable(`closed by hand: ${reason}`))
        if (alert !== undefined) yield* record({ action: "cleared", kind: "alert", subject: id, after: { reason } })
        return alert
      })

      const seenBefore = Effect.fnUntraced(function* (events: ReadonlyArray<AlertEvent>) {
        const keys = events.flatMap(({ eventId, source }) =>
          eventId === undefined ? [] : [{ source, event_id: eventId }]
        )
        const rows =
          keys.length === 0
            ? []
            : yield* sql<SeenRow>`SELECT events.* FROM ${given(sql, "events", keys)} AS given CROSS JOIN events
                WHERE events.source = given.source AND events.event_id = given.event_id`
        return new Map(rows.map((row) => [eventKey(row.source, row.event_id), row]))
      })

      /** Accepts events, no two of which have the same alert or the same id. `isAll`: the transaction has no others. */
      const acceptDistinct = Effect.fnUntraced(function* (events: ReadonlyArray<Hashed>, isAll: boolean) {
        const seen = yield* seenBefore(events.map(({ event }) => event))
        const episodes = yield* alerts.latest(events.map(({ event }) => event))
        const now = yield* DateTime.now
        const accepted: Array<Accepted> = []
        const rows: Array<Values> = []
        const heard: Array<Heard> = []
        const saved: Array<SavedEpisode> = []
        const moved: Array<Moved> = []
        for (const { event, text, trace } of events) {
          const { hash } = text
          const known = event.eventId === undefined ? undefined : seen.get(eventKey(event.source, event.eventId))
          if (known !== undefined) {
            if (!known.hash.startsWith(hash)) {
              yield* sql`UPDATE events SET note = 'came again with another body, which was not taken' WHERE sequence = ${known.sequence}`
            }
            heard.push({ id: known.alert_id, expiresAt: undefined })
            accepted.push({ id: known.alert_id, status: known.status })
            continue
          }
          const episode = episodes.get(alertKey(event.source, event.sourceId))
          const effect = applyEvent(episode, event, { hash, newId: AlertId.make(yield* random.uuidV7()), now })
          const { _tag, alert } = effect
          const status = _tag === "Duplicate" ? "duplicate" : _tag === "Late" ? "late" : "accepted"
          accepted.push({ id: alert.id, status })
          // An event is stored only if its id must be recognized later (I5), or its note be read.
          if (event.eventId !== undefined || _tag === "NeverRaised") {
            rows.push({
              source: event.source,
              event_id: event.eventId ?? null,
              hash,
              alert_id: alert.id,
              status,
              note: _tag === "NeverRaised" ? "nothing owed: never raised here" : null,
              received_at: now.epochMilliseconds
            })
          }
          if (effect._tag === "Duplicate" || effect._tag === "Late") {
            heard.push({ id: alert.id, expiresAt: _tag === "Duplicate" ? expiresAt(event) : undefined })
            continue
          }
          saved.push({
            alert,
            clearTimeStated: effect.clearTimeStated,
            lastHash: hash,
            expiresAt: expiresAt(event),
            raisedHere: _tag !== "NeverRaised"
          })
          moved.push({ alert, before: episode?.alert.id === alert.id ? episode.alert : undefined, text, trace })
        }
        yield* insertAll(sql, "events", rows)
        yield* countEvents(
          sql,
          moved.map(({ alert }) => alert.source),
          now.epochMilliseconds
        )
        const repeated = [...heard, ...saved.map(({ alert, expiresAt }) => ({ id: alert.id, expiresAt }))]
          .filter(({ expiresAt }) => expiresAt !== undefined)
          .map(({ id }) => id)
        yield* alerts.repeated(repeated, groupCommit.availableSince())
        yield* alerts.heard(heard)
        yield* alerts.save(saved)
        if (repeated.length > 0) yield* closing.mayExpire.open
        yield* reconciler.moved(moved, { mayClaim: isAll })
        return accepted
      })

      /** Accepts requests in order, independent events together. */
      const acceptAll = Effect.fnUntraced(function* (requests: ReadonlyArray<ReadonlyArray<Hashed>>) {
        const answers = new Map<Hashed, Accepted>()
        const parts = turns(requests.flat()).flatMap(Arr.chunksOf(mostAtOnce))
        for (const events of parts) {
          const accepted = yield* acceptDistinct(events, parts.length === 1)
          accepted.forEach((one, index) => {
            const event = events[index]
            if (event !== undefined) answers.set(event, one)
          })
        }
        return (events: ReadonlyArray<Hashed>) => events.flatMap((event) => answers.get(event) ?? [])
      })

      const accept = groupCommit.batch(acceptAll)

      const noteAll = Effect.fnUntraced(function* (notes: ReadonlyArray<Note>) {
        const now = yield* Clock.currentTimeMillis
        for (const { note, source, sourceId } of notes) {
          const episode = (yield* alerts.latest([{ source, sourceId }])).get(alertKey(source, sourceId))
          if (episode?.alert.state !== "raised") continue
          yield* insertAll(sql, "events", [
            {
              source,
              event_id: null,
              hash: "",
              alert_id: episode.alert.id,
              status: "accepted",
              note: cut(storable(note), 512),
              received_at: now
            }
          ])
          yield* alerts.heard([{ id: episode.alert.id, expiresAt: undefined }])
        }
      })

      return Intake.of({
        note: (notes) => groupCommit.commit(noteAll(notes)),
        clear: (id, reason) =>
          Effect.flatMap(audit.recorder, (record) => groupCommit.commit(clear(id, reason, record))),
        accept: Effect.fnUntraced(function* (events) {
          const trace = yield* RequestTrace
          const hashed: Array<Hashed> = []
          for (const given of events) {
            if (hashed.length > 0 && hashed.length % hashedAtOnce === 0) yield* Effect.yieldNow
            const event = truncateEvent(given)
            // A repeat that only extends the expiry is not a change.
            const { expiresAt: _, ...content } = event
            const text = encodeEvent(content, takesShortcuts)
            hashed.push({ event, text: { hash: hashOf(text), length: text.length }, trace })
          }
          const answers = yield* accept(
            hashed,
            hashed.flatMap(({ event }) => lockKeysOf(event))
          )
          answers.forEach(({ status }, index) => countEvent(hashed[index]?.event.source ?? "", status))
          return answers
        })
      })
    })
  )
}

/** Other fibers run after so many events were hashed. */
const hashedAtOnce = 100

const lockKeysOf = ({ eventId, source, sourceId }: AlertEvent) => [
  alertKey(source, sourceId),
  ...(eventId === undefined ? [] : [eventKey(source, eventId)])
]

/** When an alert expires unless its source repeats it, in epoch milliseconds. */
const expiresAt = ({ expiresAt, state }: AlertEvent): number | undefined =>
  state === "raised" ? expiresAt?.epochMilliseconds : undefined

/** 128 bits of SHA-256. Versions before schema 16 stored all 256. */
const hashOf = (text: string): string => hash("sha256", text).slice(0, 32)

/** An event, the text of its content, and the trace of its request. */
interface Hashed {
  readonly event: AlertEvent
  readonly text: HashedText
  readonly trace: string | undefined
}

/** Splits events into turns. The events of one turn are independent of each other. */
const turns = (events: ReadonlyArray<Hashed>): ReadonlyArray<ReadonlyArray<Hashed>> => {
  const all: Array<Array<Hashed>> = []
  /** How many turns have events with this lock key. */
  const after = new Map<string, number>()
  for (const hashed of events) {
    const keys = lockKeysOf(hashed.event)
    const turn = Math.max(...keys.map((key) => after.get(key) ?? 0))
    for (const key of keys) after.set(key, turn + 1)
    ;(all[turn] ??= []).push(hashed)
  }
  return all
}

interface SeenRow {
  readonly sequence: number
  readonly source: string
  readonly event_id: string
  readonly alert_id: AlertId
  readonly status: Accepted["status"]
  readonly hash: string
}

/** The text that is hashed. */
const encodeEvent = jsonEncoder(AlertEvent)
