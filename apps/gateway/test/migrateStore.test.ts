import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Delivery, listOf } from "./answers.ts"
import { until } from "./gate.ts"
import { postgres } from "./postgres.ts"
import { make, type World } from "./world.ts"

const key = Buffer.alloc(32, 7).toString("base64")

describe("tocsin migrate-store", { timeout: 90_000 }, () => {
  it.live("moves a gateway from SQLite to PostgreSQL: it goes on there, and tells nothing twice", () =>
    Effect.gen(function* () {
      const server = yield* postgres
      const world = yield* make({ TOCSIN_KEY: key })
      const room = yield* world.room("ops", { match: { source: "monitor" } })
      yield* post(world, "told-and-cleared", "raised")
      yield* room.told(1)
      yield* post(world, "told-and-cleared", "cleared")
      yield* post(world, "told", "raised")
      yield* room.told(3)
      const from = `sqlite:${world.database}`
      const to = server.url("postgres")
      const running = yield* command(from, to)
      assert.strictEqual(running.code, 1)
      assert.include(running.printed, `Another gateway has ${world.database} open`)

      // What is on its way when the gateway ends was never taken.
      world.slackGate.hold()
      world.hipChatGate.hold()
      yield* post(world, "pending", "raised")
      yield* until("both attempts", () => world.slackGate.held() + world.hipChatGate.held() === 2)
      const before = yield* deliveries(world)
      yield* world.gateway().stop("SIGKILL")
      world.slackGate.open("drop")
      world.hipChatGate.open("drop")

      // Killed at the first sign of life, it goes on when it is begun again.
      yield* command(from, to, "Copying")
      const moved = yield* command(from, to)
      assert.strictEqual(moved.code, 0, moved.printed)
      assert.match(moved.printed, /^deliveries: \d+ rows, the same in both/m)
      assert.include(moved.printed, "Set TOCSIN_DATABASE_URL")
      const again = yield* command(from, to)
      assert.strictEqual(again.code, 1)
      assert.match(again.printed, /holds data already: name an empty database\.$/m)
      for (const { printed } of [running, moved, again]) assert.notInclude(printed, new URL(to).password)

      yield* world.startWith({ TOCSIN_DATABASE_URL: to })
      assert.sameMembers(ids(yield* deliveries(world)), ids(before))
      const told = yield* room.told(4)
      assert.include(told[3]?.slack.shown, "monitor alert pending")
      yield* post(world, "told", "cleared")
      yield* post(world, "pending", "cleared")
      const all = (yield* room.told(6)).map(({ slack }) => slack.shown)
      assert.lengthOf(
        all.filter((shown) => shown.includes("Cleared: Check")),
        3
      )
    })
  )

  it.live("is not begun where the source is not there, and repeats no password", () =>
    Effect.gen(function* () {
      const { code, printed } = yield* command("sqlite:/nowhere/tocsin.db", "postgres://tocsin:hush@127.0.0.1:1/tocsin")
      assert.strictEqual(code, 1)
      assert.strictEqual(printed, "There is no file /nowhere/tocsin.db.\n")
      const unread = yield* command("postgres//tocsin:hush@127.0.0.1/tocsin", "sqlite:/nowhere/tocsin.db")
      assert.strictEqual(unread.code, 1)
      assert.include(unread.printed, "The first store must be sqlite: and a file")
      assert.notInclude(unread.printed, "hush")
    })
  )
})

const deliveries = (world: World) =>
  Effect.map(world.request("GET", "/v1/deliveries?limit=100"), ({ as }) => as(listOf(Delivery)).items)

const ids = (deliveries: ReadonlyArray<{ readonly id: string }>) => deliveries.map(({ id }) => id)

const post = Effect.fnUntraced(function* (world: World, id: string, state: "raised" | "cleared") {
  const { status, text } = yield* world.request("POST", "/v1/alerts", {
    source: "monitor",
    id,
    state,
    startedAt: "2026-01-01T00:00:00Z",
    rule: { name: "Check" }
  })
  assert.strictEqual(status, 202, text)
})

/** Runs the command to its end, or kills it once it has printed a word. */
const command = (from: string, to: string, killedAt?: string) =>
  Effect.callback<{ readonly code: number | null; readonly printed: string }>((resume) => {
    const child = spawn(process.execPath, ["--conditions=@tocsin/source", main, "migrate-store", from, to], {
      stdio: ["ignore", "pipe", "pipe"]
    })
    let printed = ""
    const read = (chunk: Buffer) => {
      printed += chunk.toString()
      if (killedAt !== undefined && printed.includes(killedAt)) child.kill("SIGKILL")
    }
    child.stdout.on("data", read)
    child.stderr.on("data", read)
    child.on("close", (code) => resume(Effect.succeed({ code, printed })))
  })

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
