import { assert, describe, it } from "@effect/vitest"
import { TcpServer, until } from "@tocsin/test-network"
import { Effect, Fiber, Layer, Stream } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { connect, type Socket } from "node:net"
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import { answeredStatus, watchAnswers } from "../src/answeredStatus.ts"
import { attempt, Hook } from "./harness/attempt.ts"
import { systemGuard } from "./harness/guard.ts"

const egress = Layer.provideMerge(Hook.layer, systemGuard("127.0.0.1"))

type Answer = (socket: Socket, count: number) => void

/** A service that answers each request so; its URL, and how many requests it has received. */
const service = Effect.fnUntraced(function* (answer: Answer) {
  let posts = 0
  const { port } = yield* TcpServer.listen((socket) =>
    socket.on("data", (data) => {
      if (String(data).startsWith("POST ")) answer(socket, ++posts)
    })
  )
  return { url: `http://127.0.0.1:${port}/hook`, posts: () => posts }
})

/** Posts once: the receipt, or the reason of the failure. */
const post = (url: string) =>
  attempt(url).pipe(
    Effect.match({
      onFailure: ({ reason }) => ({
        [reason._tag]: reason.detail,
        ...("unanswered" in reason && { unanswered: true })
      }),
      onSuccess: (receipt) => ({ ...receipt })
    })
  )

const head = (status: string, headers: { readonly [name: string]: string | number } = {}) =>
  `HTTP/1.1 ${status}\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`

const whole = (status: string, body: string | Buffer, headers: { readonly [name: string]: string } = {}) =>
  Buffer.concat([Buffer.from(head(status, { ...headers, "content-length": body.length })), Buffer.from(body)])

const text = (...answer: Parameters<typeof whole>) => String(whole(...answer))

const say =
  (answer: string | Buffer): Answer =>
  (socket) =>
    socket.write(answer)

const sayAndEnd =
  (answer: string | Buffer): Answer =>
  (socket) =>
    socket.end(answer)

/** Writes the answer byte by byte, each in a packet of its own. */
const sayBytes =
  (answer: string): Answer =>
  (socket) => {
    socket.setNoDelay(true)
    const bytes = Buffer.from(answer)
    const next = (at: number) => {
      if (at < bytes.length) socket.write(bytes.subarray(at, at + 1), () => setImmediate(next, at + 1))
    }
    next(0)
  }

const ok = String(whole("200 OK", "ok"))
const continued = "HTTP/1.1 100 Continue\r\n\r\n"
const kib = "x".repeat(1024)
const bigHeaders = (kibs: number) => Object.fromEntries(Array.from({ length: kibs }, (_, n) => [`x-header-${n}`, kib]))

describe("Answers that are unusual but readable", () => {
  const table: ReadonlyArray<readonly [name: string, answer: Answer, outcome: object]> = [
    ["an unasked 100 Continue", say(`${continued}${ok}`), {}],
    ["an unasked 100 Continue, byte by byte", sayBytes(`${continued}${ok}`), {}],
    [
      "several informational answers, with headers",
      sayBytes(
        `${head("103 Early Hints", { link: "</a>" })}${head("100 Continue", { date: "today" })}${head("102 Processing")}${ok}`
      ),
      {}
    ],
    [
      "a refusal after a 100 Continue",
      say(`${continued}${text("503 Service Unavailable", "later")}`),
      { Unavailable: "HTTP 503: later" }
    ],
    [
      "a body that reads like a 100 Continue",
      say(whole("400 Bad", continued)),
      { PayloadRejected: "HTTP 400: HTTP/1.1 100 Continue" }
    ],
    ["64 KiB of headers", say(whole("200 OK", "ok", bigHeaders(62))), {}],
    [
      "gzip",
      say(whole("400 Bad", gzipSync("no blocks"), { "content-encoding": "gzip" })),
      { PayloadRejected: "HTTP 400: no blocks" }
    ],
    [
      "x-gzip",
      say(whole("400 Bad", gzipSync("no blocks"), { "content-encoding": "X-GZIP" })),
      { PayloadRejected: "HTTP 400: no blocks" }
    ],
    [
      "deflate",
      say(whole("400 Bad", deflateSync("no blocks"), { "content-encoding": "deflate" })),
      { PayloadRejected: "HTTP 400: no blocks" }
    ],
    [
      "deflate without its header",
      say(whole("400 Bad", deflateRawSync("no blocks"), { "content-encoding": "deflate" })),
      { PayloadRejected: "HTTP 400: no blocks" }
    ],
    [
      "br",
      say(whole("400 Bad", brotliCompressSync("no blocks"), { "content-encoding": "br" })),
      { PayloadRejected: "HTTP 400: no blocks" }
    ],
    [
      "two codings",
      say(whole("400 Bad", brotliCompressSync(gzipSync("no blocks")), { "content-encoding": "gzip, br" })),
      { PayloadRejected: "HTTP 400: no blocks" }
    ],
    [
      "identity",
      say(whole("400 Bad", "no blocks", { "content-encoding": "identity" })),
      { PayloadRejected: "HTTP 400: no blocks" }
    ],
    ["a coding without a body", say(whole("204 No Content", "", { "content-encoding": "gzip" })), {}]
  ]
  it.live.each(table)("%s", ([, answer, outcome]) =>
    Effect.gen(function* () {
      const { posts, url } = yield* service(answer)
      assert.deepStrictEqual(yield* post(url), outcome)
      // The connection is as good as new.
      assert.deepStrictEqual(yield* post(url), outcome)
      assert.strictEqual(posts(), 2)
    }).pipe(Effect.provide(egress))
  )
})

describe("Answers that cannot be read whole", () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  const table: ReadonlyArray<readonly [name: string, answer: Answer, outcome: object]> = [
    [
      "headers beyond 64 KiB",
      say(whole("200 OK", "ok", bigHeaders(70))),
      { unreadable: "Its headers are longer than 64 KiB" }
    ],
    [
      "headers beyond 64 KiB after a 100 Continue",
      say(`${continued}${text("204 No Content", "", bigHeaders(70))}`),
      { unreadable: "Its headers are longer than 64 KiB" }
    ],
    ["headers beyond 64 KiB of a refusal", say(whole("503 Later", "", bigHeaders(70))), { Unavailable: "HTTP 503" }],
    [
      "an unasked 100 Continue of HTTP/1.0",
      say(`HTTP/1.0 100 Continue\r\n\r\n${ok}`),
      { unreadable: /HTTP\/1.1 protocol/ }
    ],
    [
      "a header without a colon",
      sayAndEnd("HTTP/1.1 200 OK\r\nno header\r\n\r\nok"),
      { unreadable: /HTTP\/1.1 protocol/ }
    ],
    [
      "two lengths",
      sayAndEnd("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok"),
      { unreadable: /length/ }
    ],
    [
      "a broken chunk",
      sayAndEnd("HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nok"),
      { unreadable: /HTTP\/1.1 protocol/ }
    ],
    ["an end within the status' headers", sayAndEnd("HTTP/1.1 200 OK\r\ncontent-"), { unreadable: /closed/ }],
    ["an end after the status line", sayAndEnd("HTTP/1.1 200 OK\r\n"), { unreadable: /closed/ }],
    ["an end after a refusal's status line", sayAndEnd("HTTP/1.1 404 Not Found\r\n"), { DestinationGone: "HTTP 404" }],
    ["an end within the body", sayAndEnd("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"), { unreadable: /closed/ }],
    [
      "an end within a refusal's body",
      sayAndEnd("HTTP/1.1 400 Bad\r\ncontent-length: 90\r\n\r\nno bl"),
      { PayloadRejected: "HTTP 400" }
    ],
    [
      "damaged gzip",
      say(whole("200 OK", Buffer.from("not gzip"), { "content-encoding": "gzip" })),
      { unreadable: "Its gzip is damaged" }
    ],
    [
      "an unknown coding",
      say(whole("200 OK", zstdCompressSync("ok"), { "content-encoding": "zstd" })),
      { unreadable: "Its content coding is not supported: zstd" }
    ],
    ["an end within the status line", sayAndEnd("HTTP/1.1 200"), { Unavailable: /./, unanswered: true }],
    ["an end after a 100 Continue", sayAndEnd(continued), { Unavailable: /./, unanswered: true }],
    ["no HTTP", sayAndEnd("220 mail.example ESMTP\r\n"), { Unavailable: /./, unanswered: true }]
  ]
  it.live.each(table)("%s", ([, answer, outcome]) =>
    Effect.gen(function* () {
      const { posts, url } = yield* service(answer)
      const found = yield* post(url)
      assert.deepStrictEqual(Object.keys(found), Object.keys(outcome), JSON.stringify(found))
      for (const [key, value] of Object.entries(found)) {
        const wanted: unknown = Reflect.get(outcome, key)
        if (wanted instanceof RegExp && typeof value === "string") assert.match(value, wanted)
        else assert.deepStrictEqual(value, wanted)
      }
      assert.strictEqual(posts(), 1)
    }).pipe(Effect.provide(egress))
  )

  it.live("a gzip bomb is read to 64 KiB", () =>
    Effect.gen(function* () {
      const { url } = yield* service(say(whole("200 OK", bomb, { "content-encoding": "gzip" })))
      assert.deepStrictEqual(yield* post(url), { unreadable: "It is longer than 64 KiB when it is decompressed" })
      const response = yield* HttpClient.post(url)
      let bytes = 0
      yield* Effect.ignore(
        Stream.runForEach(response.stream, (chunk) => Effect.sync(() => void (bytes += chunk.length)))
      )
      assert.isAtLeast(bytes, 65_536)
      assert.isBelow(bytes, 2 * 65_536)
    }).pipe(Effect.provide(egress))
  )

  it.live("the status of an earlier answer is not used for a missing one", () =>
    Effect.gen(function* () {
      const { posts, url } = yield* service((socket, count) => (count === 1 ? socket.write(ok) : socket.destroy()))
      assert.deepStrictEqual(yield* post(url), {})
      assert.property(yield* post(url), "Unavailable")
      assert.strictEqual(posts(), 2)
    }).pipe(Effect.provide(egress))
  )

  it.effect("a body that does not end within five seconds", () =>
    Effect.gen(function* () {
      const { posts, url } = yield* service(say("HTTP/1.1 200 OK\r\n\r\nok"))
      const posting = yield* Effect.forkChild(post(url))
      yield* TestClock.withLive(until("the request", () => posts() === 1))
      // Until the timer runs, which begins when the headers are there.
      while (posting.pollUnsafe() === undefined) {
        yield* TestClock.adjust("1 second")
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      }
      assert.deepStrictEqual(yield* Fiber.join(posting), { unreadable: "It did not end within 5 seconds" })
    }).pipe(Effect.provide(egress))
  )
})

describe("The headers of an answer", () => {
  it.live("that do not end, end the connection, and the status is known", () =>
    Effect.gen(function* () {
      const { port } = yield* TcpServer.listen((socket) => socket.write("HTTP/1.1 200 OK\r\nX: y\r\n"))
      const error = yield* Effect.callback<Error>((resume) => {
        const socket = connect(port, "127.0.0.1")
        watchAnswers(socket, 1)
        socket.once("error", (error) => resume(Effect.succeed(error)))
      })
      assert.strictEqual(answeredStatus(error), 200)
      assert.strictEqual(error.message, "Its headers did not end within 5 seconds")
    })
  )

  it.live("that come in many pieces are waited for, each time anew", () =>
    Effect.gen(function* () {
      const answer = `HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\ncontent-length: 2\r\n\r\n`
      const { port } = yield* TcpServer.listen((socket) => {
        for (const character of answer) socket.write(character)
        socket.end("ok")
      })
      const ended = yield* Effect.callback<string>((resume) => {
        const socket = connect(port, "127.0.0.1")
        socket.setNoDelay(true)
        watchAnswers(socket, 60_000)
        socket.once("error", (error) => resume(Effect.succeed(error.message)))
        socket.once("close", () => resume(Effect.succeed("closed")))
      })
      // A timer that is left would keep the process for a minute.
      assert.strictEqual(ended, "closed")
    })
  )
})
