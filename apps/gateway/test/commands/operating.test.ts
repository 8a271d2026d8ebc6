import { assert, describe, it } from "@effect/vitest"
import { TcpServer } from "@tocsin/test-network"
import { Effect } from "effect"
import { chmodSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { tocsin } from "../harness/command.ts"
import { makeInProcess } from "../harness/gateway.ts"

const folder = () => mkdtempSync(join(tmpdir(), "tocsin-commands-"))

const run = (command: string, settings: { readonly [name: string]: string }) =>
  Effect.map(tocsin([command], settings), ({ code, err, out }) => ({ code, printed: (out + err).trim() }))

describe("tocsin check-config", () => {
  it.live("finds that a gateway could start, and makes no file", () =>
    Effect.gen(function* () {
      const data = folder()
      const { code, printed } = yield* run("check-config", { TOCSIN_DATABASE_URL: `sqlite:${data}/tocsin.db` })
      assert.strictEqual(code, 0, printed)
      assert.include(printed, `A gateway can start, with its data in ${data}/tocsin.db, which the first start makes`)
      assert.match(printed, /and the plugins slack \d\S*, hipchat \d/)
      assert.deepStrictEqual(readdirSync(data), [])
    })
  )

  it.live.each<readonly [settings: { readonly [name: string]: string }, sentence: string]>([
    [{ TOCSIN_PLUGINS: "tocsin-plugin-nobody-has" }, "tocsin-plugin-nobody-has"],
    [{ TOCSIN_DATABASE_URL: "postgres://127.0.0.1:1/tocsin", TOCSIN_KEY: `${"A".repeat(43)}=` }, "cannot be reached"],
    [{ TOCSIN_DATABASE_URL: "postgres://127.0.0.1:1/tocsin" }, "TOCSIN_KEY"]
  ])("says in one sentence why not: %j", ([settings, sentence]) =>
    Effect.gen(function* () {
      const { code, printed } = yield* run("check-config", {
        TOCSIN_DATABASE_URL: `sqlite:${folder()}/tocsin.db`,
        ...settings
      })
      assert.strictEqual(code, 1, printed)
      assert.include(printed, sentence)
      assert.lengthOf(printed.split("\n"), 1)
    })
  )

  it.live("refuses a certificate that the start could not use", () =>
    Effect.gen(function* () {
      const data = folder()
      const [cert, key] = [join(data, "tls.pem"), join(data, "tls.key")]
      writeFileSync(cert, "no certificate")
      const { code, printed } = yield* run("check-config", {
        TOCSIN_DATABASE_URL: `sqlite:${data}/tocsin.db`,
        TOCSIN_TLS_CERT: cert,
        TOCSIN_TLS_KEY: key
      })
      assert.deepStrictEqual([code, printed], [1, `TOCSIN_TLS_KEY: ${key} cannot be read (NotFound).`])
    })
  )

  it.live("refuses the key of another store, a key that others can read, and a folder that is a file", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess({})
      const settings = { url: "https://hooks.slack.com/services/T00000000/B00000000/x" }
      yield* harness.request("POST", "/v1/integrations", { type: "slack", name: "Ops", settings })
      yield* harness.gateway().stop("SIGTERM")
      const keyFile = join(folder(), "key")
      writeFileSync(keyFile, `${"A".repeat(43)}=`, { mode: 0o600 })
      const check = (database: string) =>
        run("check-config", { TOCSIN_DATABASE_URL: `sqlite:${database}`, TOCSIN_KEY_FILE: keyFile })
      assert.include((yield* check(harness.database)).printed, "sealed with another key")
      assert.include((yield* check(`${keyFile}/tocsin.db`)).printed, "its folder cannot be written")
      chmodSync(keyFile, 0o644)
      assert.include((yield* check(`${folder()}/tocsin.db`)).printed, `Run: chmod 600 ${keyFile}`)
    })
  )

  it.live("refuses a file that is no database", () =>
    Effect.gen(function* () {
      const data = folder()
      writeFileSync(
        join(data, "tocsin.db"),
        "no database, but a text that is long enough for a header of one".repeat(20)
      )
      writeFileSync(join(data, "tocsin.db.key"), `${"A".repeat(43)}=`, { mode: 0o600 })
      const { code, printed } = yield* run("check-config", { TOCSIN_DATABASE_URL: `sqlite:${data}/tocsin.db` })
      assert.strictEqual(code, 1, printed)
      assert.include(printed, "The file is not a SQLite database.")
    })
  )
})

describe("tocsin health", () => {
  it.live("ends with 0 while the gateway accepts alerts; check-config sees that one runs", () =>
    Effect.gen(function* () {
      const token = "c4n4ry-token-of-24-characters"
      const harness = yield* makeInProcess({ TOCSIN_TOKEN: token })
      const settings = {
        TOCSIN_TOKEN: token,
        TOCSIN_PORT: new URL(harness.gateway().url).port,
        TOCSIN_DATABASE_URL: `sqlite:${harness.database}`
      }
      const health = yield* run("health", settings)
      assert.deepStrictEqual(health, {
        code: 0,
        printed: `The gateway at 127.0.0.1:${settings.TOCSIN_PORT} accepts alerts.`
      })
      const { code, printed } = yield* run("check-config", settings)
      assert.strictEqual(code, 0, printed)
      assert.include(printed, "which a gateway is using")
    })
  )

  it.live("ends with 1 where no gateway answers, or alerts are not accepted", () =>
    Effect.gen(function* () {
      const { port } = yield* TcpServer.serve(createServer((_, response) => response.writeHead(503).end()))
      const refusing = yield* run("health", { TOCSIN_PORT: String(port) })
      assert.strictEqual(refusing.code, 1)
      assert.include(refusing.printed, `The gateway at 127.0.0.1:${port} does not accept alerts: GET /healthz is 503.`)
      const none = yield* run("health", { TOCSIN_PORT: "1" })
      assert.strictEqual(none.code, 1)
      assert.include(none.printed, "No gateway answers at 127.0.0.1:1.")
    })
  )
})
