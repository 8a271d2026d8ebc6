import { assert, describe, layer } from "@effect/vitest"
import { AlertSummary } from "@tocsin/client"
import { Effect } from "effect"
import { ask, listOf } from "../harness/answers.ts"
import { eventually } from "../harness/gate.ts"
import * as RawSocket from "../harness/rawSocket.ts"
import { SharedHarness } from "../harness/gateway.ts"

const alert = (id: string) =>
  JSON.stringify({ source: "raw", id, state: "raised", startedAt: "2026-01-01T00:00:00Z", rule: { name: "Raw" } })

const posting = (body: string) =>
  `POST /v1/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** What must never be read as a request of its own. */
const smuggled = posting(alert("smuggled"))

/** The request that ends a connection in peace: its answer is the last. */
const bye = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

const get = (...headers: ReadonlyArray<string>) => `GET /healthz HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`
const host = "Host: localhost"
const post = (headers: string, body: string) => `POST /v1/alerts HTTP/1.1\r\n${host}\r\n${headers}\r\n\r\n${body}`
const chunked = "Transfer-Encoding: chunked"
const end = "0\r\n\r\n"
const long = "a".repeat(100 * 1024)

describe("Over a bare connection", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect("pipelined requests are answered in their order", () =>
      Effect.gen(function* () {
        const heard = yield* say(posting(alert("first")) + posting("{}") + posting(alert("second")) + bye)
        assert.deepStrictEqual(RawSocket.statuses(heard), [202, 400, 202, 200])
        assert.sameMembers(yield* taken, ["first", "second"])
      })
    )

    // Each is followed by a whole request that would be taken, were it read as one; and by the one that ends.
    it.effect.each([
      ["Content-Length with Transfer-Encoding", post(`Content-Length: 5\r\n${chunked}`, end)],
      ["Transfer-Encoding with Content-Length", post(`${chunked}\r\nContent-Length: 5`, end)],
      ["two Content-Lengths", post(`Content-Length: 0\r\nContent-Length: ${smuggled.length}`, "")],
      ["a list of Content-Lengths", post(`Content-Length: 0, ${smuggled.length}`, "")],
      ["a negative Content-Length", post("Content-Length: -1", "")],
      ["a signed Content-Length", post("Content-Length: +0", "")],
      ["a hex Content-Length", post("Content-Length: 0x0", "")],
      ["chunked, identity", post(`${chunked}, identity`, end)],
      ["chunked and identity on two lines", post(`${chunked}\r\nTransfer-Encoding: identity`, end)],
      ["xchunked", post("Transfer-Encoding: xchunked", end)],
      ["chunked behind a vertical tab", post("Transfer-Encoding: \x0bchunked", end)],
      ["chunked before a tab", post(`${chunked} \t`, end)],
      ["chunked on a folded line", post("Transfer-Encoding:\r\n chunked", end)],
      ["a folded header", post("X: a\r\n Content-Length: 0", "")],
      ["a space before the colon", post("Content-Length : 0", "")],
      ["bare LFs", `GET /healthz HTTP/1.1\n${host}\n\n`],
      ["a bare LF in the headers", post("X: a\nContent-Length: 0", "")],
      ["a bare CR in the headers", post("X: a\rContent-Length: 0", "")],
      ["NUL in a header", get(host, "X: a\0b")],
      ["NUL in a header's name", get(host, "X\0: a")],
      ["a negative chunk size", post(chunked, "-1\r\n\r\n")],
      ["a chunk size with 0x", post(chunked, "0x0\r\n\r\n")],
      ["a chunk size beyond 64 bits", post(chunked, "fffffffffffffffff\r\n\r\n")],
      ["a chunk longer than its size", post(chunked, `1\r\n{}\r\n${end}`)],
      ["chunks with bare LFs", post(chunked, "0\n\n")],
      ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
      ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"]
    ])("%s is refused, and what follows is not read", ([, request]) =>
      Effect.gen(function* () {
        const heard = yield* say(request + smuggled + bye)
        assert.deepStrictEqual(RawSocket.statuses(heard), [400], heard)
        assertProblems(heard)
        assert.notInclude(yield* taken, "smuggled")
      })
    )

    it.effect.each([
      [400, "no Host", get("X: a")],
      [400, "two Hosts", get(host, "Host: evil.example")],
      [401, "another host in the request line", `GET http://evil.example/v1/alerts HTTP/1.1\r\n${host}\r\n\r\n`],
      [405, "TRACE", `TRACE /v1/alerts HTTP/1.1\r\n${host}\r\n\r\n`],
      [417, "an unknown Expect", post("Expect: tea\r\nContent-Length: 2", "{}")],
      [400, "chunked behind a tab", post("Transfer-Encoding:\tchunked", end)],
      [200, "a body of a GET", get(host, `Content-Length: ${smuggled.length}`) + smuggled],
      [404, "a path that is not an encoding", `GET /v1/alerts/%zz HTTP/1.1\r\n${host}\r\n\r\n`],
      [405, "no path", `OPTIONS * HTTP/1.1\r\n${host}\r\n\r\n`]
    ] as const)("%d for %s, and the next request is answered too", ([status, , request]) =>
      Effect.gen(function* () {
        const heard = yield* say(request + bye)
        assert.deepStrictEqual(RawSocket.statuses(heard), [status, 200], heard)
        assertProblems(heard)
        assert.notInclude(yield* taken, "smuggled")
      })
    )

    it.effect.each([
      [431, "long headers", get(host, `X: ${long}`)],
      [431, "many headers", get(host, ...Array.from({ length: 20_000 }, () => "a: b"))],
      [431, "a long URL", `GET /${long} HTTP/1.1\r\n${host}\r\n\r\n`],
      [413, "long chunk extensions", post(chunked, `1;${long}\r\n{\r\n${end}`)],
      [405, "CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n"],
      [
        200,
        "Upgrade to HTTP/2",
        get(host, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AA")
      ],
      [
        200,
        "Upgrade to a WebSocket",
        get(host, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: AAAA")
      ],
      [
        202,
        "an upgrade with a body",
        posting(alert("upgrade")).replace(host, `${host}\r\nConnection: Upgrade\r\nUpgrade: h2c`)
      ]
    ] as const)("%d for %s, and the connection ends", ([status, , request]) =>
      Effect.gen(function* () {
        const heard = yield* say(request + smuggled)
        assert.deepStrictEqual(RawSocket.statuses(heard), [status], heard)
        assertProblems(heard)
        assert.notInclude(yield* taken, "smuggled")
      })
    )

    it.effect("Expect: 100-continue is answered", () =>
      Effect.gen(function* () {
        const heard = yield* say(post("Expect: 100-continue\r\nContent-Length: 2", "{}") + bye)
        assert.deepStrictEqual(RawSocket.statuses(heard), [100, 400, 200])
        const tooLong = 4 * 1024 * 1024 + 1
        const refused = yield* say(
          post(`Expect: 100-continue\r\nContent-Length: ${tooLong}`, " ".repeat(tooLong)) + bye
        )
        // Without the 100: what is too long need not be sent.
        assert.deepStrictEqual(RawSocket.statuses(refused), [413])
        assertProblems(refused)
      })
    )

    it.effect("reads a chunked body to its last chunk", () =>
      Effect.gen(function* () {
        const chunks = Array.from(alert("chunks"), (letter) => `1\r\n${letter}\r\n`).join("")
        const heard = yield* say(post(chunked, chunks + end) + posting("{}") + bye)
        assert.deepStrictEqual(RawSocket.statuses(heard), [202, 400, 200])
        assert.include(yield* taken, "chunks")
      })
    )

    it.effect("does not accept a body that its sender aborts, however complete it looks", () =>
      Effect.gen(function* () {
        const whole = alert("broken off")
        const { url } = (yield* SharedHarness).gateway()
        for (const [before, request] of [
          ["before a length", post(`Content-Length: ${whole.length + 1}`, whole)],
          ["before chunks", post(chunked, `${whole.length.toString(16)}\r\n${whole}\r\n`)]
        ] as const) {
          yield* Effect.scoped(Effect.map(RawSocket.open(url), ({ say }) => say(posting(alert(before)) + request)))
          yield* eventually("the alert before it", taken, (sourceIds) => sourceIds.includes(before))
        }
        yield* ask(200, "GET", "/healthz")
        assert.notInclude(yield* taken, "broken off")
      })
    )

    it.effect.each([
      ["/v1/alerts", "GET, HEAD, POST"],
      ["/v1/integrations/ops?force=true", "GET, HEAD, PUT, DELETE"],
      ["/v1/sources/thousandeyes", "GET, HEAD, PUT, DELETE, POST"],
      ["/healthz", "GET, HEAD"],
      ["/docs", "GET, HEAD"],
      ["/openapi.json", "GET, HEAD"],
      ["/schemas/webhook-v1.json", "GET, HEAD"]
    ] as const)("another method on %s is 405 with what it has", ([path, allow]) =>
      Effect.gen(function* () {
        const { headers } = yield* ask(405, "PATCH", path, {})
        assert.sameMembers(headers["allow"]?.split(", ") ?? [], allow.split(", "))
        yield* ask(404, "PATCH", `${path.replace(/\?.*/, "")}/no/such`, {})
      })
    )

    it.effect("answers HEAD like GET without the body", () =>
      Effect.gen(function* () {
        for (const path of ["/healthz", "/v1/alerts"]) {
          const head = yield* ask(200, "HEAD", path)
          const got = yield* ask(200, "GET", path)
          assert.strictEqual(head.text, "")
          assert.strictEqual(head.headers["content-length"], String(Buffer.byteLength(got.text)))
          assert.strictEqual(head.headers["content-type"], got.headers["content-type"])
        }
      })
    )
  })
})

/** Says it all at once on a connection of its own; gives all that is heard until the gateway closes it. */
const say = (text: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const socket = yield* RawSocket.open((yield* SharedHarness).gateway().url)
      socket.say(text)
      return yield* socket.closed
    })
  )

/** The alerts that were taken. */
const taken = Effect.map(ask(200, "GET", "/v1/alerts?source=raw"), (answer) =>
  answer.as(listOf(AlertSummary)).items.map(({ sourceId }) => String(sourceId))
)

const assertProblems = (heard: string) => {
  const errors = RawSocket.statuses(heard).filter((status) => status >= 400)
  assert.lengthOf(heard.match(/content-type: application\/problem\+json/gi) ?? [], errors.length, heard)
}
