import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { refused, refusedProcess } from "../harness/refusal.ts"
import { fixture, makeInProcess } from "../harness/gateway.ts"

const key = (fill: number) => Buffer.alloc(32, fill).toString("base64")

describe("A start is refused with one sentence", () => {
  it.live("and exits with code 1", () =>
    Effect.gen(function* () {
      const sentence = yield* refusedProcess({ TOCSIN_HOST: "0.0.0.0" })
      assert.include(sentence, "Without TOCSIN_TOKEN the gateway serves this machine only")
    })
  )

  it.live.each([
    [{ TOCSIN_KEY: "too short" }, "TOCSIN_KEY must hold 32 bytes in base64"],
    [{ TOCSIN_KEY_FILE: "/nowhere/key" }, "The key file /nowhere/key cannot be read"],
    [
      { TOCSIN_DATABASE_URL: "sqlite:/dev/null/tocsin.db", TOCSIN_KEY: key(1) },
      "Cannot open /dev/null/tocsin.db (CannotOpen). The database file cannot be opened. Check the path"
    ],
    [
      { TOCSIN_TLS_CERT: "/nowhere/cert.pem", TOCSIN_TLS_KEY: "/nowhere/key.pem" },
      "TOCSIN_TLS_CERT: /nowhere/cert.pem cannot be read"
    ],
    [{ TOCSIN_TLS_CERT: "/dev/null", TOCSIN_TLS_KEY: "/dev/null" }, "are not a certificate and its key"]
  ] as const)("for %j", ([settings, expected]) =>
    Effect.gen(function* () {
      const sentence = yield* refused({ TOCSIN_DATABASE_URL: "sqlite::memory:", ...settings })
      assert.include(sentence, expected)
      assert.notInclude(sentence, key(1).slice(4))
    })
  )

  it.live("while another gateway runs on the same file or listens on the same port", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess()
      assert.strictEqual(
        yield* refusedProcess({ TOCSIN_DATABASE_URL: `sqlite:${harness.database}` }),
        `A gateway runs on ${harness.database}, or tocsin migrate-store does: stop it, or name another store.`
      )
      const { port } = new URL(harness.gateway().url)
      assert.strictEqual(
        yield* refused({ TOCSIN_DATABASE_URL: "sqlite::memory:", TOCSIN_PORT: port }),
        `Cannot listen on 127.0.0.1:${port}, which another program uses: set TOCSIN_HOST or TOCSIN_PORT.`
      )
      assert.strictEqual((yield* harness.request("GET", "/healthz")).status, 200)
    })
  )

  it.live("if the database was sealed with another key, and starts with the right one", () =>
    Effect.gen(function* () {
      const harness = yield* makeInProcess({ TOCSIN_KEY: key(1) })
      const channels = yield* harness.channels("ops", { match: {} })
      yield* harness.gateway().stop("SIGTERM")
      const sentence = yield* refused({ TOCSIN_DATABASE_URL: `sqlite:${harness.database}`, TOCSIN_KEY: key(2) })
      assert.include(sentence, "The integrations and sources were sealed with another key")
      yield* harness.start
      yield* harness.request("POST", "/v1/sources/thousandeyes", yield* fixture("trigger"))
      yield* channels.received(1)
    })
  )
})
