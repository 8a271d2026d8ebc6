import { assert, describe, it } from "@effect/vitest"
import { Peers, Postgres } from "@tocsin/delivery"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { connect } from "node:net"
import { inject } from "vitest"
import { Shortcuts } from "../../src/domain/Shortcuts.ts"
import { engine, integration, outcomes, raise, rule, save, settle, tick } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { watchedPeers } from "../harness/idle.ts"
import { migratedStoreIn, storeIn } from "../harness/store.ts"

/** What the connections of a store have done. */
class Wire {
  /** How often a transaction has waited for the server. */
  roundTrips = 0
  /** Called with what a transaction sends; it is not sent if the connection is destroyed. */
  onSend: (statements: string, destroy: () => void) => void = () => {}

  /** Opens a connection, and counts from its first transaction. */
  readonly open = (url: URL) => {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
    const write = socket.write.bind(socket)
    let ofTransactions = false
    let waits = false
    // The driver writes bytes only.
    socket.write = (bytes: unknown) => {
      const statements = Buffer.from(bytes as Uint8Array).toString("latin1")
      ofTransactions ||= statements.includes("BEGIN")
      if (ofTransactions && !waits) this.roundTrips++
      waits = true
      if (ofTransactions) this.onSend(statements, () => socket.destroy())
      return write(bytes as Uint8Array)
    }
    socket.on("data", () => (waits = false))
    return socket
  }
}

/** A store in a new database whose connections are watched. */
const watchedStore = (wire: Wire, store = migratedStoreIn(":memory:")) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const sql = Context.get(yield* Layer.build(store), SqlClient.SqlClient)
      const [row] = yield* sql<{ name: string }>`SELECT current_database() AS name`
      const name = row?.name ?? ""
      const url = new URL(inject("postgres")?.url ?? "")
      url.pathname = `/${name}`
      url.searchParams.set("sslmode", "disable")
      return Layer.flatMap(Postgres.layer(Redacted.make(url.href), { stream: () => wire.open(url) }), (store) =>
        Layer.succeedContext(Context.add(store, Peers, watchedPeers(Context.get(store, Peers), name)))
      )
    })
  ).pipe(Layer.orDie)

/** A watched store with one table. */
const watched = Effect.gen(function* () {
  const wire = new Wire()
  const sql = Context.get(yield* Layer.build(watchedStore(wire, storeIn(":memory:"))), SqlClient.SqlClient)
  yield* sql`CREATE TABLE t (n integer PRIMARY KEY)`
  const counted = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.suspend(() => {
      const before = wire.roundTrips
      return Effect.map(effect, (result) => ({ result, roundTrips: wire.roundTrips - before }))
    })
  return { wire, sql, counted }
})

const insert = (sql: SqlClient.SqlClient, n: number) => sql`INSERT INTO t VALUES (${n})`

const rows = (sql: SqlClient.SqlClient) =>
  Effect.map(sql<{ n: number }>`SELECT n FROM t ORDER BY n`, (rows) => rows.map(({ n }) => n))

/** Reads, so that BEGIN is answered. */
const begun = (sql: SqlClient.SqlClient) => sql`SELECT 1`

describe("A transaction on PostgreSQL", () => {
  it.effect("sends what only writes together with what reads next", () =>
    Effect.gen(function* () {
      const { counted, sql } = yield* watched
      const transaction = (n: number) =>
        counted(
          sql.withTransaction(
            Effect.gen(function* () {
              yield* begun(sql)
              yield* insert(sql, n)
              yield* insert(sql, n + 1)
              const found = yield* rows(sql)
              yield* insert(sql, n + 2)
              return found
            })
          )
        )
      // The first one opens a connection.
      yield* transaction(0)
      assert.deepStrictEqual(yield* transaction(3), { result: [0, 1, 2, 3, 4], roundTrips: 3 })
      const general = yield* Effect.provideService(transaction(6), Shortcuts, false)
      assert.deepStrictEqual(general, { result: [0, 1, 2, 3, 4, 5, 6, 7], roundTrips: 7 })
    }).pipe(Effect.scoped)
  )

  it.effect("fails with the error of a statement whose answer nobody awaited, and stores nothing", () =>
    Effect.gen(function* () {
      const { sql } = yield* watched
      yield* insert(sql, 1)
      for (const next of [Effect.void, Effect.asVoid(rows(sql)), Effect.asVoid(insert(sql, 2))]) {
        const failed = Effect.all([begun(sql), insert(sql, 0), insert(sql, 1), next])
        const error = yield* Effect.flip(sql.withTransaction(failed))
        assert.strictEqual(error.reason._tag, "UniqueViolation")
        assert.deepStrictEqual(yield* rows(sql), [1])
      }
      yield* sql.withTransaction(insert(sql, 3))
      assert.deepStrictEqual(yield* rows(sql), [1, 3])
    }).pipe(Effect.scoped)
  )

  it.effect("awaits each answer behind a savepoint, so that a failure is of that part", () =>
    Effect.gen(function* () {
      const { sql } = yield* watched
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* begun(sql)
          yield* insert(sql, 1)
          const error = yield* Effect.flip(sql.withTransaction(Effect.andThen(insert(sql, 2), insert(sql, 1))))
          assert.strictEqual(error.reason._tag, "UniqueViolation")
          yield* sql.withTransaction(insert(sql, 3))
        })
      )
      assert.deepStrictEqual(yield* rows(sql), [1, 3])
    }).pipe(Effect.scoped)
  )

  it.effect("sends no write before BEGIN was answered", () =>
    Effect.gen(function* () {
      const { counted, sql } = yield* watched
      yield* sql.withTransaction(insert(sql, 0))
      const both = counted(sql.withTransaction(Effect.andThen(insert(sql, 1), insert(sql, 2))))
      assert.strictEqual((yield* both).roundTrips, 2)
    }).pipe(Effect.scoped)
  )

  it.effect.each(["SELECT", "INSERT", "COMMIT"])("stores all or nothing when its connection is lost at %s", (at) =>
    Effect.gen(function* () {
      const { sql, wire } = yield* watched
      const transaction = (n: number) =>
        sql.withTransaction(Effect.all([begun(sql), insert(sql, n), rows(sql), insert(sql, n + 1)]))
      // From here on the statements are prepared, and have their text no more.
      let isLost = false
      wire.onSend = (statements, destroy) => {
        if (isLost || !statements.includes(at)) return
        isLost = true
        destroy()
      }
      const error = yield* Effect.flip(transaction(0))
      assert.strictEqual(error.reason._tag, "ConnectionError")
      assert.deepStrictEqual(yield* rows(sql), [])
      yield* transaction(2)
      assert.deepStrictEqual(yield* rows(sql), [2, 3])
    }).pipe(Effect.scoped)
  )
})

describe("The whole life of an alert that is alone", () => {
  const wire = new Wire()
  it.effect("takes six round trips: it is accepted, claimed, sent and recorded", () =>
    Effect.gen(function* () {
      yield* save(integration("ops"), rule("all"))
      yield* tick
      // The first ones open connections.
      for (const id of ["a", "b", "c", "d"]) yield* Effect.andThen(raise(id), tick)
      wire.roundTrips = 0
      yield* raise("e")
      yield* settle
      assert.strictEqual((yield* outcomes).filter((outcome) => outcome === "Raised delivered").length, 5)
      assert.strictEqual(wire.roundTrips, 6)
    }).pipe(Effect.provide(Layer.suspend(() => engine(new Script(), { store: watchedStore(wire) }))))
  )
})
