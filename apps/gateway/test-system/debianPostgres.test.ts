import { assert, describe, it } from "@effect/vitest"
import { FakeServer } from "@tocsin/core/fakes"
import { FakeSlack, show } from "@tocsin/plugin-slack/testing"
import { Effect } from "effect"
import { execFileSync, spawn } from "node:child_process"
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import * as GatewayProcess from "../demo/gatewayProcess.ts"
import { until } from "../test/harness/gate.ts"

const isRoot = userInfo().uid === 0

/** PostgreSQL and PgBouncer refuse to run as root. */
const asPostgres = (program: string, ...args: ReadonlyArray<string>): [string, ReadonlyArray<string>] =>
  isRoot ? ["runuser", ["-u", "postgres", "--", program, ...args]] : [program, args]

/** A folder that the servers may write to. */
const folder = Effect.acquireRelease(
  Effect.sync(() => {
    const path = mkdtempSync(join(tmpdir(), "tocsin-debian-"))
    if (isRoot) {
      const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }))
      chownSync(path, id("-u"), id("-g"))
    }
    chmodSync(path, 0o700)
    return path
  }),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const freePort = Effect.promise(
  () =>
    new Promise<number>((resolve) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const address = server.address()
        server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
      })
    })
)

/** Runs a server until the scope ends; it is up when it says so. */
const serve = Effect.fnUntraced(function* (says: string, ...command: readonly [string, ...ReadonlyArray<string>]) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const [program, args] = asPostgres(...command)
      return spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true })
    }),
    ({ pid }) => Effect.sync(() => pid !== undefined && process.kill(-pid, "SIGINT"))
  )
  let printed = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (printed += chunk.toString()))
  yield* until(`${says}, of ${command[0]}`, () => printed.includes(says))
})

/** Debian's PostgreSQL on a free port. */
const postgres = Effect.gen(function* () {
  const at = yield* folder
  const port = yield* freePort
  const installed = "/usr/lib/postgresql"
  const bin = join(installed, readdirSync(installed).toSorted().at(-1) ?? "", "bin")
  const data = join(at, "data")
  const [program, args] = asPostgres(join(bin, "initdb"), "-D", data, "-U", "tocsin", "-A", "trust", "-E", "UTF8")
  execFileSync(program, args, { stdio: "ignore", cwd: at })
  const settings = ["listen_addresses=127.0.0.1", `port=${port}`, "unix_socket_directories="]
  yield* serve("ready to accept", join(bin, "postgres"), "-D", data, ...settings.flatMap((flag) => ["-c", flag]))
  return port
})

const start = (port: number) =>
  GatewayProcess.start({
    TOCSIN_DATABASE_URL: `postgres://tocsin@127.0.0.1:${port}/postgres`,
    TOCSIN_KEY: Buffer.alloc(32, 1).toString("base64"),
    TOCSIN_EGRESS_ALLOW: "127.0.0.1"
  })

/** Every setting that a session of a gateway begins with. */
const ignored =
  "synchronous_commit,statement_timeout,random_page_cost,plan_cache_mode,idle_in_transaction_session_timeout,idle_session_timeout"

describe("Debian's PostgreSQL", () => {
  it.live("serves a gateway", () =>
    Effect.gen(function* () {
      const slack = new FakeSlack()
      const slackUrl = yield* FakeServer.serve(slack)
      const { url } = yield* start(yield* postgres)
      const post = Effect.fnUntraced(function* (path: string, body: unknown) {
        const headers = { "content-type": "application/json" }
        const { status } = yield* Effect.promise(() =>
          fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
        )
        assert.isBelow(status, 300)
      })
      const settings = { url: `${slackUrl}/services/T0/B0/ops` }
      yield* post("/v1/integrations", { id: "ops", name: "ops", type: "slack", settings })
      yield* post("/v1/rules", { id: "all", name: "all", match: {}, integrations: ["ops"], notifyOnClear: true })
      const event = { source: "debian", id: "a", startedAt: "2026-01-01T00:00:00Z", rule: { name: "Disk full" } }
      for (const [n, state] of ["raised", "cleared"].entries()) {
        yield* post("/v1/alerts", { ...event, state })
        yield* until(state, () => slack.messages.length === n + 1)
      }
      const [raised = "", cleared = ""] = slack.messages.map(({ payload }) => show(payload))
      assert.include(raised, "Raised: Disk full")
      assert.include(cleared, "Cleared: Disk full")
    })
  )

  it.live.each([
    ["transaction", ignored],
    ["session", ignored],
    ["transaction", ""]
  ])("behind a pooler in %s mode, which ignores '%s', is refused with a sentence", ([mode, ignored]) =>
    Effect.gen(function* () {
      const database = yield* postgres
      const at = yield* folder
      const port = yield* freePort
      const file = join(at, "pgbouncer.ini")
      writeFileSync(
        file,
        `[databases]
postgres = host=127.0.0.1 port=${database} user=tocsin
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
ignore_startup_parameters = ${ignored}
`
      )
      chmodSync(file, 0o644)
      yield* serve("process up", "/usr/sbin/pgbouncer", file)
      const { message } = yield* Effect.flip(start(port))
      assert.match(message, /pooler is in front of /)
    })
  )
})
