/**
 * The differences between SQLite and PostgreSQL. All other statements are the same for both.
 */
import { type Array as Arr, Effect, type Scope } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { advisoryClass, lockOfEverything, lockOfMembers, lockOfMigrations, maxLocks } from "./locks.ts"

/** A column that numbers the rows in the order of insertion. */
export const sequence = (sql: SqlClient.SqlClient) =>
  sql.onDialectOrElse({
    pg: () => sql.literal("sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    orElse: () => sql.literal("sequence integer PRIMARY KEY AUTOINCREMENT")
  })

/** Runs the effect on one gateway at a time, however long it takes. */
export const alone = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql.onDialectOrElse({
    pg: (): Effect.Effect<A, E | SqlError.SqlError, R> =>
      sql
        .withTransaction(
          Effect.all([
            sql`SET LOCAL statement_timeout = 0`,
            // A migration may read whole tables.
            sql`SELECT set_config(name, 'on', true) FROM unnest(ARRAY['enable_seqscan', 'enable_hashjoin']) AS name`,
            sql`SELECT pg_advisory_xact_lock(${advisoryClass}, ${lockOfMigrations})`
          ]).pipe(Effect.andThen(effect))
        )
        // A migration may deadlock with a reader that locks the same tables in another order.
        .pipe(Effect.retry({ times: 3 })),
    orElse: () => effect
  })
})

/** How many write transactions a gateway runs concurrently: while one waits for PostgreSQL, the next one is prepared. */
export const groupsAtOnce = (sql: SqlClient.SqlClient) => sql.onDialectOrElse({ pg: () => 2, orElse: () => 1 })

/**
 * Locks the keys of a transaction; without keys, everything, so that no other transaction runs. Then locks the guessed keys
 * that nobody holds, and returns them. Fails on a read-only server. Does nothing on SQLite, which has one writer.
 */
export const lockFor = (
  sql: SqlClient.SqlClient,
  lockKeys: ReadonlySet<string> | undefined,
  guessed: ReadonlyArray<string> = []
) =>
  sql.onDialectOrElse({
    pg: (): Effect.Effect<ReadonlyArray<string>, SqlError.SqlError> => {
      const readOnly = sql.literal("current_setting('transaction_read_only') AS read_only")
      if (lockKeys === undefined || lockKeys.size > maxLocks) {
        return refuseReadOnly(
          sql<Locked>`SELECT ${readOnly}, NULL AS obtained, pg_advisory_xact_lock(${advisoryClass}, ${lockOfEverything})`
        )
      }
      // CASE makes the order certain, and so do the hashes, which prevents deadlocks.
      return refuseReadOnly(
        sql<Locked>`SELECT ${readOnly},
          CASE WHEN pg_advisory_xact_lock_shared(${advisoryClass}, ${lockOfEverything}) IS NOT NULL
          THEN CASE WHEN (SELECT count(pg_advisory_xact_lock(hash)) FROM (SELECT DISTINCT hashtextextended(named, 0) AS hash
            FROM jsonb_array_elements_text(${JSON.stringify([...lockKeys])}::jsonb) AS named ORDER BY hash) AS hashes) >= 0
          THEN (SELECT CAST(jsonb_agg(named) AS text) FROM jsonb_array_elements_text(${JSON.stringify(guessed)}::jsonb) AS named
            WHERE pg_try_advisory_xact_lock(hashtextextended(named, 0))) END END AS obtained`
      )
    },
    orElse: () => Effect.succeed([])
  })

interface Locked {
  readonly read_only: string
  readonly obtained: string | null
}

/** Fails with PostgreSQL's `read_only_sql_transaction` before the first statement that writes. */
const refuseReadOnly = (lock: Effect.Effect<ReadonlyArray<Locked>, SqlError.SqlError>) =>
  Effect.flatMap(lock, ([row]) =>
    row?.read_only === "on"
      ? Effect.fail(
          new SqlError.SqlError({
            reason: new SqlError.UnknownError({ cause: { code: "25006" }, message: "The server is read-only" })
          })
        )
      : Effect.sync((): ReadonlyArray<string> => JSON.parse(row?.obtained ?? "[]"))
  )

/**
 * Ends all sessions of Tocsin on this server, this one last. The sessions of a primary that became a standby stay open
 * and refuse writes; new sessions connect to the server that the name of the database resolves to.
 */
export const endSessions = (sql: SqlClient.SqlClient) =>
  sql.onDialectOrElse({
    pg: (): Effect.Effect<unknown, SqlError.SqlError> =>
      sql`SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND usename = current_user
          AND application_name = current_setting('application_name')
        ORDER BY pid = pg_backend_pid()) AS ours`,
    orElse: () => Effect.void
  })

/**
 * Counts the rows of a table in another one, by some of its columns, with triggers: the sum of `n` is always right and
 * is rolled back with the rows.
 */
export const keepCounts = Effect.fnUntraced(function* (table: string, counts: string, columns: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  const list = columns.join(", ")
  const of = (row: "OLD" | "NEW") => columns.map((column) => `${row}.${column}`).join(", ")
  const isChanged = columns.map((column) => `OLD.${column} <> NEW.${column}`).join(" OR ")
  const definitions = columns.map((column) => `${column} text NOT NULL`).join(", ")
  const counted = `INSERT INTO ${counts} SELECT ${list}, count(*) FROM ${table} GROUP BY ${list}`
  const statements = sql.onDialectOrElse({
    // One row for each change, summed up now and then: writers would contend for a single row.
    pg: () => [
      `CREATE TABLE ${counts} (${definitions}, n bigint NOT NULL)`,
      `CREATE INDEX ${counts}_by_key ON ${counts} (${list})`,
      counted,
      `CREATE FUNCTION keep_${counts}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN INSERT INTO ${counts} VALUES (${of("OLD")}, -1); END IF;
        IF TG_OP <> 'DELETE' THEN INSERT INTO ${counts} VALUES (${of("NEW")}, 1); END IF;
        RETURN NULL;
      END $$`,
      ...["INSERT", "DELETE", `UPDATE OF ${list}`].map(
        (operation) => `CREATE TRIGGER ${counts}_${operation.slice(0, 6).toLowerCase()} AFTER ${operation} ON ${table}
          FOR EACH ROW ${operation.startsWith("UPDATE") ? `WHEN (${isChanged})` : ""} EXECUTE FUNCTION keep_${counts}()`
      )
    ],
    orElse: () => {
      const add = `INSERT INTO ${counts} VALUES (${of("NEW")}, 1) ON CONFLICT (${list}) DO UPDATE SET n = n + 1`
      const subtract = `UPDATE ${counts} SET n = n - 1 WHERE ${columns.map((column) => `${column} = OLD.${column}`).join(" AND ")}`
      return [
        `CREATE TABLE ${counts} (${definitions}, n bigint NOT NULL, PRIMARY KEY (${list}))`,
        counted,
        `CREATE TRIGGER ${counts}_insert AFTER INSERT ON ${table} BEGIN ${add}; END`,
        `CREATE TRIGGER ${counts}_delete AFTER DELETE ON ${table} BEGIN ${subtract}; END`,
        `CREATE TRIGGER ${counts}_update AFTER UPDATE OF ${list} ON ${table}
          WHEN ${isChanged} BEGIN ${subtract}; ${add}; END`
      ]
    }
  })
  for (const statement of statements) yield* sql.unsafe(statement)
})

/**
 * Makes the triggers of `keepCounts` write one net change for each statement and key, where each change is a row. SQLite
 * changes its rows in place, which costs less than to look at what a statement changed.
 */
export const keepNetCounts = Effect.fnUntraced(function* (
  table: string,
  counts: string,
  columns: ReadonlyArray<string>
) {
  const sql = yield* SqlClient.SqlClient
  const list = columns.join(", ")
  const changed = {
    insert: { rows: "NEW TABLE AS added", from: `SELECT ${list}, 1 AS n FROM added` },
    delete: { rows: "OLD TABLE AS removed", from: `SELECT ${list}, -1 AS n FROM removed` },
    update: {
      rows: "OLD TABLE AS removed NEW TABLE AS added",
      from: `SELECT ${list}, 1 AS n FROM added UNION ALL SELECT ${list}, -1 FROM removed`
    }
  }
  const statements = sql.onDialectOrElse({
    pg: () => [
      `DROP FUNCTION keep_${counts} CASCADE`,
      ...Object.entries(changed).flatMap(([operation, { from, rows }]) => [
        `CREATE FUNCTION keep_${counts}_${operation}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          INSERT INTO ${counts} SELECT ${list}, sum(n) FROM (${from}) AS changes GROUP BY ${list} HAVING sum(n) <> 0;
          RETURN NULL;
        END $$`,
        `CREATE TRIGGER ${counts}_${operation} AFTER ${operation} ON ${table} REFERENCING ${rows}
          FOR EACH STATEMENT EXECUTE FUNCTION keep_${counts}_${operation}()`
      ])
    ],
    orElse: () => []
  })
  for (const statement of statements) yield* sql.unsafe(statement)
})

/** Sums up the rows that `keepCounts` wrote. Concurrent readers see the right sum. */
export const sumUp = Effect.fnUntraced(function* (counts: string, columns: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  const list = columns.join(", ")
  yield* sql.onDialectOrElse({
    pg: () =>
      sql.unsafe(`WITH gone AS (DELETE FROM ${counts} RETURNING *)
        INSERT INTO ${counts} SELECT ${list}, sum(n) FROM gone GROUP BY ${list} HAVING sum(n) <> 0`),
    orElse: () => Effect.succeed([])
  })
})

/** Whether a column contains a text, in the same case of letters. */
export const contains = (sql: SqlClient.SqlClient, column: string, text: string) =>
  sql.onDialectOrElse({
    pg: () => sql`strpos(${sql.literal(column)}, ${text}) > 0`,
    orElse: () => sql`instr(${sql.literal(column)}, ${text}) > 0`
  })

/** Makes SQLite use this index, because its planner prefers a worse one; PostgreSQL has statistics. */
export const indexedBy = (sql: SqlClient.SqlClient, index: string) =>
  sql.onDialectOrElse({ pg: () => sql.literal(""), orElse: () => sql.literal(`INDEXED BY ${index}`) })

/** Whether there is such a table. */
export const hasTable = Effect.fnUntraced(function* (table: string) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql.onDialectOrElse({
    pg: () => sql`SELECT 1 AS found WHERE to_regclass(${table}) IS NOT NULL`,
    orElse: () => sql`SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = ${table}`
  })
  return rows.length > 0
})

/** Inserts rows with their sequence numbers. */
export const insertAsTheyAre = Effect.fnUntraced(function* (
  table: string,
  rows: Arr.NonEmptyReadonlyArray<Record<string, unknown>>
) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.onDialectOrElse({
    pg: () => sql`INSERT INTO ${sql(table)} OVERRIDING SYSTEM VALUE
      SELECT * FROM json_populate_recordset(NULL::${sql(table)}, ${JSON.stringify(rows)}::json)`,
    orElse: () => sql`INSERT INTO ${sql(table)} ${sql.insert(rows)}`
  })
})

/** The last sequence number of a table, of removed rows too; 0 if none. */
export const lastSequence = Effect.fnUntraced(function* (table: string) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql.onDialectOrElse({
    pg: () => sql<{ last: number | null }>`
      SELECT pg_sequence_last_value(pg_get_serial_sequence(${table}, 'sequence')::regclass) AS last`,
    orElse: () => sql<{ last: number | null }>`SELECT seq AS last FROM sqlite_sequence WHERE name = ${table}`
  })
  return row?.last ?? 0
})

/** Continues the sequence numbers of a table after a given one. */
export const continueAfter = Effect.fnUntraced(function* (table: string, last: number) {
  const sql = yield* SqlClient.SqlClient
  if (last === 0) return
  yield* sql.onDialectOrElse({
    pg: () => sql`SELECT setval(pg_get_serial_sequence(${table}, 'sequence'), ${last})`,
    orElse: () =>
      Effect.andThen(
        sql`DELETE FROM sqlite_sequence WHERE name = ${table}`,
        sql`INSERT INTO sqlite_sequence ${sql.insert({ name: table, seq: last })}`
      )
  })
})

/**
 * Prevents gateways from starting while the scope is open; returns false if one is running. Not needed for SQLite,
 * which has one user.
 */
export const keepGatewaysOff = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return yield* sql.onDialectOrElse({
    pg: (): Effect.Effect<boolean, SqlError.SqlError, Scope.Scope> =>
      Effect.gen(function* () {
        const session = yield* sql.reserve
        const locks = [lockOfMembers, lockOfMigrations, lockOfEverything]
        yield* Effect.addFinalizer(() =>
          Effect.ignore(session.execute("SELECT pg_advisory_unlock_all()", [], undefined))
        )
        const rows = yield* session.execute(
          `SELECT ${locks.map((lock) => `pg_try_advisory_lock(${advisoryClass}, ${lock})`).join(" AND ")} AS got`,
          [],
          undefined
        )
        return rows[0]?.got === true
      }),
    orElse: () => Effect.succeed(true)
  })
})

/** Removes NOT NULL from columns of a table. */
export const dropNotNull = Effect.fnUntraced(function* (table: string, columns: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  yield* sql.onDialectOrElse({
    pg: () =>
      Effect.forEach(columns, (column) => sql.unsafe(`ALTER TABLE ${table} ALTER COLUMN ${column} DROP NOT NULL`), {
        discard: true
      }),
    orElse: () => rebuild(sql, table, columns)
  })
})

/** SQLite cannot remove NOT NULL from a column: rebuilds the table, with its indexes and triggers. */
const rebuild = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, table: string, columns: ReadonlyArray<string>) {
  const [old] = yield* sql<{ sql: string }>`SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ${table}`
  const others = yield* sql<{ sql: string }>`SELECT sql FROM sqlite_master
    WHERE tbl_name = ${table} AND type IN ('index', 'trigger') AND sql IS NOT NULL`
  const definition = columns.reduce(
    (statement, column) => statement.replace(`${column} text NOT NULL`, `${column} text`),
    (old?.sql ?? "").replace(new RegExp(`CREATE TABLE "?${table}"?`), `CREATE TABLE ${table}_anew`)
  )
  yield* sql.unsafe(definition)
  yield* sql.unsafe(`INSERT INTO ${table}_anew SELECT * FROM ${table}`)
  yield* sql.unsafe(`DROP TABLE ${table}`)
  yield* sql.unsafe(`ALTER TABLE ${table}_anew RENAME TO ${table}`)
  for (const { sql: statement } of others) yield* sql.unsafe(statement)
})
