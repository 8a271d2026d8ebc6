import { assert, describe, it } from "@effect/vitest"
import { type CopiedTable, copyStore, Peers, Sqlite } from "@tocsin/delivery"
import { Context, Deferred, Effect, Exit, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { migrate } from "../../src/sql/migrate.ts"
import { isPostgres, storeIn } from "../harness/store.ts"

const newFile = () => join(mkdtempSync(join(tmpdir(), "tocsin-stores-")), "a.db")

const open = <E>(name: string, layer: Layer.Layer<SqlClient.SqlClient | Peers, E>) =>
  Effect.map(Layer.build(layer), (services) => ({ name, services, sql: Context.get(services, SqlClient.SqlClient) }))

const statuses = ["pending", "retrying", "sending", "delivered", "dead", "superseded", "diverted", "folded"]

const odd = [
  "",
  "\u{1F514}\u{1F469}\u200D\u{1F692}",
  "\u202Ea'b\"c\\",
  '{"a":"\\u0000"}',
  "\r\n\t\uFEFF\uFFFF",
  "Ω".repeat(700)
]

/** Fills every column of a table, and leaves gaps in its sequences. */
const fill = Effect.fnUntraced(function* (table: string, count: number) {
  const sql = yield* SqlClient.SqlClient
  const columns = yield* sql<{ name: string; type: string; notnull: number }>`SELECT * FROM pragma_table_info(${table})`
  const value = (column: string, type: string, optional: boolean, n: number) => {
    if (column === "status" && table === "deliveries") return statuses[n % statuses.length]
    if (column === "state") return n % 3 === 0 ? "cleared" : "raised"
    if (column === "hour") return 3_600_000 * n
    if (column === "integration_id") return `channel ${n % 5}`
    if (column === "alert_id" && table === "conversations") return `alerts id ${n}`
    if (optional && n % 4 === 0) return null
    if (type !== "TEXT") return n % 5 === 0 ? 253_402_300_799_000 % (column.endsWith("_at") ? Infinity : 2 ** 31) : n
    if (/(^|_)(id|key)$/.test(column) || ["secret_hash", "name"].includes(column)) return `${table} ${column} ${n}`
    return odd[n % odd.length]
  }
  for (let n = 1; n <= count; n++) {
    yield* sql`INSERT INTO ${sql(table)} ${sql.insert(
      Object.fromEntries(
        columns.map(({ name, notnull, type }) => [
          name,
          name === "sequence" ? 3 * n : value(name, type.toUpperCase(), notnull === 0, n)
        ])
      )
    )}`
  }
})

const filled = [
  "integrations",
  "rules",
  "edits",
  "events",
  "event_counts",
  "unreadable",
  "api_keys",
  "sources",
  "audit",
  "alerts",
  "conversations",
  "deliveries"
]

/** A store with several pages in every table; the last rows of one are gone. */
const rich = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* migrate
  yield* sql.withTransaction(Effect.forEach(filled, (table) => fill(table, 450)))
  yield* sql`DELETE FROM edits WHERE sequence > 900`
  yield* sql`UPDATE partitions SET fence = partition * 3`
  yield* sql`UPDATE settings_version SET version = 'v'`
  yield* sql`UPDATE unreadable SET body = ${"a\0b"} WHERE sequence = 3`
})

/** All that is in a SQLite file, but for the times of its migrations. */
const contents = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const names = yield* sql<{ name: string }>`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`
  const tables: Record<string, ReadonlyArray<string>> = {}
  for (const { name } of names) {
    if (name === "migrations") continue
    const rows = yield* sql<object>`SELECT * FROM ${sql(name)}`
    tables[name] = rows
      .filter((row) => !("n" in row && row.n === 0))
      .map((row) => JSON.stringify(row))
      .sort()
  }
  return tables
})

const at =
  ({ sql }: { readonly sql: SqlClient.SqlClient }) =>
  <A, E, R>(effect: Effect.Effect<A, E, R | SqlClient.SqlClient>) =>
    Effect.provideService(effect, SqlClient.SqlClient, sql)

/** Fails on the way, whichever the database. */
const breakAt = (sequence: number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql.unsafe(
      isPostgres
        ? `ALTER TABLE deliveries ADD CONSTRAINT broken CHECK (sequence <> ${sequence})`
        : `CREATE TRIGGER broken BEFORE INSERT ON deliveries WHEN NEW.sequence = ${sequence} BEGIN SELECT RAISE(ABORT, 'broken'); END`
    )
  })

const mend = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql.unsafe(isPostgres ? "ALTER TABLE deliveries DROP CONSTRAINT broken" : "DROP TRIGGER broken")
)

const nobody = () => Effect.void

describe("A store that is migrated", () => {
  it.live("is the same after a copy there and back, also after an interruption", () =>
    Effect.gen(function* () {
      const first = yield* open("first", Sqlite.layer(newFile()))
      const second = yield* open("second", storeIn(newFile()))
      const third = yield* open("third", Sqlite.layer(newFile()))
      yield* at(first)(rich)
      yield* at(second)(Effect.andThen(migrate, breakAt(900)))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(copyStore(first, second, nobody))))
      const started = yield* Effect.flip(at(second)(migrate))
      assert.include(started.message, "run tocsin migrate-store again")
      const other = yield* Effect.flip(copyStore(third, second, nobody))
      assert.include(other.message, "third contains no Tocsin tables")
      yield* at(second)(mend)

      const compared: Array<CopiedTable> = []
      yield* copyStore(first, second, (table) => Effect.sync(() => void compared.push(table)))
      yield* at(second)(migrate)
      yield* copyStore(second, third, nobody)

      yield* at(first)(
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql`UPDATE unreadable SET body = ${"a\uFFFDb"} WHERE sequence = 3`)
      )
      const [before, after] = [yield* at(first)(contents), yield* at(third)(contents)]
      for (const table of Object.keys(before)) assert.deepStrictEqual(after[table], before[table], table)
      assert.sameMembers(
        compared.map(({ name }) => name),
        Object.keys(before).filter((name) => !["sqlite_sequence", "write_probes"].includes(name))
      )
      assert.strictEqual(compared.find(({ name }) => name === "deliveries")?.rows, 450)
    }).pipe(Effect.scoped)
  )

  it.live("is refused while a gateway runs on either store", () =>
    Effect.gen(function* () {
      const file = newFile()
      const held = yield* open("held", storeIn(file))
      yield* at(held)(migrate)
      const other = yield* open("other", Sqlite.layer(newFile()))
      yield* at(other)(migrate)
      // On SQLite having it open is to run on it.
      if (isPostgres) {
        const gained = yield* Deferred.make<void>()
        const peers = Context.get(held.services, Peers)
        const told = Deferred.succeed(gained, undefined).pipe(Effect.asVoid)
        yield* Effect.forkScoped(peers.own({ gained: () => told, lost: nobody, released: nobody }))
        yield* Deferred.await(gained)
      }
      for (const [from, to] of [
        ["held", "other"],
        ["other", "held"]
      ]) {
        const error = yield* open("held", storeIn(file)).pipe(
          Effect.flatMap((held) => {
            const stores = { held, other }
            return copyStore(
              stores[from === "held" ? "held" : "other"],
              stores[to === "held" ? "held" : "other"],
              nobody
            )
          }),
          Effect.scoped,
          Effect.sandbox,
          Effect.flip
        )
        assert.match(String(error), isPostgres ? /A gateway runs on held/ : /locked/)
      }
    }).pipe(Effect.scoped)
  )

  it.live("is refused if the target contains other data", () =>
    Effect.gen(function* () {
      const first = yield* open("first", Sqlite.layer(newFile()))
      const second = yield* open("second", storeIn(newFile()))
      yield* at(first)(migrate)
      yield* at(second)(migrate)
      yield* at(second)(
        Effect.flatMap(SqlClient.SqlClient, (sql) => {
          const row = { id: "r", rule: "{}", created_at: 0, updated_at: 0 }
          return sql`INSERT INTO rules ${sql.insert(row)}`
        })
      )
      const error = yield* Effect.flip(copyStore(first, second, nobody))
      assert.strictEqual(error.message, "second holds data already: name an empty database.")
    }).pipe(Effect.scoped)
  )

  it.live("is refused if it is of another version", () =>
    Effect.gen(function* () {
      const first = yield* open("first", Sqlite.layer(newFile()))
      const second = yield* open("second", storeIn(newFile()))
      yield* at(first)(migrate)
      yield* first.sql`DELETE FROM migrations WHERE migration_id > 4`
      const error = yield* Effect.flip(copyStore(first, second, nobody))
      assert.include(error.message, "start a gateway of this version on it once")
    }).pipe(Effect.scoped)
  )

  it.live("names the table in which the copy differs", () =>
    Effect.gen(function* () {
      const first = yield* open("first", Sqlite.layer(newFile()))
      const second = yield* open("second", storeIn(newFile()))
      yield* at(first)(rich)
      const interrupted = copyStore(first, second, () => Effect.die("interrupted"))
      yield* Effect.exit(interrupted)
      yield* first.sql`UPDATE alerts SET severity = 'other' WHERE sequence = 30`
      const error = yield* Effect.flip(copyStore(first, second, nobody))
      assert.include(error.message, "The table alerts is not the same in second: 450 rows")
    }).pipe(Effect.scoped)
  )
})
