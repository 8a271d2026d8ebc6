import { assert, describe, it } from "@effect/vitest"
import { HttpChannel, notSentCode } from "@tocsin/core"
import { maxAnswerBytes } from "@tocsin/egress"
import { TcpServer, until } from "@tocsin/test-network"
import { Effect, Fiber, Stream } from "effect"
import { HttpBody, HttpClient, HttpClientRequest } from "effect/http"
import type { Socket } from "node:net"
import { systemGuard, userAgent } from "./harness/guard.ts"

const client = systemGuard("127.0.0.1")

/** A service that says this to each request, byte by byte as it is; its URL, and what it heard. */
const service = Effect.fnUntraced(function* (answer: (socket: Socket) => void) {
  let heard = ""
  let closed = 0
  const { port, reached } = yield* TcpServer.listen((socket) => {
    socket.on("close", () => closed++)
    socket.on("data", (data) => {
      heard += data.toString()
      answer(socket)
    })
  })
  return { url: `http://127.0.0.1:${port}/hook?secret`, heard: () => heard, closed: () => closed, reached }
})

const post = (url: string) =>
  HttpClient.execute(HttpClientRequest.post(url).pipe(HttpClientRequest.bodyJsonUnsafe({ text: "Grüße" })))

/** What the stream gives before it ends or fails, and how it ends. */
const streamed = Effect.fnUntraced(function* (url: string) {
  const { status, stream } = yield* post(url)
  let bytes = 0
  const end = yield* stream.pipe(
    Stream.runForEach((chunk) => Effect.sync(() => void (bytes += chunk.length))),
    Effect.match({ onFailure: ({ reason }) => `${reason._tag}: ${String(reason.cause)}`, onSuccess: () => "whole" })
  )
  return { status, bytes, end }
})

/** How a request fails. */
const failure = (effect: ReturnType<typeof post>) => Effect.map(Effect.flip(effect), ({ reason }) => reason._tag)

describe("The client of plugins", () => {
  it.live("writes no request that may no longer be sent once it is connected", () =>
    Effect.gen(function* () {
      const { heard, reached, url } = yield* service((socket) => socket.end("HTTP/1.1 204 No Content\r\n\r\n"))
      const isRefused = yield* Effect.flip(post(url)).pipe(Effect.provideService(HttpChannel.MaySend, () => false))
      assert.propertyVal(isRefused.reason.cause, "code", notSentCode)
      assert.strictEqual(reached(), 1)
      assert.strictEqual((yield* post(url)).status, 204)
      assert.strictEqual(heard().split("POST").length, 2)
    }).pipe(Effect.provide(client))
  )

  it.live("posts, and returns status, headers and body, after informational answers", () =>
    Effect.gen(function* () {
      const { heard, url } = yield* service((socket) => {
        socket.write("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nset-cookie: a=1\r\n")
        socket.write('set-cookie: b=2\r\nX-Thing: é\r\ntransfer-encoding: chunked\r\n\r\n6\r\n{"ok":\r\n')
        socket.write("5\r\ntrue}\r\n0\r\n\r\n")
      })
      const response = yield* post(`${url}#part`)
      assert.strictEqual(response.status, 201)
      assert.strictEqual(response.url, url)
      assert.deepStrictEqual(yield* response.json, { ok: true })
      assert.strictEqual(yield* response.text, '{"ok":true}')
      assert.deepStrictEqual(Object.keys(response.cookies.cookies), ["a", "b"])
      assert.match(heard(), /^POST \/hook\?secret HTTP\/1\.1\r\n/)
      assert.include(heard(), "content-length: 18\r\n")
      assert.isTrue(heard().endsWith('\r\n\r\n{"text":"Grüße"}'))
      assert.notInclude(JSON.stringify(response), "secret")
    }).pipe(Effect.provide(client))
  )

  it.live("returns an answer without a body, or with a non-standard status, unchanged", () =>
    Effect.gen(function* () {
      for (const status of [204, 304, 599, 999]) {
        const { url } = yield* service((socket) => socket.write(`HTTP/1.1 ${status} x\r\ncontent-length: 0\r\n\r\n`))
        assert.deepStrictEqual(yield* streamed(url), { status, bytes: 0, end: "whole" })
      }
    }).pipe(Effect.provide(client))
  )

  it.live("reads at most a MiB: the stream fails after it, and so does reading all", () =>
    Effect.gen(function* () {
      const endless = yield* service((socket) => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n")
        const more = () => socket.write(Buffer.alloc(65_536, "x")) && setImmediate(more)
        socket.on("drain", more)
        more()
      })
      const { bytes, end, status } = yield* streamed(endless.url)
      assert.strictEqual(status, 200)
      assert.isAtLeast(bytes, maxAnswerBytes)
      assert.isBelow(bytes, 2 * maxAnswerBytes)
      assert.strictEqual(end, `DecodeError: Error: It is longer than ${maxAnswerBytes} bytes`)
      assert.strictEqual(yield* failure(Effect.tap(post(endless.url), ({ text }) => text)), "DecodeError")
      yield* until("the connections to end", () => endless.closed() === 2)
      const longest = yield* service((socket) =>
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${maxAnswerBytes}\r\n\r\n${"x".repeat(maxAnswerBytes)}`)
      )
      assert.strictEqual((yield* streamed(longest.url)).end, "whole")
    }).pipe(Effect.provide(client))
  )

  it.live("distinguishes a truncated answer from a connection that breaks before it", () =>
    Effect.gen(function* () {
      const early = yield* service((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"))
      const { bytes, end, status } = yield* streamed(early.url)
      assert.deepStrictEqual([status, bytes], [200, 2])
      assert.match(end, /^DecodeError: /)
      for (const answer of [
        (socket: Socket) => socket.destroy(),
        (socket: Socket) => socket.resetAndDestroy(),
        (socket: Socket) => socket.end("220 mail.example ESMTP\r\n")
      ]) {
        const { reached, url } = yield* service(answer)
        assert.strictEqual(yield* failure(post(url)), "TransportError")
        assert.strictEqual(reached(), 1)
      }
    }).pipe(Effect.provide(client))
  )

  it.live("ends the connection of a request whose caller is interrupted, before and within the answer", () =>
    Effect.gen(function* () {
      for (const said of ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"]) {
        const { closed, heard, url } = yield* service((socket) => socket.write(said))
        const fiber = yield* Effect.forkChild(post(url))
        yield* until("the request", () => heard() !== "")
        yield* Fiber.interrupt(fiber)
        yield* until("the connection to end", () => closed() === 1)
      }
    }).pipe(Effect.provide(client))
  )

  it.live("sends nothing for a caller that was interrupted while connecting", () =>
    Effect.gen(function* () {
      const { heard, url } = yield* service((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"))
      const fiber = yield* Effect.forkChild(post(`${url}&early`), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      yield* post(`${url}&late`)
      assert.deepStrictEqual(heard().match(/early|late/g), ["late"])
    }).pipe(Effect.provide(client))
  )

  it.live("sends nothing of a request that it cannot send completely", () =>
    Effect.gen(function* () {
      const { reached, url } = yield* service((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"))
      const request = HttpClientRequest.post(url)
      for (const refused of [
        HttpClientRequest.setBody(request, HttpBody.stream(Stream.make(Buffer.from("a")))),
        HttpClientRequest.setBody(request, HttpBody.formData(new FormData())),
        HttpClientRequest.setBody(request, HttpBody.raw({})),
        HttpClientRequest.setHeader(request, "upgrade", "websocket")
      ]) {
        assert.strictEqual(yield* failure(HttpClient.execute(refused)), "EncodeError")
      }
      assert.strictEqual(yield* failure(HttpClient.get("http://[")), "InvalidUrlError")
      assert.strictEqual(reached(), 0)
    }).pipe(Effect.provide(client))
  )

  it.live("sends its user agent, and asks for no compression, unless the request does", () =>
    Effect.gen(function* () {
      const { heard, url } = yield* service((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"))
      yield* post(url)
      assert.include(heard(), `\r\nuser-agent: ${userAgent}\r\n`)
      assert.include(heard(), "\r\naccept-encoding: identity\r\n")
      const request = HttpClientRequest.get(url).pipe(
        HttpClientRequest.setHeaders({ "User-Agent": "Acme/1.0", "Accept-Encoding": "gzip" })
      )
      yield* HttpClient.execute(request)
      const second = heard().slice(heard().indexOf("GET "))
      assert.include(second, "\r\nuser-agent: Acme/1.0\r\n")
      assert.include(second, "\r\naccept-encoding: gzip\r\n")
      assert.strictEqual(second.match(/user-agent|accept-encoding/g)?.length, 2)
    }).pipe(Effect.provide(client))
  )

  it.live("sends the URL's user and password as Basic authentication", () =>
    Effect.gen(function* () {
      const { heard, url } = yield* service((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"))
      for (const [userInfo, credentials] of [
        ["user:p%40ss%3Aword", "user:p@ss:word"],
        ["user", "user:"],
        [":token", ":token"],
        ["%zz:ü", "%zz:ü"]
      ]) {
        const before = heard().length
        const response = yield* post(url.replace("//", `//${userInfo}@`))
        assert.strictEqual(response.url, url)
        const request = heard().slice(before)
        assert.include(request, `\r\nauthorization: Basic ${Buffer.from(credentials ?? "").toString("base64")}\r\n`)
        assert.match(request, /^POST \/hook\?secret HTTP/)
      }
      const before = heard().length
      yield* HttpClient.execute(
        HttpClientRequest.get(url.replace("//", "//user:pass@")).pipe(HttpClientRequest.bearerToken("own"))
      )
      assert.match(heard().slice(before), /\r\nauthorization: Bearer own\r\n/)
      assert.notInclude(heard().slice(before), "Basic")
    }).pipe(Effect.provide(client))
  )
})
