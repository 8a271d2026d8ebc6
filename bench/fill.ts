/**
 * Fills a gateway's SQLite file with a long history.
 */
import { DatabaseSync } from "node:sqlite"

/**
 * Copies one alert, and every row that the gateway wrote about it, into the past: the last copy is as old as the
 * alert, each other one `every` milliseconds older than the next. No gateway may use the file meanwhile. Returns the
 * number of rows.
 *
 * The tables, their indices and their triggers are as the gateway made them; only the copies are written without syncs.
 */
export const copies = (file: string, sourceId: string, count: number, every = 0): number => {
  const database = new DatabaseSync(file)
  database.exec(
    "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN"
  )
  const [alert] = database.prepare("SELECT id FROM alerts WHERE source_id = ?").all(sourceId)
  if (alert === undefined) throw new Error(`There is no alert ${sourceId} to copy`)
  const id = String(alert["id"])
  const deliveries = database
    .prepare("SELECT id FROM deliveries WHERE alert_id = ?")
    .all(id)
    .map(({ id }) => String(id))
  // Ids grow with time, as the gateway's do.
  const renamed = [id, ...deliveries].map((id) => [id, `'${id.slice(0, 24)}' || printf('%012x', n)`])
  const number = sourceId.replace(/^\D+/, "")
  const renames = [
    ...renamed,
    [sourceId, "printf('copy-%010d', n)"],
    [`bench-${number}`, "printf('bench-9%09d', n)"]
  ] as const
  const copy = (table: string, where: string) => {
    const rows = database.prepare(`SELECT * FROM ${table} WHERE ${where} `).all()
    const columns = Object.keys(rows[0] ?? {}).filter((column) => column !== "sequence")
    const values = columns.map((column) =>
      column.endsWith("_at")
        ? `${column} - ${every} * (${count} - n)`
        : renames
            .filter(([old]) => rows.some((row) => String(row[column]).includes(old)))
            .reduce((value, [old, renamed]) => `replace(${value}, '${old}', ${renamed})`, column)
    )
    const sql = `INSERT INTO ${table} (${columns.join(", ")})
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count}),
        of AS MATERIALIZED (SELECT * FROM ${table} WHERE ${where})
      SELECT ${values.join(", ")} FROM numbers CROSS JOIN of`
    return Number(database.prepare(sql).run().changes)
  }
  let rows = 0
  for (const [table, where] of [
    ["alerts", `id = '${id}'`],
    ["conversations", `alert_id = '${id}'`],
    ["deliveries", `alert_id = '${id}'`]
  ] as const) {
    rows += copy(table, where)
  }
  database.exec("COMMIT; PRAGMA journal_mode = WAL")
  database.close()
  return rows
}
