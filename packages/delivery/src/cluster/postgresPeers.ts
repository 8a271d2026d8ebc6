/**
 * Gateways on one PostgreSQL: partitions by session locks, signals by LISTEN and NOTIFY (case M1).
 */
import type { PgClient } from "@effect/sql-pg"
import { Clock, Duration, Effect, Queue, Schema, type Scope } from "effect"
import type { SqlError } from "effect/sql"
import { advisoryClass, lockOfMembers, partitionCount } from "../sql/locks.ts"
import { Change, ChangeKind } from "./collectedChanges.ts"
import { type Handlers, Peers, Signal } from "./Peers.ts"

/** How often a gateway shows that it is alive, and counts the others. */
const pingInterval = Duration.millis(500)

/** How long a ping confirms the locks, in milliseconds after it was sent: for less time than PostgreSQL keeps them. */
const confirmedFor = 2000

/**
 * How long a gateway waits for the answer of a ping before it gives up its session, and its partitions with it. PostgreSQL
 * keeps the locks of a session that it is answering, and has ended any other session by then. Meanwhile nothing is sent.
 */
const longestPing = Duration.seconds(5)

/** How often a gateway polls for work whose signal was lost. */
const pollInterval = Duration.seconds(5)

const channel = "tocsin"

/** A separate channel, because earlier versions of the gateway know only the other one. */
const channelOfChanges = "tocsin_changes"

const partitions = Array.from({ length: partitionCount }, (_, partition) => partition)

/** A notification holds at most 8,000 bytes, and the ids in it have at most 64 characters. */
const maxSignals = 50

/** The same for changes. */
const maxChanges = 60

/** Opens a session of its own, which lasts as long as the scope. */
export type Session = Effect.Effect<PgClient.PgClient, SqlError.SqlError, Scope.Scope>

/** The peers on the database of the client; `session` holds the locks. */
export const peersOn = Effect.fnUntraced(function* (
  client: PgClient.PgClient,
  session: Session,
  clock: Clock.Clock
): Effect.fn.Return<Peers["Service"]> {
  /** Waits for other gateways in real time; everything else uses the caller's clock. */
  const realTime = <A>(make: (here: <B, E>(effect: Effect.Effect<B, E>) => Effect.Effect<B, E>) => Effect.Effect<A>) =>
    Clock.clockWith((callers) =>
      Effect.provideService(make(Effect.provideService(Clock.Clock, callers)), Clock.Clock, clock)
    )
  const self = yield* Effect.sync(() => crypto.randomUUID())
  /** The partitions that are owned here, until they are released. */
  const owned = new Set<number>()
  /** When the last answered ping was sent, by a monotonic clock. */
  let confirmedAt = -Infinity
  /** The partitions that any gateway owned then. */
  let ownedAnywhere: ReadonlySet<number> = new Set()
  const isConfirmed = () => performance.now() - confirmedAt < confirmedFor

  const ping = Effect.fnUntraced(function* (sql: PgClient.PgClient) {
    const sentAt = performance.now()
    const rows = yield* sql<{ lock: number }>`
      SELECT objid::int AS lock FROM pg_locks
      WHERE locktype = 'advisory' AND classid = ${advisoryClass} AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
    const locked = new Set(rows.filter(({ lock }) => lock < partitionCount).map(({ lock }) => lock))
    confirmedAt = sentAt
    ownedAnywhere = locked
    return { members: rows.filter(({ lock }) => lock === lockOfMembers).length, locked }
  })

  /** One step towards a fair share. */
  const balance = Effect.fnUntraced(function* (sql: PgClient.PgClient, { gained, released }: Handlers) {
    const { locked, members } = yield* ping(sql)
    const share = Math.ceil(partitionCount / Math.max(1, members))
    const surplus = [...owned].slice(share)
    if (surplus.length > 0) {
      yield* released(surplus)
      surplus.forEach((partition) => owned.delete(partition))
      yield* sql`SELECT pg_advisory_unlock(${advisoryClass}, lock)
        FROM jsonb_array_elements_text(${JSON.stringify(surplus)}::jsonb) AS listed, CAST(listed AS int) AS lock`
    }
    const free = partitions.filter((partition) => !locked.has(partition)).slice(0, Math.max(0, share - owned.size))
    if (free.length === 0) return
    const tried = yield* sql<{ lock: number; got: boolean }>`
      SELECT lock, pg_try_advisory_lock(${advisoryClass}, lock) AS got
      FROM jsonb_array_elements_text(${JSON.stringify(free)}::jsonb) AS listed, CAST(listed AS int) AS lock`
    const won = tried.flatMap(({ got, lock }) => (got ? [lock] : []))
    won.forEach((partition) => owned.add(partition))
    if (won.length > 0) yield* gained(won)
  })

  const own = (handlers: Handlers) =>
    Effect.gen(function* () {
      const sql = yield* session
      yield* sql`SELECT pg_advisory_lock_shared(${advisoryClass}, ${lockOfMembers})`
      const every = <E>(step: Effect.Effect<unknown, E>) =>
        Effect.forever(Effect.andThen(step, Effect.sleep(pingInterval)))
      // A step may wait for other gateways' transactions; meanwhile the session must keep pinging.
      return yield* Effect.raceFirst(every(Effect.timeout(ping(sql), longestPing)), every(balance(sql, handlers)))
    }).pipe(
      Effect.scoped,
      Effect.ensuring(
        Effect.suspend(() => {
          const gone = [...owned]
          owned.clear()
          confirmedAt = -Infinity
          return gone.length === 0 ? Effect.void : handlers.lost(gone)
        })
      )
    )

  const subscribe = (receive: (signals: ReadonlyArray<Signal>) => Effect.Effect<void>, missed: Effect.Effect<void>) =>
    Effect.gen(function* () {
      const queue = yield* client.listen(channel)
      yield* missed
      return yield* Effect.forever(
        Effect.flatMap(Queue.take(queue), ({ payload }) => {
          const { from, signals } = decode(payload)
          return from === self ? Effect.void : receive(signals)
        })
      )
    }).pipe(Effect.scoped)

  const subscribeToChanges = (receive: (changes: ReadonlyArray<Change>) => Effect.Effect<void>) =>
    Effect.gen(function* () {
      const queue = yield* client.listen(channelOfChanges)
      yield* receive(ChangeKind.literals.map((kind) => ({ kind })))
      return yield* Effect.forever(
        Effect.flatMap(Queue.take(queue), ({ payload }) => {
          const { changes, from } = decodeChanges(payload)
          return from === self ? Effect.void : receive(changes)
        })
      )
    }).pipe(Effect.scoped)

  const restarting = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.forever(Effect.andThen(Effect.ignoreCause(effect), Effect.sleep("1 second")))

  return Peers.of({
    own: ({ gained, lost, released }) =>
      realTime((here) =>
        restarting(
          own({
            gained: (partitions) => here(gained(partitions)),
            released: (partitions) => here(released(partitions)),
            lost: (partitions) => here(lost(partitions))
          })
        )
      ),
    isOwned: (partition) => owned.has(partition) && isConfirmed(),
    unowned: () =>
      isConfirmed()
        ? partitions.filter((partition) => !ownedAnywhere.has(partition) && !owned.has(partition)).length
        : undefined,
    publish: Effect.fnUntraced(function* (signals) {
      for (let from = 0; from < signals.length; from += maxSignals) {
        const some = signals.slice(from, from + maxSignals)
        yield* Effect.ignore(client.notify(channel, encode({ from: self, signals: some })))
      }
    }),
    subscribe: (receive, missed) =>
      realTime((here) => restarting(subscribe((signals) => here(receive(signals)), here(missed)))),
    publishChanges: Effect.fnUntraced(function* (changes) {
      for (let from = 0; from < changes.length; from += maxChanges) {
        const some = changes.slice(from, from + maxChanges)
        yield* Effect.ignore(client.notify(channelOfChanges, encodeChanges({ from: self, changes: some })))
      }
    }),
    subscribeToChanges: (receive) =>
      realTime((here) => restarting(subscribeToChanges((changes) => here(receive(changes))))),
    poll: (look) => realTime((here) => Effect.forever(Effect.andThen(Effect.sleep(pollInterval), here(look)))),
    many: true
  })
})

const Payload = Schema.fromJsonString(Schema.Struct({ from: Schema.String, signals: Schema.Array(Signal) }))
const encode = Schema.encodeSync(Payload)
const decode = Schema.decodeUnknownSync(Payload)

const ChangesPayload = Schema.fromJsonString(Schema.Struct({ from: Schema.String, changes: Schema.Array(Change) }))
const encodeChanges = Schema.encodeSync(ChangesPayload)
const decodeChanges = Schema.decodeUnknownSync(ChangesPayload)
