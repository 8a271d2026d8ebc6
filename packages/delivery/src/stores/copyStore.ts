/**
 * Copies a whole store to another one: from SQLite to PostgreSQL, or any other way.
 */
import { Array as Arr, Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { hash } from "node:crypto"
import * as Dialect from "../sql/dialect.ts"
import { currentSchema, fillingTable, migrateTables, schemaVersion } from "../sql/migrate.ts"
import { kept, sumUpCounts } from "../sql/migrations.ts"
import { mapOutages } from "../sql/StoreUnavailable.ts"
import { storable } from "../domain/storableText.ts"

/** A store is unsuitable, or the copy differs from the original; the message says what to do. */
export class MigrateStoreRefused extends Schema.TaggedError<MigrateStoreRefused>()("MigrateStoreRefused", {
  message: Schema.String
}) {}

/** A store, and its name for people, without a password. */
export interface NamedStore {
  readonly name: string
  readonly sql: SqlClient.SqlClient
}

/** A table that was compared and is the same in both stores. */
export interface CopiedTable {
  readonly name: string
  readonly rows: number
  /** The checksum of all rows, in hexadecimal digits. */
  readonly checksum: string
}

type Row = Record<string, unknown>

/** All tables except counts of rows, with their keys. Referenced tables come first. */
const tables = [
  { name: "settings_version", key: ["version"] },
  { name: "partitions", key: ["partition"] },
  { name: "integrations", key: ["sequence"] },
  { name: "rules", key: ["sequence"] },
  { name: "edits", key: ["sequence"] },
  { name: "sessions", key: ["sequence"] },
  { name: "pauses", key: ["sequence"] },
  { name: "api_keys", key: ["sequence"] },
  { name: "sources", key: ["sequence"] },
  { name: "audit", key: ["sequence"] },
  { name: "events", key: ["sequence"] },
  { name: "unreadable", key: ["sequence"] },
  { name: "alerts", key: ["sequence"] },
  { name: "conversations", key: ["alert_id", "integration_id"] },
  { name: "deliveries", key: ["sequence"] }
] as const

type Table = (typeof tables)[number]

/** Tables that migrations fill themselves. */
const fromTheStart: ReadonlyArray<string> = ["settings_version", "partitions"]

/** Rows in one transaction: an alert may be a megabyte. */
const rowsAtOnce = 200

/**
 * Copies a store into an empty one, and compares both by counts and checksums. Calls `compared` for each table.
 *
 * No gateway may run on either store. Called again with the same stores, it resumes an interrupted copy. Sequence
 * numbers continue in the copy. Fails with `MigrateStoreRefused` if a store is unsuitable or a table differs, and with
 * `StoreUnavailable` if it cannot be read or written.
 */
export const copyStore = Effect.fnUntraced(
  function* (from: NamedStore, to: NamedStore, compared: (table: CopiedTable) => Effect.Effect<void>) {
    const at =
      ({ sql }: NamedStore) =>
      <A, E, R>(effect: Effect.Effect<A, E, R | SqlClient.SqlClient>) =>
        Effect.provideService(effect, SqlClient.SqlClient, sql)
    const [read, write] = [at(from), at(to)]

    if (from.name === to.name) {
      return yield* new MigrateStoreRefused({ message: `${from.name} was named twice: name another store to copy to.` })
    }
    yield* checkSource(from)
    yield* keepGatewaysOff(from)
    yield* write(migrateTables)
    yield* keepGatewaysOff(to)
    yield* begin(from.name, to)
    for (const table of tables) {
      let reached = yield* reachedIn(to, table)
      for (;;) {
        const rows = yield* read(page(table, reached))
        if (!Arr.isReadonlyArrayNonEmpty(rows)) break
        reached = keyOf(table, rows)
        yield* write(add(table, rows, reached))
      }
      if (table.key[0] === "sequence")
        yield* write(Dialect.continueAfter(table.name, yield* read(Dialect.lastSequence(table.name))))
    }

    yield* write(replaceEventCounts(yield* read(eventCounts)))

    for (const [name, sum] of [
      ...tables.map((table) => [table.name, sumOf(table)] as const),
      ["event_counts", Effect.map(eventCounts, sumOfRows)] as const,
      ...kept.map(({ columns, counts }) => [counts, sumOfCounts(counts, columns)] as const)
    ]) {
      const [before, after] = [yield* read(sum), yield* write(sum)]
      if (before.rows !== after.rows || before.checksum !== after.checksum) {
        return yield* new MigrateStoreRefused({
          message: `The table ${name} is not the same in ${to.name}: ${before.rows} rows with the checksum ${before.checksum} were to be copied, and ${after.rows} with ${after.checksum} are there. If a gateway ran on ${from.name} since the copying began, begin again with an empty database.`
        })
      }
      yield* compared({ name, rows: before.rows, checksum: before.checksum })
    }
    yield* to.sql.withTransaction(to.sql.unsafe(`DROP TABLE ${fillingTable}`))
  },
  Effect.scoped,
  mapOutages
)

const keepGatewaysOff = Effect.fnUntraced(function* ({ name, sql }: NamedStore) {
  if (yield* Effect.provideService(Dialect.keepGatewaysOff, SqlClient.SqlClient, sql)) return
  return yield* new MigrateStoreRefused({ message: `A gateway runs on ${name}: stop it, then begin again.` })
})

const checkSource = Effect.fnUntraced(function* ({ name, sql }: NamedStore) {
  const at = Effect.provideService(SqlClient.SqlClient, sql)
  const version = yield* at(schemaVersion)
  if (version === 0) {
    return yield* new MigrateStoreRefused({ message: `${name} contains no Tocsin tables. Check its name.` })
  }
  if (version > currentSchema()) {
    return yield* new MigrateStoreRefused({
      message: `${name} was written by a later version of Tocsin (schema ${version}, this one knows ${currentSchema()}): use that version.`
    })
  }
  if (version < currentSchema()) {
    return yield* new MigrateStoreRefused({
      message: `${name} was written by an earlier version of Tocsin (schema ${version}, this one has ${currentSchema()}): start a gateway of this version on it once, and stop it.`
    })
  }
  if (yield* at(Dialect.hasTable(fillingTable))) {
    return yield* new MigrateStoreRefused({
      message: `${name} holds only a part of another store: finish that migration first.`
    })
  }
})

/** Marks the target as an incomplete copy; refuses a target that contains anything else. */
const begin = Effect.fnUntraced(function* (source: string, { name, sql }: NamedStore) {
  if (yield* Effect.provideService(Dialect.hasTable(fillingTable), SqlClient.SqlClient, sql)) {
    const [row] = yield* sql<{ source: string }>`SELECT source FROM ${sql(fillingTable)}`
    if (row?.source === source) return
    return yield* new MigrateStoreRefused({
      message: `${name} holds a part of ${row?.source}: resume with that one, or name an empty database.`
    })
  }
  for (const table of tables) {
    if (fromTheStart.includes(table.name)) continue
    const [row] = yield* sql`SELECT 1 AS found FROM ${sql(table.name)} LIMIT 1`
    if (row === undefined) continue
    return yield* new MigrateStoreRefused({ message: `${name} holds data already: name an empty database.` })
  }
  yield* sql.withTransaction(
    Effect.gen(function* () {
      yield* sql.unsafe(
        `CREATE TABLE ${fillingTable} (source text NOT NULL, name text PRIMARY KEY NOT NULL, reached text)`
      )
      yield* sql`INSERT INTO ${sql(fillingTable)} ${sql.insert(Arr.map(tables, ({ name }) => ({ source, name })))}`
      for (const table of fromTheStart) yield* sql`DELETE FROM ${sql(table)}`
    })
  )
})

/** The key of the last of the rows, as JSON. */
const keyOf = ({ key }: Table, rows: Arr.NonEmptyReadonlyArray<Row>): string =>
  JSON.stringify(key.map((column) => Arr.lastNonEmpty(rows)[column]))

/** The key of the last copied row, as JSON. */
const reachedIn = ({ sql }: NamedStore, { name }: Table) =>
  Effect.map(
    sql<{ reached: string | null }>`SELECT reached FROM ${sql(fillingTable)} WHERE name = ${name}`,
    ([row]) => row?.reached ?? undefined
  )

/** The next rows after a key, in the order of the keys. */
const page = Effect.fnUntraced(function* ({ key, name }: Table, after: string | undefined) {
  const sql = yield* SqlClient.SqlClient
  const columns = sql.literal(key.join(", "))
  const rows = yield* sql<Row>`SELECT * FROM ${sql(name)}
    ${after === undefined ? sql.literal("") : sql`WHERE (${columns}) > ${sql.in(JSON.parse(after))}`}
    ORDER BY ${columns} LIMIT ${sql.literal(String(rowsAtOnce))}`
  return rows.map(plain)
})

const plain = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, typeof value === "string" ? storable(value) : value])
  )

const add = Effect.fnUntraced(function* ({ name }: Table, rows: Arr.NonEmptyReadonlyArray<Row>, reached: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.withTransaction(
    Effect.all([
      Dialect.insertAsTheyAre(name, rows),
      sql`UPDATE ${sql(fillingTable)} SET ${sql.update({ reached })} WHERE name = ${name}`,
      // Now, because summing up everything at the end could exceed the statement timeout.
      sumUpCounts
    ])
  )
})

/** A checksum of rows that does not depend on their order: databases sort texts differently. */
class Sum {
  rows = 0
  #sum = 0n

  add(row: Row) {
    const text = JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))
    this.rows++
    this.#sum = BigInt.asUintN(256, this.#sum + BigInt(`0x${hash("sha256", text)}`))
  }

  get checksum() {
    return this.#sum.toString(16).padStart(64, "0")
  }
}

const sumOf = Effect.fnUntraced(function* (table: Table) {
  const sum = new Sum()
  for (let reached: string | undefined; ;) {
    const rows = yield* page(table, reached)
    if (!Arr.isReadonlyArrayNonEmpty(rows)) return sum
    rows.forEach((row) => sum.add(row))
    reached = keyOf(table, rows)
  }
})

const sumOfRows = (rows: ReadonlyArray<Row>) => {
  const sum = new Sum()
  rows.forEach((row) => sum.add(row))
  return sum
}

/** The counts of events, which are few: those of PostgreSQL may be several rows for a source and hour. */
const eventCounts = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<Row>`SELECT source, hour, sum(n) AS n, max(last_at) AS last_at FROM event_counts
    GROUP BY source, hour`
})

const replaceEventCounts = Effect.fnUntraced(function* (rows: ReadonlyArray<Row>) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.withTransaction(
    Effect.gen(function* () {
      yield* sql`DELETE FROM event_counts`
      for (const some of Arr.chunksOf(rows, rowsAtOnce)) yield* Dialect.insertAsTheyAre("event_counts", some)
    })
  )
})

const sumOfCounts = Effect.fnUntraced(function* (counts: string, columns: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  const list = columns.join(", ")
  return sumOfRows(
    yield* sql.unsafe<Row>(`SELECT ${list}, sum(n) AS n FROM ${counts} GROUP BY ${list} HAVING sum(n) <> 0`)
  )
})
