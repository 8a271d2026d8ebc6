/**
 * The store that a test of the engine runs on: SQLite or PostgreSQL, as the run says.
 */
import { PgClient } from "@effect/sql-pg"
import { type Peers, Postgres, Sqlite } from "@tocsin/delivery"
import { Clock, Duration, Effect, Layer, Redacted } from "effect"
import type { SqlClient } from "effect/sql"
import { connect } from "node:net"
import { inject } from "vitest"

const postgres = inject("postgres")

/** Whether the run is on PostgreSQL. */
export const isPostgres = postgres !== undefined

/** The store in a file; on PostgreSQL in a database that stands for it. */
export const storeIn = (file: string): Layer.Layer<SqlClient.SqlClient | Peers> =>
  postgres === undefined ? Layer.orDie(Sqlite.layer(file)) : onPostgres(postgres, file)

const databases = new Map<string, string>()
let made = 0

const onPostgres = (url: string, file: string) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const known = file === ":memory:" ? undefined : databases.get(file)
      const database = known ?? `tocsin_${process.pid}_${made++}`
      if (known === undefined) {
        yield* Effect.provide(
          PgClient.PgClient.use((sql) => sql.unsafe(`CREATE DATABASE ${database}`)),
          PgClient.layer({ url: Redacted.make(url) })
        )
        databases.set(file, database)
      }
      const its = new URL(url)
      its.pathname = `/${database}`
      return Postgres.layer(Redacted.make(its.href), { stream: () => watched(its) })
    })
  ).pipe(Layer.orDie)

/** Connections that wait for an answer of the server. */
const busy = new Set<object>()

/** A connection of which it is known whether the server works for it. */
const watched = ({ hostname, port }: URL) => {
  const socket = connect(Number(port), hostname)
  busy.add(socket)
  const write: (...sent: Array<never>) => boolean = socket.write.bind(socket)
  Object.assign(socket, {
    write: (...sent: Array<never>) => {
      busy.add(socket)
      return write(...sent)
    }
  })
  // ReadyForQuery is the last that an answer says: a Z, its length and the state of the transaction.
  socket.prependListener("data", (bytes: Buffer) => {
    if (bytes.at(-6) === 0x5a && bytes.readInt32BE(bytes.length - 5) === 5) busy.delete(socket)
  })
  socket.on("close", () => busy.delete(socket))
  return socket
}

/** Lets everything run that can run without time passing. */
export const settle = Effect.gen(function* () {
  yield* Effect.repeat(Effect.yieldNow, { times: 150 })
  if (!isPostgres) return
  for (let quiet = 0; quiet < 5; quiet++) {
    yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    if (busy.size > 0) quiet = -1
    yield* Effect.repeat(Effect.yieldNow, { times: 50 })
  }
})

/** When the sleeps end that have begun by a test's clock: a store that takes its time begins some of them late. */
const sleepsOf = new WeakMap<object, Map<object, number>>()

/** The test's clock, whose sleeps are known where the store takes its time. */
export const watchedClock = !isPostgres
  ? Layer.empty
  : Layer.effect(
      Clock.Clock,
      Effect.map(Clock.Clock, (clock) => {
        const sleeps = sleepsOf.get(clock) ?? new Map<object, number>()
        sleepsOf.set(clock, sleeps)
        const watched: Clock.Clock = Object.assign(Object.create(clock), {
          sleep: (duration: Duration.Duration) =>
            Effect.suspend(() => {
              const sleep = {}
              sleeps.set(sleep, clock.currentTimeMillisUnsafe() + Duration.toMillis(duration))
              return Effect.ensuring(
                clock.sleep(duration),
                Effect.sync(() => sleeps.delete(sleep))
              )
            })
        })
        return watched
      })
    )

/** When the next sleep ends, if that is before a time. */
export const nextSleep = (end: number): Effect.Effect<number | undefined> =>
  Clock.clockWith((clock) => {
    const now = clock.currentTimeMillisUnsafe()
    const next = Math.min(...[...(sleepsOf.get(clock)?.values() ?? [])].filter((time) => time > now))
    return Effect.succeed(next < end ? next : undefined)
  })
