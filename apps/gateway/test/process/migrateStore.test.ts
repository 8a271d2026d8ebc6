import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Delivery, listOf } from "../harness/answers.ts"
import { eventually, until } from "../harness/gate.ts"
import { postgres } from "../harness/postgres.ts"
import { make, type Harness } from "../harness/gateway.ts"

const key = Buffer.alloc(32, 7).toString("base64")

describe("tocsin migrate-store", () => {
  it.live("moves a gateway from SQLite to PostgreSQL, which resumes and duplicates nothing", () =>
    Effect.gen(function* () {
      const server = yield* postgres
      const harness = yield* make({ TOCSIN_KEY: key })
      const channels = yield* harness.channels("ops", { match: { source: "monitor" } })
      yield* post(harness, "told-and-cleared", "raised")
      yield* channels.received(1)
      yield* post(harness, "told-and-cleared", "cleared")
      yield* post(harness, "told", "raised")
      yield* channels.received(3)
      const from = `sqlite:${harness.database}`
      const to = server.url("postgres")
      const there = { TOCSIN_MIGRATE_FROM: from, TOCSIN_DATABASE_URL: to }
      const running = yield* command({ environment: there })
      assert.strictEqual(running.code, 1)
      assert.include(running.printed, `A gateway runs on ${harness.database}, or tocsin migrate-store does: stop it`)

      // What is on its way when the gateway ends was never taken.
      harness.slackGate.hold()
      harness.hipChatGate.hold()
      yield* post(harness, "pending", "raised")
      yield* until("both attempts", () => harness.slackGate.held() + harness.hipChatGate.held() === 2)
      const before = yield* deliveries(harness)
      yield* harness.gateway().stop("SIGKILL")
      harness.slackGate.open("drop")
      harness.hipChatGate.open("drop")

      // A gateway that was there for a moment, and made the tables, is in nobody's way.
      yield* harness.startWith({ TOCSIN_DATABASE_URL: to })
      yield* harness.gateway().stop("SIGTERM")
      yield* halfWay(server, "SHARE", "SIGKILL", there)
      yield* halfWay(server, "SHARE", "SIGTERM", there)
      const moved = yield* command({ environment: there })
      assert.strictEqual(moved.code, 0, moved.printed)
      assert.match(moved.printed, /^deliveries: \d+ rows, the same in both/m)
      assert.include(moved.printed, "Set TOCSIN_DATABASE_URL")
      const again = yield* command({ stores: [from, to] })
      assert.strictEqual(again.code, 1)
      assert.match(again.printed, /holds data already: name an empty database\.$/m)
      for (const { printed } of [running, moved, again]) assert.notInclude(printed, new URL(to).password)

      yield* harness.startWith({ TOCSIN_DATABASE_URL: to })
      assert.sameMembers(ids(yield* deliveries(harness)), ids(before))
      const received = yield* channels.received(4)
      assert.include(received[3]?.slack.shown, "monitor alert pending")
      yield* post(harness, "told", "cleared")
      yield* post(harness, "pending", "cleared")
      const all = (yield* channels.received(6)).map(({ slack }) => slack.shown)
      assert.lengthOf(
        all.filter((shown) => shown.includes("Cleared: Check")),
        3
      )

      const back = `sqlite:${harness.database}.back`
      const home = { TOCSIN_MIGRATE_FROM: to, TOCSIN_DATABASE_URL: back }
      const served = yield* command({ environment: home })
      assert.strictEqual(served.code, 1)
      assert.include(served.printed, `A gateway runs on PostgreSQL at ${new URL(to).host}/postgres: stop it`)
      const atLast = yield* deliveries(harness)
      yield* harness.gateway().stop("SIGTERM")
      yield* halfWay(server, "ACCESS EXCLUSIVE", "SIGTERM", home)
      yield* halfWay(server, "ACCESS EXCLUSIVE", "SIGKILL", home)
      const returned = yield* command({ environment: home })
      assert.strictEqual(returned.code, 0, returned.printed)
      yield* harness.startWith({ TOCSIN_DATABASE_URL: back })
      assert.sameMembers(ids(yield* deliveries(harness)), ids(atLast))
      yield* post(harness, "one more", "raised")
      yield* channels.received(7)
    })
  )

  it.live("refuses a missing source, and prints no password", () =>
    Effect.gen(function* () {
      const { code, printed } = yield* command({
        stores: ["sqlite:/nowhere/tocsin.db", "postgres://tocsin:hush@127.0.0.1:1/tocsin"]
      })
      assert.strictEqual(code, 1)
      assert.strictEqual(printed, "There is no file /nowhere/tocsin.db.\n")
      const unread = yield* command({
        stores: ["postgres//tocsin:hush@127.0.0.1/tocsin", "sqlite:/nowhere/tocsin.db"]
      })
      assert.strictEqual(unread.code, 1)
      assert.include(unread.printed, "The first store must be sqlite: and a file")
      assert.notInclude(unread.printed, "hush")
    })
  )
})

const deliveries = (harness: Harness) =>
  Effect.map(harness.request("GET", "/v1/deliveries?limit=100"), ({ as }) => as(listOf(Delivery)).items)

const ids = (deliveries: ReadonlyArray<{ readonly id: string }>) => deliveries.map(({ id }) => id)

const post = Effect.fnUntraced(function* (harness: Harness, id: string, state: "raised" | "cleared") {
  const { status, text } = yield* harness.request("POST", "/v1/alerts", {
    source: "monitor",
    id,
    state,
    startedAt: "2026-01-01T00:00:00Z",
    rule: { name: "Check" }
  })
  assert.strictEqual(status, 202, text)
})

interface Run {
  readonly stores?: ReadonlyArray<string>
  readonly environment?: { readonly [name: string]: string }
  readonly started?: (child: ChildProcess) => void
}

/** Runs the command to its end. */
const command = ({ environment = {}, started, stores = [] }: Run) =>
  Effect.callback<{ readonly code: number | null; readonly printed: string }>((resume) => {
    const child = spawn(process.execPath, ["--conditions=@tocsin/source", main, "migrate-store", ...stores], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"]
    })
    started?.(child)
    let printed = ""
    const read = (chunk: Buffer) => {
      printed += chunk.toString()
    }
    child.stdout.on("data", read)
    child.stderr.on("data", read)
    child.on("close", (code) => resume(Effect.succeed({ code, printed })))
  })

/** Runs the command until it has come to the deliveries, which are locked in PostgreSQL, and ends it there. */
const halfWay = Effect.fnUntraced(function* (
  { server }: Effect.Success<typeof postgres>,
  mode: "SHARE" | "ACCESS EXCLUSIVE",
  signal: "SIGTERM" | "SIGKILL",
  environment: { readonly [name: string]: string }
) {
  const client = server.getPgClient()
  const query = (text: string) =>
    Effect.promise((): Promise<{ readonly rowCount: number | null }> => client.query(text))
  yield* Effect.promise(() => client.connect())
  yield* query(`BEGIN; LOCK TABLE deliveries IN ${mode} MODE`)
  let child: ChildProcess | undefined
  const ended = yield* Effect.forkChild(command({ environment, started: (started) => (child = started) }))
  yield* eventually(
    "the command to wait for the deliveries",
    query("SELECT 1 FROM pg_locks WHERE relation = 'deliveries'::regclass AND NOT granted"),
    ({ rowCount }) => rowCount === 1
  )
  child?.kill(signal)
  const { code, printed } = yield* Fiber.join(ended)
  yield* query("ROLLBACK")
  yield* Effect.promise(() => client.end())
  if (signal === "SIGKILL") return assert.isNull(code)
  assert.strictEqual(code, 1)
  assert.match(printed, /^Interrupted\. Run it again with the same stores: it resumes\.$/m)
})

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))
