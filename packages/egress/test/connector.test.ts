import { assert, describe, it } from "@effect/vitest"
import { Connector, Egress } from "@tocsin/core"
import { Certificate, NameServer, TcpServer } from "@tocsin/test-network"
import { Effect, Option, Redacted } from "effect"
import { Socket } from "effect/socket"
import { createServer } from "node:tls"
import { guard } from "./harness/guard.ts"

const connect = (host: string, port: number, tls = false) =>
  Connector.use(({ connect }) => connect({ host, port, tls }))

/** Why there is no connection, as a plugin is told. */
const failure = (host: string, port: number, tls = false) =>
  Effect.map(Effect.flip(Effect.scoped(connect(host, port, tls))), ({ reason }) => reason)

describe("The connector of plugins that dial themselves", () => {
  it.live("carries bytes both ways, and ends the connection with the scope", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({ "irc.example": ["127.0.0.1"] })
      let end = () => {}
      const ended = new Promise<void>((resolve) => (end = resolve))
      const { port } = yield* TcpServer.listen((socket) =>
        socket.on("data", (data) => socket.write(`got ${String(data)}`)).on("close", end)
      )
      const said = yield* Effect.gen(function* () {
        const socket = yield* connect("irc.example", port)
        const pull = yield* Socket.readerString(socket)
        const { write } = yield* socket.writer
        yield* write("hello")
        return yield* pull
      }).pipe(Effect.scoped, Effect.provide(guard(names, { allow: "irc.example" })))
      assert.deepStrictEqual(said, ["got hello"])
      yield* Effect.promise(() => ended)
    })
  )

  it.live.each<readonly [host: string, tls: boolean, allow: string, sentence: string]>([
    ["127.0.0.1", false, "", "Only connections by TLS"],
    ["127.0.0.1", true, "", "not a public one"],
    ["127.0.0.1", true, "10.0.0.0/8", "not a public one"],
    ["[::1]", true, "", "not a public one"],
    ["::1", true, "", "not a public one"],
    ["::ffff:127.0.0.1", true, "", "not a public one"],
    ["localhost", true, "", "not a public one"],
    ["LOCALHOST.", false, "10.0.0.0/8", "Only connections by TLS"],
    ["rebound.example", true, "", "not a public one"],
    ["rebound.example", false, "10.0.0.0/8", "Only connections by TLS"],
    ["mixed.example", true, "", "not a public one"],
    ["mapped.example", true, "", "not a public one"],
    ["public.example", false, "", "Only connections by TLS"]
  ])("does not reach %s (TLS: %s, allowed: %s)", ([host, tls, allow, sentence]) =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({
        "rebound.example": ["127.0.0.1"],
        "mixed.example": ["1.1.1.1", "127.0.0.1"],
        "mapped.example": ["::ffff:7f00:1"],
        "public.example": ["1.1.1.1"]
      })
      const { port, reached } = yield* TcpServer.listen((socket) => socket.destroy())
      const reason = yield* Effect.provide(failure(host, port, tls), guard(names, { allow }))
      assert.strictEqual(reason._tag, "Misconfigured", reason.detail)
      assert.include(reason.detail, sentence)
      assert.include(reason.detail, "TOCSIN_EGRESS_ALLOW")
      assert.strictEqual(reached(), 0)
    })
  )

  it.live("reports why there is no connection, and never that something was sent", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({ "failing.example": "failure" })
      const broken = yield* TcpServer.listen((socket) => socket.destroy())
      const closed = yield* Effect.scoped(TcpServer.listen(() => {}))
      const reasons = yield* Effect.all([
        failure("127.0.0.1", closed.port),
        failure("127.0.0.1", broken.port, true),
        failure("failing.example", 1, true),
        // Other spellings of 127.0.0.1 are names here, which nobody has.
        failure("2130706433", broken.port),
        failure("0x7f.1", broken.port)
      ]).pipe(Effect.provide(guard(names, { allow: "127.0.0.1" })))
      assert.isTrue(reasons.every((reason) => reason._tag === "Unavailable" && reason.unanswered === undefined))
      assert.strictEqual(reasons[0].detail, "ECONNREFUSED")
      for (const { detail } of reasons.slice(2)) assert.include(detail, "does not resolve")
    })
  )

  it.live("uses TLS only with trusted servers", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve()
      const { cert, key } = yield* Certificate.make(["localhost"])
      const { port } = yield* TcpServer.serve(createServer({ cert, key }).on("tlsClientError", () => {}))
      const reason = yield* Effect.provide(failure("localhost", port, true), guard(names, { allow: "localhost" }))
      assert.deepInclude(reason, { _tag: "Unavailable", detail: "DEPTH_ZERO_SELF_SIGNED_CERT" })
    })
  )

  it.live("is also checked when an integration is saved, and bypasses the proxies", () =>
    Effect.gen(function* () {
      const names = yield* NameServer.serve({ "irc.example": ["127.0.0.1"] })
      const proxy = Option.some(Redacted.make("http://proxy.example:3128"))
      const check = (origin: string, allow: string) =>
        Egress.use(({ check }) => check(origin)).pipe(
          Effect.match({ onFailure: ({ message }) => message, onSuccess: () => "fine" }),
          Effect.provide(guard(names, { allow, proxies: { httpProxy: Option.none(), httpsProxy: proxy, noProxy: "" } }))
        )
      assert.include(yield* check("tls://irc.example:6697", ""), "not a public one")
      assert.include(yield* check("tcp://irc.example:6667", ""), "Only connections by TLS")
      assert.strictEqual(yield* check("tls://irc.example:6697", "127.0.0.1"), "fine")
      assert.strictEqual(yield* check("tcp://irc.example:6667", "irc.example"), "fine")
      assert.strictEqual(yield* check("tls://1.1.1.1:6697", ""), "fine")
      assert.strictEqual(yield* check("starttls://1.1.1.1:587", ""), "fine")
      assert.include(yield* check("starttls://irc.example:587", ""), "not a public one")
    })
  )
})
