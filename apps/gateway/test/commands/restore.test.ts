import { assert, describe, it } from "@effect/vitest"
import { Delivery, Integration } from "@tocsin/client"
import { Effect, Schema } from "effect"
import { copyFileSync, existsSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { listOf } from "../harness/answers.ts"
import { tocsin } from "../harness/command.ts"
import { eventually, until } from "../harness/gate.ts"
import { make, type Harness } from "../harness/gateway.ts"
import { postgres } from "../harness/postgres.ts"
import { inject } from "vitest"

const folder = () => mkdtempSync(join(tmpdir(), "tocsin-restore-"))

const raise = (harness: Harness, source: string, id: string) =>
  harness.request("POST", "/v1/alerts", {
    source,
    id,
    state: "raised",
    startedAt: "2026-01-01T00:00:00Z",
    rule: { name: `rule of ${id}` },
    summary: `summary of ${id}`
  })

const integrations = (harness: Harness) =>
  Effect.map(harness.request("GET", "/v1/integrations"), ({ as }) => as(listOf(Integration)).items)

/** How many messages the channels have received whose deliveries are open in the backup. */
const received = ({ hipChat, slack }: Harness) =>
  [...slack.messages, ...hipChat.messages].filter(({ url }) => url.includes("/busy")).length

/** A gateway that has delivered one alert, and is sending another one to two channels. */
const sending = Effect.fnUntraced(function* (settings: { readonly [name: string]: string } = {}) {
  const harness = yield* make(settings)
  const quiet = yield* harness.channels("quiet", { match: { source: "quiet" } })
  const busy = yield* harness.channels("busy", { match: { source: "busy" } })
  yield* raise(harness, "quiet", "first")
  yield* quiet.received(1)
  harness.slackGate.hold()
  harness.hipChatGate.hold()
  yield* raise(harness, "busy", "second")
  yield* until("both attempts", () => harness.slackGate.held() + harness.hipChatGate.held() === 2)
  return { harness, quiet, busy }
})

/** What holds after a restore: the integrations with open deliveries send nothing until they are resumed. */
const checkHeld = Effect.fnUntraced(function* ({ busy, harness, quiet }: Effect.Success<ReturnType<typeof sending>>) {
  const before = received(harness)
  // New alerts of other integrations are delivered, so the lanes run.
  yield* raise(harness, "quiet", "third")
  yield* quiet.received(2)
  assert.strictEqual(received(harness), before)
  const reason = "restored from a backup in which a delivery was open; it may have been sent since"
  assert.deepStrictEqual(
    (yield* integrations(harness)).map(({ id, paused }) => `${id}: ${paused?.by}: ${paused?.reason}`).toSorted(),
    [
      `busy-hipchat: tocsin restore: ${reason}`,
      `busy-slack: tocsin restore: ${reason}`,
      "quiet-hipchat: undefined: undefined",
      "quiet-slack: undefined: undefined"
    ]
  )
  const alerts = yield* harness.request("GET", "/v1/alerts?source=busy")
  const { id } = alerts.as(listOf(Schema.Struct({ id: Schema.String }))).items[0] ?? { id: "" }
  const { text } = yield* harness.request("GET", `/v1/alerts/${id}/explain`)
  assert.include(text, `because tocsin restore paused busy: ${reason}`)
  const resume = harness.request("POST", `/v1/integrations/${busy.integrations.slack}/resume`, { reason: "was lost" })
  assert.strictEqual((yield* resume).status, 200)
  const sent = yield* eventually(
    "the delivery to be sent",
    Effect.map(harness.request("GET", `/v1/deliveries?integration=${busy.integrations.slack}`), ({ as }) =>
      as(listOf(Delivery)).items.map(({ status }) => status)
    ),
    (statuses) => statuses.includes("delivered")
  )
  assert.deepStrictEqual(sent, ["delivered"])
  assert.strictEqual(received(harness), before + 1)
})

describe("tocsin restore", () => {
  it.live("makes a new store from a backup, and holds what was open in it until it is resumed (D8)", () =>
    Effect.gen(function* () {
      const made = yield* sending()
      const { busy, harness } = made
      const backup = join(folder(), "tocsin.db")
      const settings = {
        TOCSIN_DATABASE_URL: `sqlite:${harness.database}`,
        TOCSIN_PORT: new URL(harness.gateway().url).port
      }
      const backedUp = yield* tocsin(["backup", backup], settings)
      assert.strictEqual(backedUp.code, 0, backedUp.err)
      yield* harness.gateway().stop("SIGKILL")
      harness.slackGate.open("drop")
      harness.hipChatGate.open("drop")

      const database = join(folder(), "new/tocsin.db")
      const { code, err, out } = yield* tocsin(["restore", backup], { TOCSIN_DATABASE_URL: `sqlite:${database}` })
      assert.strictEqual(code, 0, err)
      assert.include(out, `Restored ${database}. These integrations are paused`)
      assert.include(out, `  busy (${busy.integrations.slack}): 1 open\n`)
      assert.notInclude(out, "quiet")
      assert.include(out, `copy it to ${database}.key`)
      assert.strictEqual((statSync(database).mode & 0o777).toString(8), "600")
      assert.deepStrictEqual(readdirSync(join(database, "..")), ["tocsin.db"])
      copyFileSync(`${harness.database}.key`, `${database}.key`)
      yield* harness.startWith({ TOCSIN_DATABASE_URL: `sqlite:${database}` })
      yield* checkHeld(made)
    }).pipe(Effect.scoped)
  )

  // Another PostgreSQL and four processes, for `pnpm test:all`.
  if (inject("breadth") === "all") {
    it.live("holds what was open in a dump that pg_restore has restored", () =>
      Effect.gen(function* () {
        const { url } = yield* postgres
        const settings = { TOCSIN_DATABASE_URL: url("postgres"), TOCSIN_KEY: Buffer.alloc(32).toString("base64") }
        const made = yield* sending(settings)
        const { harness } = made
        const running = yield* tocsin(["restore"], settings)
        assert.deepStrictEqual([running.code, running.err.trim().split(". ")[1]], [1, "Stop it, then run this again."])
        // A gateway that is killed leaves the rows as a dump of this moment has them.
        yield* harness.gateway().stop("SIGKILL")
        harness.slackGate.open("drop")
        harness.hipChatGate.open("drop")
        const { code, err, out } = yield* tocsin(["restore"], settings)
        assert.strictEqual(code, 0, err)
        assert.include(
          out,
          `Restored PostgreSQL at ${new URL(url("postgres")).host}/postgres. These integrations are paused`
        )
        yield* harness.start
        yield* checkHeld(made)
      }).pipe(Effect.scoped)
    )
  }

  it.live("refuses with a sentence that says what to do, and leaves no file", () =>
    Effect.gen(function* () {
      const data = folder()
      const refused = (args: ReadonlyArray<string>, url: string) =>
        Effect.map(tocsin(["restore", ...args], { TOCSIN_DATABASE_URL: url }), ({ code, err }) => {
          assert.strictEqual(code, 1, err)
          return err.trim()
        })
      const target = `sqlite:${data}/tocsin.db`
      const text = join(folder(), "text")
      writeFileSync(text, "no database, but a text that is long enough for a header of one".repeat(20))
      assert.strictEqual(yield* refused([], target), "Name the backup: tocsin restore <file>")
      assert.strictEqual(yield* refused(["/nowhere/a.db"], target), "There is no backup /nowhere/a.db.")
      assert.include(yield* refused([text], target), `${text} is no SQLite database that can be opened (NotADatabase).`)
      writeFileSync(text, "")
      assert.include(yield* refused([text], target), `${text} contains no Tocsin tables. Check its name.`)
      assert.deepStrictEqual(readdirSync(data), [])
      assert.include(
        yield* refused(["a.dump"], "postgres://tocsin:c4n4ry@db.example.com/tocsin"),
        `PostgreSQL at db.example.com/tocsin is restored by PostgreSQL's own program: pg_restore --clean`
      )
      writeFileSync(join(data, "tocsin.db"), "")
      assert.include(yield* refused([text], target), "exists already. Stop the gateway, and move the file away first.")
      assert.isFalse(existsSync(join(data, "tocsin.db.restoring")))
    })
  )
})
