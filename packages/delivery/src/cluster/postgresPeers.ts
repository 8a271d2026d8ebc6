/**
 * Gateways on one PostgreSQL: partitions by session locks, signals by LISTEN and NOTIFY (case M1).
 */
import type { PgClient } from "@effect/sql-pg"
import { Clock, Deferred, Duration, Effect, Queue, Schema, type Scope } from "effect"
import type { SqlError } from "effect/sql"
import { advisoryClass, lockOfMembers, partitionCount } from "../sql/locks.ts"
import { Change, ChangeKind } from "./collectedChanges.ts"
import { type Handlers, Peers, Signal } from "./Peers.ts"

/** How often a gateway shows that it lives, and looks who else does. */
const ping = Duration.millis(500)

/** A lock is believed for so long, in milliseconds, after the ping was sent that confirmed it: less than PostgreSQL waits. */
const believed = 2000

/** How often a gateway looks for what no signal told. */
const pause = Duration.seconds(5)

const channel = "tocsin"

/** Apart, because a gateway of an earlier version knows only the other. */
const channelOfQuestions = "tocsin_questions"

/** Likewise. */
const channelOfChanges = "tocsin_changes"

/** How long whoever asks waits: somebody else may hold the partition by then. */
const patience = Duration.seconds(2)

/** A notification holds 8,000 bytes at most; the ids in it have 64 characters at most. */
const signalsAtOnce = 50

/** The same of changes, whose ids are as long. */
const changesAtOnce = 60

/** Opens a session of its own, which lasts as long as the scope. */
export type Session = Effect.Effect<PgClient.PgClient, SqlError.SqlError, Scope.Scope>

/** The peers on the database of the client; `session` makes connections of their own. */
export const peersOn = Effect.fnUntraced(function* (
  client: PgClient.PgClient,
  session: Session,
  clock: Clock.Clock
): Effect.fn.Return<Peers["Service"]> {
  /** What waits for others goes by real time, and what follows from it by the clock of the caller. */
  const realTime = <A>(make: (here: <B, E>(effect: Effect.Effect<B, E>) => Effect.Effect<B, E>) => Effect.Effect<A>) =>
    Clock.clockWith((callers) =>
      Effect.provideService(make(Effect.provideService(Clock.Clock, callers)), Clock.Clock, clock)
    )
  const self = yield* Effect.sync(() => crypto.randomUUID())
  /** What is held, until it is let go. */
  const held = new Set<number>()
  /** When the ping was sent that confirmed it, by a clock that nobody sets. */
  let confirmedAt = -Infinity

  const look = Effect.fnUntraced(function* (sql: PgClient.PgClient) {
    const sentAt = performance.now()
    const rows = yield* sql<{ lock: number }>`
      SELECT objid::int AS lock FROM pg_locks
      WHERE locktype = 'advisory' AND classid = ${advisoryClass} AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
    confirmedAt = sentAt
    return {
      members: rows.filter(({ lock }) => lock === lockOfMembers).length,
      claimed: new Set(rows.filter(({ lock }) => lock < partitionCount).map(({ lock }) => lock))
    }
  })

  /** One step towards a fair share. */
  const balance = Effect.fnUntraced(function* (sql: PgClient.PgClient, { gained, released }: Handlers) {
    const { members, claimed } = yield* look(sql)
    const share = Math.ceil(partitionCount / Math.max(1, members))
    const extra = [...held].slice(share)
    if (extra.length > 0) {
      yield* released(extra)
      extra.forEach((partition) => held.delete(partition))
      yield* sql`SELECT pg_advisory_unlock(${advisoryClass}, lock)
        FROM jsonb_array_elements_text(${JSON.stringify(extra)}::jsonb) AS listed, CAST(listed AS int) AS lock`
    }
    const free = Array.from({ length: partitionCount }, (_, partition) => partition)
      .filter((partition) => !claimed.has(partition))
      .slice(0, Math.max(0, share - held.size))
    if (free.length === 0) return
    const got = yield* sql<{
      lock: number
      got: boolean
    }>`SELECT lock, pg_try_advisory_lock(${advisoryClass}, lock) AS got
      FROM jsonb_array_elements_text(${JSON.stringify(free)}::jsonb) AS listed, CAST(listed AS int) AS lock`
    const won = got.flatMap(({ got, lock }) => (got ? [lock] : []))
    won.forEach((partition) => held.add(partition))
    if (won.length > 0) yield* gained(won)
  })

  const serve = (handlers: Handlers) =>
    Effect.gen(function* () {
      const sql = yield* session
      yield* sql`SELECT pg_advisory_lock_shared(${advisoryClass}, ${lockOfMembers})`
      const every = <E>(step: Effect.Effect<unknown, E>) => Effect.forever(Effect.andThen(step, Effect.sleep(ping)))
      // A step waits for transactions of others; the session must show meanwhile that it lives.
      return yield* Effect.raceFirst(every(Effect.timeout(look(sql), believed)), every(balance(sql, handlers)))
    }).pipe(
      Effect.scoped,
      Effect.ensuring(
        Effect.suspend(() => {
          const gone = [...held]
          held.clear()
          confirmedAt = -Infinity
          return gone.length === 0 ? Effect.void : handlers.lost(gone)
        })
      )
    )

  const listen = (heard: (signals: ReadonlyArray<Signal>) => Effect.Effect<void>, missed: Effect.Effect<void>) =>
    Effect.gen(function* () {
      const queue = yield* client.listen(channel)
      yield* missed
      return yield* Effect.forever(
        Effect.flatMap(Queue.take(queue), ({ payload }) => {
          const { from, signals } = decode(payload)
          return from === self ? Effect.void : heard(signals)
        })
      )
    }).pipe(Effect.scoped)

  const hearChanges = (heard: (changes: ReadonlyArray<Change>) => Effect.Effect<void>) =>
    Effect.gen(function* () {
      const queue = yield* client.listen(channelOfChanges)
      yield* heard(ChangeKind.literals.map((kind) => ({ kind })))
      return yield* Effect.forever(
        Effect.flatMap(Queue.take(queue), ({ payload }) => {
          const { changes, from } = decodeChanges(payload)
          return from === self ? Effect.void : heard(changes)
        })
      )
    }).pipe(Effect.scoped)

  const isHeld = (partition: number) => held.has(partition) && performance.now() - confirmedAt < believed

  /** Who waits for an answer, by the number of the question. */
  const asking = new Map<string, Deferred.Deferred<string>>()

  const ask = Effect.fnUntraced(function* (partition: number, question: string) {
    const id = crypto.randomUUID()
    const answered = yield* Deferred.make<string>()
    asking.set(id, answered)
    return yield* client.notify(channelOfQuestions, encodeAsked({ id, partition, question })).pipe(
      Effect.andThen(Deferred.await(answered)),
      Effect.timeout(patience),
      Effect.orElseSucceed(() => undefined),
      Effect.ensuring(Effect.sync(() => asking.delete(id)))
    )
  })

  const answering = (answer: (question: string) => Effect.Effect<string>) =>
    Effect.gen(function* () {
      const queue = yield* client.listen(channelOfQuestions)
      return yield* Effect.forever(
        Effect.flatMap(Queue.take(queue), ({ payload }) => {
          const said = decodeAsked(payload)
          if ("answer" in said) {
            const answered = asking.get(said.id)
            return answered === undefined ? Effect.void : Deferred.succeed(answered, said.answer)
          }
          if (!isHeld(said.partition)) return Effect.void
          return Effect.flatMap(answer(said.question), (answer) =>
            client.notify(channelOfQuestions, encodeAsked({ id: said.id, answer }))
          )
        })
      )
    }).pipe(Effect.scoped)

  const again = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.forever(Effect.andThen(Effect.ignoreCause(effect), Effect.sleep("1 second")))

  return Peers.of({
    hold: ({ gained, lost, released }) =>
      realTime((here) =>
        again(
          serve({
            gained: (partitions) => here(gained(partitions)),
            released: (partitions) => here(released(partitions)),
            lost: (partitions) => here(lost(partitions))
          })
        )
      ),
    isHeld,
    ask: (partition, question) => realTime(() => ask(partition, question)),
    answer: (answer) => realTime((here) => again(answering((question) => here(answer(question))))),
    tell: Effect.fnUntraced(function* (signals) {
      for (let from = 0; from < signals.length; from += signalsAtOnce) {
        const some = signals.slice(from, from + signalsAtOnce)
        yield* Effect.ignore(client.notify(channel, encode({ from: self, signals: some })))
      }
    }),
    tellChanges: Effect.fnUntraced(function* (changes) {
      for (let from = 0; from < changes.length; from += changesAtOnce) {
        const some = changes.slice(from, from + changesAtOnce)
        yield* Effect.ignore(client.notify(channelOfChanges, encodeChanges({ from: self, changes: some })))
      }
    }),
    hearChanges: (heard) => realTime((here) => again(hearChanges((changes) => here(heard(changes))))),
    listen: (heard, missed) => realTime((here) => again(listen((signals) => here(heard(signals)), here(missed)))),
    sweep: (look) => realTime((here) => Effect.forever(Effect.andThen(Effect.sleep(pause), here(look)))),
    many: true
  })
})

const Payload = Schema.fromJsonString(Schema.Struct({ from: Schema.String, signals: Schema.Array(Signal) }))
const encode = Schema.encodeSync(Payload)
const decode = Schema.decodeUnknownSync(Payload)

const ChangesPayload = Schema.fromJsonString(Schema.Struct({ from: Schema.String, changes: Schema.Array(Change) }))
const encodeChanges = Schema.encodeSync(ChangesPayload)
const decodeChanges = Schema.decodeUnknownSync(ChangesPayload)

const Asked = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({ id: Schema.String, partition: Schema.Number, question: Schema.String }),
    Schema.Struct({ id: Schema.String, answer: Schema.String })
  ])
)
const encodeAsked = Schema.encodeSync(Asked)
const decodeAsked = Schema.decodeUnknownSync(Asked)
