/**
 * The store that a test of the engine runs on: SQLite or PostgreSQL, as the run says.
 */
import { PgClient } from "@effect/sql-pg"
import { Peers, Postgres, Sqlite } from "@tocsin/delivery"
import { Context, Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { copyFileSync, mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { inject } from "vitest"
import { watchedPeers } from "./idle.ts"

const postgres = inject("postgres")

/** Whether the run is on PostgreSQL. */
export const isPostgres = postgres !== undefined

/** A file of its own, in a folder of its own. */
export const newFile = () => join(mkdtempSync(join(tmpdir(), "tocsin-store-")), "a.db")

/** The store in a file, with nothing in it if it is new; on PostgreSQL in a database that stands for it. */
export const storeIn = (file: string): Layer.Layer<SqlClient.SqlClient | Peers> =>
  postgres === undefined ? Layer.orDie(Sqlite.layer(file)) : onPostgres(postgres.url, file, "template1")

/** The same; a new one has its tables already where they take their time. */
export const migratedStoreIn = (file: string): Layer.Layer<SqlClient.SqlClient | Peers> =>
  postgres === undefined ? storeIn(file) : onPostgres(postgres.url, file, postgres.migrated)

const databases = new Map<string, string>()
let made = 0

const onPostgres = (url: string, file: string, template: string) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const known = file === ":memory:" ? undefined : databases.get(file)
      const database = known ?? nameFor(file)
      if (known === undefined) yield* onServer(url, `CREATE DATABASE ${database} TEMPLATE ${template}`)
      const its = new URL(url)
      its.pathname = `/${database}`
      its.searchParams.set("sslmode", "disable")
      const { closed, stream } = connections(its)
      // A session holds its locks until the server has ended it.
      yield* Effect.addFinalizer(() => closed)
      return Layer.flatMap(Postgres.layer(Redacted.make(its.href), { stream }), (store) =>
        Layer.succeedContext(Context.add(store, Peers, watchedPeers(Context.get(store, Peers), database)))
      )
    })
  ).pipe(Layer.orDie)

/** Opens connections; `closed` returns when the server has ended them all. */
const connections = ({ hostname, port }: URL) => {
  const open = new Set<Promise<void>>()
  const stream = () => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()))
    open.add(closed)
    socket.once("close", () => open.delete(closed))
    return socket
  }
  return { stream, closed: Effect.promise(() => Promise.all(open)) }
}

const nameFor = (file: string) => {
  const database = `tocsin_${process.pid}_${made++}`
  databases.set(file, database)
  return database
}

/** Runs statements outside of the databases of the tests. */
const onServer = (url: string, ...statements: ReadonlyArray<string>) =>
  Effect.provide(
    PgClient.PgClient.use((sql) => Effect.forEach(statements, (statement) => sql.unsafe(statement))),
    PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })
  )

/** What a crash would leave now of the store in the file: another file. On PostgreSQL its sessions end with it. */
export const crashed = (file: string) =>
  Effect.gen(function* () {
    const copy = newFile()
    const database = databases.get(file)
    if (postgres === undefined || database === undefined) {
      copyFileSync(file, copy)
      copyFileSync(`${file}-wal`, `${copy}-wal`)
      return copy
    }
    yield* onServer(
      postgres.url,
      `ALTER DATABASE ${database} ALLOW_CONNECTIONS false`,
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${database}'`,
      `CREATE DATABASE ${nameFor(copy)} TEMPLATE ${database}`,
      `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`
    )
    return copy
  })

/** All that a closed store in the file holds, as anyone could read it who came to it. */
export const contents = (file: string) =>
  isPostgres
    ? Effect.provide(
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const tables = yield* sql<{ name: string }>`SELECT table_name AS name FROM information_schema.tables
            WHERE table_schema = current_schema() ORDER BY table_name`
          const rows = yield* Effect.forEach(
            tables,
            ({ name }) => sql`SELECT CAST(a AS text) AS row FROM ${sql(name)} AS a ORDER BY 1`
          )
          return JSON.stringify(rows)
        }),
        storeIn(file)
      )
    : Effect.sync(() =>
        readdirSync(dirname(file))
          .map((name) => readFileSync(join(dirname(file), name), "latin1"))
          .join("\n")
      )

/** What is named in the store, and how it is made. */
export const schema = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql.onDialectOrElse({
    pg: () => sql`SELECT table_name || '.' || column_name AS name, concat_ws(' ', data_type, is_nullable, column_default) AS sql
        FROM information_schema.columns WHERE table_schema = 'public'
      UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
      UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
      UNION ALL SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
      ORDER BY 1, 2`,
    orElse: () => sql`SELECT name, sql FROM sqlite_schema ORDER BY name`
  })
)

/**
 * Takes no row of the table any more, or no change of one: as if the disk were full, which ends the transaction, or as a
 * wrong one.
 */
export const refuse = (
  table: string,
  as: "full" | "wrong" = "full",
  when = "1 = 1",
  what: "INSERT" | "UPDATE" = "INSERT"
) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const make = sql.onDialectOrElse({
      pg: () => [
        `CREATE FUNCTION refuse_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          RAISE EXCEPTION 'refused' USING ERRCODE = '${as === "full" ? "disk_full" : "check_violation"}';
        END $$`,
        `CREATE TRIGGER refuse BEFORE ${what} ON ${table} FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION refuse_${table}()`
      ],
      orElse: () => [
        `CREATE TRIGGER refuse_${table} BEFORE ${what} ON ${table} WHEN ${when}
          BEGIN SELECT RAISE(${as === "full" ? "ROLLBACK" : "ABORT"}, 'refused'); END`
      ]
    })
    for (const statement of make) yield* sql.unsafe(statement)
  })

/** Takes rows of the table again. */
export const takeAgain = (table: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.onDialectOrElse({
      pg: () => sql.unsafe(`DROP FUNCTION refuse_${table} CASCADE`),
      orElse: () => sql.unsafe(`DROP TRIGGER refuse_${table}`)
    })
  )

/** Leaves no space in the store but for a few small rows: how to write more than that, and how there is space again. */
export const filled = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE big (text text)`
  const limit = (pages: number) => sql.unsafe(`PRAGMA max_page_count = ${pages}`)
  const { fill, makeSpace } = sql.onDialectOrElse({
    pg: () => ({ fill: refuse("big"), makeSpace: Effect.asVoid(takeAgain("big")) }),
    orElse: () => ({
      fill: Effect.flatMap(sql<{ page_count: number }>`PRAGMA page_count`, ([pages]) =>
        Effect.asVoid(limit((pages?.page_count ?? 0) + 1))
      ),
      makeSpace: Effect.asVoid(limit(1_000_000))
    })
  })
  yield* fill
  return { big: sql`INSERT INTO big VALUES (${"x".repeat(1_000_000)})`, makeSpace }
})
