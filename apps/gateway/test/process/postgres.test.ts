import { assert, describe, it } from "@effect/vitest"
import { Dependency } from "@tocsin/client"
import { Effect, Layer, Schema } from "effect"
import { TcpServer } from "@tocsin/test-network"
import { connect, createServer, type Socket } from "node:net"
import * as Store from "../../src/startup/Store.ts"
import { readStoreUrl } from "../../src/startup/settings/storeUrl.ts"
import { eventually } from "../harness/gate.ts"
import { postgres } from "../harness/postgres.ts"
import { makeInProcess } from "../harness/gateway.ts"

describe("A gateway on PostgreSQL", () => {
  it.live("logs the database it uses, without the password", () =>
    Effect.gen(function* () {
      const { url } = yield* postgres
      const harness = yield* makeInProcess({
        TOCSIN_DATABASE_URL: url("postgres"),
        TOCSIN_KEY: Buffer.alloc(32).toString("base64")
      })
      assert.strictEqual((yield* harness.request("GET", "/healthz")).status, 200)
      const printed = harness.gateway().printed()
      assert.include(printed, `with its data in PostgreSQL at ${new URL(url("postgres")).host}/postgres`)
      assert.notInclude(printed, new URL(url("postgres")).password)
    })
  )

  it.live("explains what to change when it may not use the database, without the password", () =>
    Effect.gen(function* () {
      const { server, url } = yield* postgres
      yield* Effect.promise(async () => {
        const client = server.getPgClient()
        await client.connect()
        await client.query("CREATE ROLE guest LOGIN PASSWORD 'for-guests'")
        await client.query("CREATE DATABASE standby")
        await client.query("ALTER DATABASE standby SET default_transaction_read_only = on")
        await client.end()
      })
      const own = url("postgres")
      const guests = own.replace("tocsin:for-tests@", "guest:for-guests@")
      const cases: ReadonlyArray<readonly [url: string, says: RegExp]> = [
        [url("standby"), /a read-only standby: point its URL to the primary/],
        [guests, /may not create tables: make it the owner of the database, or GRANT CREATE/],
        [own.replace("for-tests", "for-nobody"), /does not let the user of its URL in: look at its name and password/],
        [url("nowhere"), /cannot be reached .*: look whether it runs, at the host, the port and the database/],
        [own.replace(/:\d+\//, ":1/"), /cannot be reached .*: look whether it runs, at the host, the port/]
      ]
      for (const [text, says] of cases) {
        const refused = yield* Effect.flip(Effect.scoped(Layer.build(Store.layer(readStoreUrl(text)))))
        assert.match(refused.message, says)
        assert.notMatch(JSON.stringify(refused), /for-/)
      }
    })
  )

  it.live("ends its sessions at a server that became read-only, and answers 503 until it can write", () =>
    Effect.gen(function* () {
      const { server, url } = yield* postgres
      const harness = yield* makeInProcess({
        TOCSIN_DATABASE_URL: url("postgres"),
        TOCSIN_KEY: Buffer.alloc(32).toString("base64")
      })
      const health = Effect.map(harness.request("GET", "/healthz"), ({ status }) => status)
      assert.strictEqual(yield* health, 200)
      const client = server.getPgClient()
      yield* Effect.promise(() => client.connect())
      const makeReadOnly = (value: "on" | "off") =>
        Effect.promise(async () => {
          await client.query(`SET default_transaction_read_only = off`)
          await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`)
          await client.query("SELECT pg_reload_conf()")
        })
      const sessions = Effect.promise(async (): Promise<ReadonlyArray<number>> => {
        const { rows } = await client.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'tocsin'")
        return rows.map(({ pid }: { readonly pid: number }) => pid)
      })
      const before = new Set(yield* sessions)
      assert.isAbove(before.size, 3)

      yield* makeReadOnly("on")
      yield* eventually(
        "its sessions to end",
        Effect.all([health, sessions]),
        ([status, now]) => status === 503 && !now.some((pid) => before.has(pid))
      )
      assert.strictEqual(yield* health, 503)

      yield* makeReadOnly("off")
      yield* eventually("the door to open", health, (status) => status === 200)
      yield* Effect.promise(() => client.end())
    })
  )

  it.live("answers 503 with Retry-After while its database is down, and resumes by itself", () =>
    Effect.gen(function* () {
      const { server, url } = yield* postgres
      const harness = yield* makeInProcess({
        TOCSIN_DATABASE_URL: url("postgres"),
        TOCSIN_KEY: Buffer.alloc(32).toString("base64")
      })
      const channels = yield* harness.channels("ops", { match: {} })
      const post = (id: string) =>
        harness.request("POST", "/v1/alerts", {
          source: "monitor",
          id,
          startedAt: "2026-01-01T00:00:00Z",
          state: "raised",
          rule: { name: "Check" }
        })
      assert.strictEqual((yield* post("before")).status, 202)
      yield* channels.received(1)

      yield* Effect.promise(() => server.stop())
      const refused = yield* post("while it is away")
      assert.strictEqual(refused.status, 503)
      assert.match(refused.headers["retry-after"] ?? "", /^\d+$/)
      assert.strictEqual(refused.headers["content-type"], "application/problem+json")
      assert.strictEqual((yield* harness.request("GET", "/healthz")).status, 503)
      for (const [method, path, body] of usesOfTheStore) {
        const { headers, status, text } = yield* harness.request(method, path, body)
        assert.deepStrictEqual([method, path, status], [method, path, 503])
        assert.match(headers["retry-after"] ?? "", /^\d+$/)
        assert.include(text, "Nothing was stored: send the request again.")
      }

      const notReady = yield* harness.request("GET", "/readyz")
      assert.strictEqual(notReady.status, 503)
      assert.strictEqual(notReady.headers["content-type"], "application/problem+json")
      const { dependencies } = notReady.as(Schema.Struct({ dependencies: Schema.Array(Dependency) }))
      assert.deepStrictEqual(
        // Whether the partitions are owned was confirmed within the last two seconds, or not.
        dependencies.flatMap(({ name, status }) => (name === "partitions" ? [] : [`${name} ${status}`])),
        ["store failed", "key unknown", "plugins unknown"]
      )

      yield* Effect.promise(() => server.start())
      yield* eventually("the door to open", post("afterwards"), ({ status }) => status === 202)
      const all = yield* channels.received(2)
      assert.include(all.at(-1)?.slack.shown, "monitor alert afterwards")
      yield* eventually("everything to work", harness.request("GET", "/readyz"), ({ text }) =>
        text.startsWith('{"status":"ok"')
      )
      assert.strictEqual((yield* harness.request("GET", "/healthz")).status, 200)
    })
  )

  it.live("answers 503 while the network to its database is down, and resumes by itself", () =>
    Effect.gen(function* () {
      const { url } = yield* postgres
      const network = yield* relay(Number(new URL(url("postgres")).port))
      const harness = yield* makeInProcess({
        TOCSIN_DATABASE_URL: url("postgres").replace(/:\d+\//, `:${network.port}/`),
        TOCSIN_KEY: Buffer.alloc(32).toString("base64")
      })
      // More than it writes at once, so that some are on connections that were open before.
      const ask = Effect.all(
        ["/healthz", "/v1/rules"].flatMap((path) => Array.from({ length: 12 }, () => harness.request("GET", path))),
        { concurrency: "unbounded" }
      )
      for (const { status } of yield* ask) assert.strictEqual(status, 200)
      network.down()
      for (const { headers, status } of yield* ask) {
        assert.strictEqual(status, 503)
        assert.match(headers["retry-after"] ?? "", /^\d+$/)
      }
      network.up()
      for (const path of ["/healthz", "/v1/rules"]) {
        yield* eventually("the door to open", harness.request("GET", path), ({ status }) => status === 200)
      }
    })
  )
})

/** Stands between a gateway and its database, and can hold back all that is sent, as TCP does for a network that is down. */
const relay = Effect.fnUntraced(function* (database: number) {
  let isDown = false
  const sockets = new Set<Socket>()
  const pass = (from: Socket, to: Socket) => {
    sockets.add(from)
    if (isDown) from.pause()
    from.on("data", (bytes) => to.write(bytes))
    from.on("error", () => {})
    from.on("close", () => {
      sockets.delete(from)
      to.destroy()
    })
  }
  const { port } = yield* TcpServer.serve(
    createServer((gateway) => {
      const upstream = connect(database, "127.0.0.1")
      pass(gateway, upstream)
      pass(upstream, gateway)
    })
  )
  yield* Effect.addFinalizer(() => Effect.sync(() => sockets.forEach((socket) => socket.destroy())))
  return {
    port,
    down: () => {
      isDown = true
      sockets.forEach((socket) => socket.pause())
    },
    up: () => {
      isDown = false
      sockets.forEach((socket) => socket.resume())
    }
  }
})

const usesOfTheStore: ReadonlyArray<readonly [method: "GET" | "POST" | "DELETE", path: string, body?: unknown]> = [
  ["GET", "/v1/alerts"],
  ["GET", "/v1/alerts?q=checkout"],
  ["GET", "/v1/alerts/one"],
  ["GET", "/v1/alerts/one/explain"],
  ["GET", "/v1/alerts/one/timeline"],
  ["POST", "/v1/alerts/one/clear", { reason: "tested" }],
  ["GET", "/v1/deliveries"],
  ["GET", "/v1/deliveries/one"],
  ["POST", "/v1/deliveries/one/redeliver"],
  ["POST", "/v1/deliveries/redeliver", { dryRun: true }],
  ["GET", "/v1/rules"],
  ["GET", "/v1/rules/one"],
  ["DELETE", "/v1/rules/one"],
  ["POST", "/v1/rules/matches", { match: {} }],
  ["GET", "/v1/integrations"],
  ["GET", "/v1/integrations/one"],
  ["POST", "/v1/integrations/one/test"],
  ["POST", "/v1/integrations/one/pause", { reason: "tested" }],
  ["DELETE", "/v1/integrations/one"],
  ["GET", "/v1/lanes"],
  ["GET", "/v1/lanes/activity"],
  ["GET", "/v1/sources"],
  ["GET", "/v1/sources/unreadable"],
  ["POST", "/v1/sources/unreadable/one/replay"],
  ["POST", "/v1/sources/thousandeyes", { of: "no known form" }],
  ["GET", "/digests/one"]
]
