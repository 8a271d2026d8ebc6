import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { spawn } from "node:child_process"
import { hostname } from "node:os"
import { fileURLToPath } from "node:url"
import { Problem } from "../../harness/answers.ts"
import { eventually } from "../../harness/gate.ts"
import { send } from "../../harness/raw.ts"
import { fixture, make, SharedWorld } from "../../harness/world.ts"

const token = "the-operators-t0ken"
const key = (fill: number) => Buffer.alloc(32, fill).toString("base64")

describe("With a token", () => {
  layer(SharedWorld.layer({ TOCSIN_TOKEN: token, TOCSIN_HOST: "0.0.0.0", TOCSIN_TRUSTED_PROXIES: "127.0.0.0/8" }), {
    excludeTestServices: true
  })((it) => {
    it.effect.each([
      ["GET", "/v1/alerts"],
      ["POST", "/v1/alerts"],
      ["GET", "/v1/integrations"],
      ["POST", "/v1/rules"],
      ["GET", "/v1/deliveries"],
      ["GET", "/v1/plugins"],
      ["GET", "/v1/sources/unreadable"],
      ["POST", "/v1/sources/thousandeyes"]
    ] as const)("%s %s is refused without it or with another", ([method, path]) =>
      Effect.gen(function* () {
        const world = yield* SharedWorld
        const body = method === "POST" ? {} : undefined
        for (const authorization of [
          undefined,
          "",
          "Bearer ",
          "Bearer another",
          `Bearer ${token}x`,
          `bearer${token}`,
          token,
          basic("thousandeyes", "another"),
          basic(token, ""),
          "Basic ???"
        ]) {
          // Each from an address of its own, because an address that is wrong repeatedly is slowed down.
          const headers = { "x-forwarded-for": nextAddress(), ...(authorization !== undefined && { authorization }) }
          const { as, headers: answered, status } = yield* world.request(method, path, body, headers)
          assert.strictEqual(status, 401, authorization)
          assert.include(answered["content-type"], "application/problem+json")
          assert.strictEqual(
            answered["www-authenticate"],
            'Bearer realm="tocsin", Basic realm="tocsin", charset="UTF-8"'
          )
          assert.strictEqual(as(Problem).status, 401)
        }
      })
    )

    it.effect("it opens as Bearer, and as Basic's password with any user", () =>
      Effect.gen(function* () {
        const world = yield* SharedWorld
        for (const authorization of [`Bearer ${token}`, basic("thousandeyes", token), basic("", token)]) {
          assert.strictEqual((yield* world.request("GET", "/v1/alerts", undefined, { authorization })).status, 200)
          const posted = yield* world.request("POST", "/v1/sources/thousandeyes", yield* fixture("test"), {
            authorization
          })
          assert.strictEqual(posted.status, 200)
        }
        assert.notInclude(world.answers.join("\n"), token)
        assert.notInclude(world.gateway().printed(), token)
      })
    )

    it.effect("it opens at once amid a flood of wrong ones from the same address", () =>
      Effect.gen(function* () {
        const world = yield* SharedWorld
        const address = nextAddress()
        const show = (shown: string, from: string) =>
          world.request("GET", "/v1/alerts", undefined, { authorization: `Bearer ${shown}`, "x-forwarded-for": from })
        // Four of them wait, the others are refused and try on.
        const flood = yield* Effect.forkChild(
          Effect.all(
            Array.from({ length: 8 }, () => Effect.repeat(show("another", address), Schedule.spaced("20 millis"))),
            { concurrency: "unbounded" }
          )
        )
        const refusal = (from: string) => eventually("a refusal", show("another", from), ({ status }) => status === 429)
        const refused = yield* refusal(address)
        assert.strictEqual(refused.as(Problem).status, 429)
        assert.isAtLeast(Number(refused.headers["retry-after"]), 1)
        assert.strictEqual((yield* show(token, address)).status, 200)
        // What is left of the proxy's own word is the caller's invention.
        yield* refusal(`${nextAddress()}, ${address}`)
        assert.strictEqual((yield* show("another", nextAddress())).status, 401)
        yield* Fiber.interrupt(flood)
      })
    )

    it.effect("the start says where it listens, and a URL that works", () =>
      Effect.gen(function* () {
        const world = yield* SharedWorld
        const { port } = new URL(world.gateway().url)
        assert.include(world.gateway().printed(), `Tocsin listens on http://0.0.0.0:${port}, with`)
        assert.include(world.gateway().printed(), `POST http://localhost:${port}/v1/integrations`)
        assert.include(world.gateway().printed(), `at http://${hostname()}:${port}/v1/sources/thousandeyes`)
      })
    )

    it.effect("a connection stays open for longer than a proxy keeps it", () =>
      Effect.gen(function* () {
        const { headers } = yield* (yield* SharedWorld).request("GET", "/healthz")
        assert.strictEqual(headers["keep-alive"], "timeout=620")
      })
    )

    it.effect("/healthz needs none", () =>
      Effect.gen(function* () {
        const world = yield* SharedWorld
        const { status, text } = yield* world.request("GET", "/healthz")
        assert.strictEqual(status, 200)
        assert.strictEqual(text, `{"status":"ok"}`)
      })
    )
  })
})

describe("Without a token", () => {
  layer(SharedWorld.layer(), { excludeTestServices: true })((it) => {
    it.effect("only this machine's own names and pages are served", () =>
      Effect.gen(function* () {
        const world = yield* SharedWorld
        const status = (headers: { readonly [name: string]: string }) =>
          Effect.map(world.request("GET", "/v1/alerts", undefined, headers), ({ status }) => status)
        const { port } = new URL(world.gateway().url)
        for (const host of ["localhost", `localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "127.1.2.3"]) {
          assert.strictEqual(yield* status({ host }), 200, host)
        }
        for (const host of [
          "evil.example",
          "localhost.evil.example",
          "127.0.0.1.evil.example:80",
          "10.0.0.1",
          "0.0.0.0",
          "x@localhost",
          "localhost/evil.com",
          "localhost?evil.com",
          "localhost#evil.com"
        ]) {
          assert.strictEqual(yield* status({ host }), 401, host)
        }
        const absolute = (path: string, host: string) =>
          Effect.map(send(world.gateway().url, { method: "GET", path, headers: { host } }), ({ status }) => status)
        assert.strictEqual(yield* absolute(`http://localhost:${port}/v1/alerts`, "localhost"), 200)
        assert.strictEqual(yield* absolute("http://evil.example/v1/alerts", "localhost"), 401)
        assert.strictEqual(yield* absolute("http://localhost/v1/alerts", "evil.example"), 401)
        assert.strictEqual(yield* absolute("http://x@localhost/v1/alerts", "localhost"), 401)
        assert.strictEqual(yield* status({ origin: `http://localhost:${port}` }), 200)
        for (const origin of ["https://evil.example", "null", "http://localhost.evil.example", "file://"]) {
          assert.strictEqual(yield* status({ origin }), 401, origin)
        }
      })
    )

    it.effect.each(["x-forwarded-for", "x-forwarded-proto", "x-real-ip", "forwarded", "via"])(
      "what a proxy passes on is refused: %s",
      (header) =>
        Effect.gen(function* () {
          const { as, status } = yield* (yield* SharedWorld).request("GET", "/v1/alerts", undefined, {
            host: "localhost",
            [header]: "127.0.0.1"
          })
          assert.strictEqual(status, 401)
          assert.include(as(Problem).detail, "set TOCSIN_TOKEN")
        })
    )

    it.effect("a second gateway on the same file is refused", () =>
      Effect.gen(function* () {
        const world = yield* SharedWorld
        const said = yield* refused({ TOCSIN_DATABASE_URL: `sqlite:${world.database}` })
        assert.strictEqual(
          said,
          `A gateway runs on ${world.database}, or tocsin migrate-store does: stop it, or name another store.`
        )
        assert.strictEqual((yield* world.request("GET", "/healthz")).status, 200)
      })
    )

    it.effect("a port in use is refused", () =>
      Effect.gen(function* () {
        const { port } = new URL((yield* SharedWorld).gateway().url)
        const said = yield* refused({ TOCSIN_DATABASE_URL: "sqlite::memory:", TOCSIN_PORT: port })
        assert.strictEqual(
          said,
          `Cannot listen on 127.0.0.1:${port}, which another program uses: set TOCSIN_HOST or TOCSIN_PORT.`
        )
      })
    )
  })
})

describe("A start is refused with one sentence", () => {
  const refusals: ReadonlyArray<readonly [settings: { readonly [name: string]: string }, sentence: string]> = [
    [{ TOCSIN_HOST: "0.0.0.0" }, "Without TOCSIN_TOKEN the gateway serves this machine only"],
    [{ TOCSIN_KEY: "too short" }, "TOCSIN_KEY must hold 32 bytes in base64"],
    [{ TOCSIN_KEY_FILE: "/nowhere/key" }, "The key file /nowhere/key cannot be read"],
    [
      { TOCSIN_DATABASE_URL: "sqlite:/dev/null/tocsin.db", TOCSIN_KEY: key(1) },
      "The database /dev/null/tocsin.db cannot be opened"
    ],
    [
      { TOCSIN_TLS_CERT: "/nowhere/cert.pem", TOCSIN_TLS_KEY: "/nowhere/key.pem" },
      "TOCSIN_TLS_CERT: /nowhere/cert.pem cannot be read"
    ],
    [{ TOCSIN_TLS_CERT: "/dev/null", TOCSIN_TLS_KEY: "/dev/null" }, "are not a certificate and its key"]
  ]

  it.live("if a setting is wrong", () =>
    Effect.forEach(
      refusals,
      ([settings, sentence]) =>
        Effect.gen(function* () {
          const said = yield* refused({ TOCSIN_DATABASE_URL: "sqlite::memory:", ...settings })
          assert.include(said, sentence)
          assert.notInclude(said, key(1).slice(4))
        }),
      { concurrency: 3, discard: true }
    )
  )

  it.live("if the database was sealed with another key, and the right one still works", () =>
    Effect.gen(function* () {
      const world = yield* make({ TOCSIN_KEY: key(1) })
      const room = yield* world.room("ops", { match: {} })
      yield* world.gateway().stop("SIGTERM")
      const said = yield* refused({ TOCSIN_DATABASE_URL: `sqlite:${world.database}`, TOCSIN_KEY: key(2) })
      assert.include(said, "The integrations were sealed with another key")
      yield* world.start
      yield* world.request("POST", "/v1/sources/thousandeyes", yield* fixture("trigger"))
      yield* room.told(1)
    })
  )
})

let addresses = 0
const nextAddress = () => `198.51.100.${++addresses}`

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`

/** Starts a gateway that must end by itself, with exit code 1 and one line; gives that line. */
const refused = Effect.fnUntraced(function* (settings: { readonly [name: string]: string }) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("TOCSIN_"))
  const { code, printed } = yield* Effect.callback<{ readonly code: number | null; readonly printed: string }>(
    (resume) => {
      const child = spawn(process.execPath, ["--conditions=@tocsin/source", main], {
        env: { ...Object.fromEntries(inherited), TOCSIN_PORT: "0", ...settings },
        stdio: ["ignore", "pipe", "pipe"]
      })
      let printed = ""
      const read = (chunk: Buffer) => {
        printed += chunk.toString()
        // It was not refused.
        if (printed.includes("listens on")) child.kill("SIGKILL")
      }
      child.stdout.on("data", read)
      child.stderr.on("data", read)
      child.on("close", (code) => resume(Effect.succeed({ code, printed })))
      return Effect.sync(() => child.kill("SIGKILL"))
    }
  )
  assert.strictEqual(code, 1, printed)
  assert.lengthOf(printed.trimEnd().split("\n"), 1, printed)
  assert.notMatch(printed, /^\s+at /m)
  return printed.trimEnd()
})

const main = fileURLToPath(new URL("../../../src/main.ts", import.meta.url))
