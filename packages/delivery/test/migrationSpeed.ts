/**
 * Prints how fast the migrations that rewrite the tables are, and how much space they take:
 *
 *     node --conditions=@tocsin/source packages/delivery/test/migrationSpeed.ts [rows of history, 1000000 if not given]
 *
 * The history is that of alerts that were raised, delivered to one integration, and cleared: two events, one
 * conversation, two deliveries and six steps each.
 */
import { Effect } from "effect"
import { Migrator, SqlClient } from "effect/sql"
import { mkdtempDisposableSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { migrateTables } from "../src/sql/migrate.ts"
import { migrations } from "../src/sql/migrations.ts"
import * as Sqlite from "../src/stores/Sqlite.ts"

const rowsOfAnAlert = 12

/** The last schema before the tables were rewritten. */
const schemaBefore = 13

/** Makes the tables of that schema, with this many alerts in them. */
const fill = Effect.fnUntraced(function* (alerts: number) {
  const sql = yield* SqlClient.SqlClient
  const before = Object.fromEntries(Object.entries(migrations).slice(0, schemaBefore))
  yield* Migrator.make({})({ loader: Migrator.fromRecord(before), table: "migrations" })
  yield* sql.unsafe("PRAGMA synchronous = OFF")
  const numbered = (select: string, and = "") =>
    `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${alerts})
      SELECT ${select} FROM numbers ${and}`
  const id = (what: string) => `'01900000-0000-7000-${what}-' || printf('%012x', n)`
  const [alert, conversation, delivery] = [id("8000"), id("9000"), `kind || ${id("a000")}`]
  const json = `'{"id":"' || ${alert} || '","source":"bench","summary":"${"Latency above 200 ms. ".repeat(30)}"}'`
  const text = `'Latency above 200 ms: ' || n || '${" Frankfurt 240 ms".repeat(10)}'`
  const kinds = "CROSS JOIN (SELECT 'Raised' AS kind UNION ALL SELECT 'Cleared') AS kinds"
  const steps = `CROSS JOIN (SELECT 'pending' AS status, 'matched by rule all' AS cause, NULL AS attempt
    UNION ALL SELECT 'sending', NULL, 1 UNION ALL SELECT 'delivered', NULL, 1) AS steps`
  for (const statement of [
    `INSERT INTO alerts (id, source, source_id, episode, state, severity, raised_here, started_at, clear_time_stated,
      alert, last_hash, last_heard_at, created_at)
      ${numbered(`${alert}, 'bench', 'alert-' || n, 1, 'cleared', 'major', 1, n, 1, ${json}, hex(n), n, n`)}`,
    `INSERT INTO events (source, hash, alert_id, status, note, received_at)
      ${numbered(`'bench', kind || n, ${alert}, 'accepted', NULL, n`, kinds)}`,
    `INSERT INTO conversations (id, alert_id, integration_id, state, holders, held_by, perhaps_told, receipt, opened_at)
      ${numbered(`${conversation}, ${alert}, 'ops', 'closed', '[]', '["all"]', 0, '[{"kind":"Raised","receipt":{}}]', n`)}`,
    `INSERT INTO deliveries (id, conversation_id, alert_id, integration_id, kind, status, cause, form, attempts, unanswered,
      next_at, severity, text, created_at, updated_at)
      ${numbered(`${delivery}, ${conversation}, ${alert}, 'ops', kind, 'delivered', NULL, 'rich', 1, 0, n, 'major', ${text}, n, n`, kinds)}`,
    `INSERT INTO transitions (delivery_id, status, cause, attempt, at)
      ${numbered(`${delivery}, status, cause, attempt, n`, `${kinds} ${steps}`)}`
  ]) {
    yield* sql.unsafe(statement)
  }
  yield* sql.unsafe("PRAGMA wal_checkpoint(TRUNCATE)")
})

const megabytes = (file: string): number => Math.round((statSync(file, { throwIfNoEntry: false })?.size ?? 0) / 1e6)

using folder = mkdtempDisposableSync(join(tmpdir(), "tocsin-migration-"))
const alerts = Math.ceil(Number(process.argv[2] ?? 1_000_000) / rowsOfAnAlert)
const rows = alerts * rowsOfAnAlert
const file = join(folder.path, "old.db")
const run = <A, E>(effect: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.runPromise(Effect.provide(effect, Sqlite.layer(file)))
await run(fill(alerts))
const before = megabytes(file)
console.log(`${rows} rows of history in a file of ${before} MB`)
await run(
  Effect.gen(function* () {
    const began = performance.now()
    yield* migrateTables
    const seconds = (performance.now() - began) / 1000
    const [backup, log, after] = [`${file}.schema-${schemaBefore}`, `${file}-wal`, file].map(megabytes)
    console.log(`migrated in ${seconds.toFixed(1)} s with the backup: ${Math.round(rows / seconds)} rows/s`)
    console.log(`the file now has ${after} MB, the backup ${backup} MB, the log had ${log} MB`)
  })
)
