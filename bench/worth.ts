/**
 * Prints what parts of the store cost and save whose worth is in question: the kept counts, and a `migrate-store` that
 * resumes. Takes two minutes on a quiet machine.
 */
import { startPostgres } from "@tocsin/test-postgres"
import { execFileSync } from "node:child_process"
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { copies } from "./fill.ts"
import { inFolder, startWithLane } from "./gateway.ts"
import { alert, close, fresh, post } from "./load.ts"
import { cpuOf } from "./program.ts"
import { median } from "./row.ts"
import { startStandIn } from "./standIn.ts"

/** CPU time of this process in milliseconds, and the time that passed. */
const measured = async (run: () => unknown) => {
  const [cpu, began] = [process.cpuUsage(), performance.now()]
  await run()
  const { system, user } = process.cpuUsage(cpu)
  return { cpu: (system + user) / 1000, ms: performance.now() - began }
}

/** The CPU time of 1,000 alerts' deliveries, each changed three times in transactions of their own. */
const writes = (file: string) => {
  const database = new DatabaseSync(file)
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
  const ids = database
    .prepare("SELECT id FROM deliveries ORDER BY sequence DESC LIMIT 1000")
    .all()
    .map(({ id }) => String(id))
  const change = database.prepare(
    `UPDATE deliveries SET status = ?1, updated_at = updated_at + 1,
      history = substr(history, 1, length(history) - 1) || ',["' || ?1 || '",' || unixepoch() || ']]' WHERE id = ?2`
  )
  const run = () => {
    for (const id of ids) {
      for (const status of ["pending", "sending", "delivered"]) {
        database.exec("BEGIN IMMEDIATE")
        change.run(status, id)
        database.exec("COMMIT")
      }
    }
  }
  return measured(run).finally(() => database.close())
}

const withoutTriggers = (file: string, copy: string) => {
  copyFileSync(file, copy)
  const database = new DatabaseSync(copy)
  for (const { name } of database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all()) {
    database.exec(`DROP TRIGGER ${String(name)}`)
  }
  database.close()
  return copy
}

const keptCounts = async (file: string) => {
  const bare = withoutTriggers(file, `${file}.bare`)
  const costs: Array<{ readonly kept: number; readonly bare: number }> = []
  for (let round = 0; round < 6; round++) {
    const [kept, without] = [(await writes(file)).cpu, (await writes(bare)).cpu]
    if (round > 0) costs.push({ kept, bare: without })
  }
  const share = median(costs.map(({ bare, kept }) => (kept - bare) / kept))
  console.log(`Kept counts: ${(share * 100).toFixed(0)}% of SQLite's CPU where each delivery is a commit of its own.`)
  const database = new DatabaseSync(file)
  database.exec("UPDATE deliveries SET status = 'pending' WHERE sequence % 2 = 0")
  const of = "integration_id = 'bench' AND status IN ('pending', 'retrying')"
  for (const [what, sql] of [
    ["the backlog, kept", `SELECT coalesce(sum(n), 0) AS n FROM delivery_counts WHERE ${of}`],
    ["the backlog, counted", `SELECT count(*) AS n FROM deliveries WHERE ${of}`],
    ["all deliveries, kept", "SELECT coalesce(sum(n), 0) AS n FROM delivery_counts"],
    ["all deliveries, counted", "SELECT count(*) AS n FROM deliveries"]
  ] as const) {
    const statement = database.prepare(sql)
    const times: Array<number> = []
    for (let round = 0; round < 9; round++) times.push((await measured(() => statement.get())).cpu)
    console.log(`  ${what}: ${median(times).toFixed(2)} ms for ${Number(statement.get()?.["n"])} rows`)
  }
  database.close()
}

const migrateStore = async (file: string, rows: number) => {
  const postgres = await startPostgres("fsync=on", "synchronous_commit=on")
  for (const [name, target] of [
    ["SQLite", `sqlite:${file}.copy`],
    ["PostgreSQL", postgres.url("postgres")]
  ] as const) {
    const [cpu, began] = [cpuOf(process.pid, true), performance.now()]
    execFileSync(process.execPath, [
      "--conditions=@tocsin/source",
      fileURLToPath(new URL("../apps/gateway/src/main.ts", import.meta.url)),
      "migrate-store",
      `sqlite:${file}`,
      target
    ])
    const [seconds, used] = [performance.now() - began, cpuOf(process.pid, true) - cpu].map((ms) =>
      (ms / 1000).toFixed(0)
    )
    console.log(`migrate-store: ${rows} rows to ${name} in ${seconds} s, ${used} s of its CPU.`)
  }
  await postgres.stop()
}

await inFolder(async (folder) => {
  const standIn = await startStandIn()
  const file = join(folder, "full.db")
  const gateway = await startWithLane(`sqlite:${file}`, standIn, "worth")
  const [number = 0] = fresh(1)
  await post(`${gateway.url}/v1/alerts`, [alert(number)])
  await standIn.postedSingly("ok/worth", 1)
  await gateway.stop()
  await Promise.all([standIn.stop(), close()])
  const rows = copies(file, `alert-${number}`, 333_333)
  await keptCounts(file)
  await migrateStore(file, rows)
})
process.exit(0)
