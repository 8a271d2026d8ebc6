import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { once } from "node:events"
import type { RequestListener, ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Readable } from "node:stream"
import { vi } from "vitest"
import { downloads } from "../../src/server/connectionLimit.ts"
import { makeServer, type ServerOptions } from "../../src/server/nodeServer.ts"
import { until } from "../harness/gate.ts"
import * as RawSocket from "../harness/rawSocket.ts"

const post = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"

describe("A slow caller", () => {
  const slowHeaders = { headers: 150, check: 25 }
  const slowBody = { headers: 150, request: 150, check: 25 }

  it.live.each([
    ["its headers", slowHeaders, "GET / HTTP/1.1\r\nX: "],
    ["its body", slowBody, post],
    ["its chunks", slowBody, "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n"],
    ["nothing", slowHeaders, undefined]
  ] as const)("that sends %s a byte at a time is answered with 408 and cut off", ([, options, begin]) =>
    Effect.gen(function* () {
      const url = yield* serve(options, echo)
      const socket = yield* RawSocket.open(url)
      if (begin !== undefined) {
        socket.say(begin)
        yield* drip(socket)
      }
      const heard = yield* socket.closed
      assert.deepStrictEqual(RawSocket.statuses(heard), [408])
      assertProblem(heard)
    })
  )

  it.live("that is silent after an answer is disconnected", () =>
    Effect.gen(function* () {
      const url = yield* serve({ keepAlive: 50 }, echo)
      const socket = yield* RawSocket.open(url)
      socket.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      assert.deepStrictEqual(RawSocket.statuses(yield* socket.closed), [200])
    })
  )

  it.live("that sends bytes without a request is disconnected", () =>
    Effect.gen(function* () {
      const url = yield* serve({ keepAlive: 50, headers: 50, check: 25 }, echo)
      const socket = yield* RawSocket.open(url)
      socket.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      yield* until("the response", () => socket.heard() !== "")
      yield* drip(socket, "\r\n")
      assert.deepStrictEqual(RawSocket.statuses(yield* socket.closed), [200])
    })
  )

  it.live("that does not read, and sends a byte at a time, is disconnected", () =>
    Effect.gen(function* () {
      let cut = false
      const url = yield* serve({ unread: 100, check: 25 }, (_, response) => {
        response.on("close", () => {
          cut = !response.writableFinished
        })
        response.end(large)
      })
      const socket = yield* RawSocket.open(url)
      socket.stopReading()
      socket.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      yield* drip(socket, "\r\n")
      yield* until("the response to be given up", () => cut)
    })
  )

  it.live("that does not read is disconnected before others, and when too much is buffered", () =>
    Effect.gen(function* () {
      const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
      const listener: RequestListener = ({ url }, response) => void response.end(url === "/large" ? large : "small")
      for (const [options, others] of [
        [{ maxConnections: 3 }, 1],
        [{ maxUnreadBytes: large.length * 1.5 }, 0]
      ] as const) {
        const url = yield* serve(options, listener)
        const idle = yield* RawSocket.open(url)
        idle.say(get("/small"))
        yield* until("the small response", () => idle.heard() !== "")
        const unread = yield* Effect.all([RawSocket.open(url), RawSocket.open(url)])
        for (const socket of unread) {
          socket.say(get("/large"))
          yield* until("its beginning", () => socket.heard() !== "")
          socket.stopReading()
        }
        for (let n = 0; n < others; n++) {
          const other = yield* RawSocket.open(url)
          other.say(get("/small"))
          yield* until("its response", () => other.heard().includes("small"))
        }
        yield* until("the first that does not read to be closed", () => {
          // One that does not read does not learn of the end either.
          unread[0].say("x")
          return unread[0].isClosed()
        })
        idle.say(get("/small"))
        yield* until("the second small response", () => RawSocket.statuses(idle.heard()).length === 2)
      }
    })
  )

  it.live.each([
    ["that takes a download slowly gets all of it", {}, true, 40],
    ["that stops reading a download is disconnected", {}, true, 16],
    ["that takes a download below the slowest rate is disconnected", { slowestDownload: 1e9 }, true, 0],
    ["that takes any other answer slowly is disconnected", {}, false, 0]
  ] as const)("%s", ([, options, isDownload, readsMiB]) =>
    Effect.gen(function* () {
      const passed = yield* fakeClock
      const responses: Array<ServerResponse> = []
      const url = yield* serve(options, (_, response) => {
        if (isDownload) downloads.add(response)
        responses.push(response)
        Readable.from(Array.from({ length: 1024 }, () => Buffer.alloc(65_536))).pipe(response)
      })
      const socket = yield* RawSocket.open(url)
      socket.stopReading()
      socket.say("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
      yield* until("the request", () => responses.length === 1)
      const [response] = responses
      const waits = () => (response?.socket?.writableLength ?? 0) > 0
      const isOver = () => response?.closed === true
      yield* until("the response to wait", waits)
      // Kernels take some megabytes at once, so each step is larger.
      for (let read = 0; read < Math.max(readsMiB, 16); read += 8) {
        if (readsMiB > 0) assert.isFalse(isOver())
        passed(50_000)
        const before = socket.heard().length
        socket.readMore(8 * 1024 * 1024)
        yield* until(
          "the reader",
          () => socket.isClosed() || isOver() || (socket.heard().length >= before + 8 * 1024 * 1024 && waits())
        )
      }
      if (readsMiB === 40) {
        socket.readMore(Infinity)
        return assert.isAbove((yield* socket.closed).length, 64 * 1024 * 1024)
      }
      if (readsMiB > 0) assert.isFalse(isOver())
      passed(70_000)
      yield* until("the response to be given up", isOver)
      assert.isFalse(response?.writableFinished)
    })
  )

  it.live("that does not read its answer is disconnected", () =>
    Effect.gen(function* () {
      let cut = false
      const url = yield* serve({ silence: 100 }, (_, response) => {
        response.on("close", () => {
          cut = !response.writableFinished
        })
        response.end(Buffer.alloc(64 * 1024 * 1024))
      })
      const socket = yield* RawSocket.open(url)
      socket.stopReading()
      socket.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      yield* until("the answer to be given up", () => cut)
    })
  )
})

describe("A broken request", () => {
  it.live("is answered after the earlier requests of its connection", () =>
    Effect.gen(function* () {
      const held: Array<() => void> = []
      const url = yield* serve({}, (_, response) => void held.push(() => response.end("first")))
      const socket = yield* RawSocket.open(url)
      socket.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\nNOT HTTP\r\n\r\n")
      yield* until("the first request", () => held.length === 1)
      socket.say("more of it\r\n")
      held[0]?.()
      const heard = yield* socket.closed
      assert.deepStrictEqual(RawSocket.statuses(heard), [200, 400])
      assert.include(heard, "first")
    })
  )

  it.live("does not corrupt an answer that has begun", () =>
    Effect.gen(function* () {
      const url = yield* serve(
        {},
        (_, response) => void response.writeHead(200, { "content-length": "10" }).write("half")
      )
      const socket = yield* RawSocket.open(url)
      socket.say("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
      yield* until("the answer to begin", () => socket.heard().endsWith("half"))
      socket.say("not a chunk\r\n")
      assert.isTrue((yield* socket.closed).endsWith("half"))
    })
  )
})

describe("At the maximum number of connections", () => {
  it.live("a new one replaces the one that was idle longest, and none that is in use", () =>
    Effect.gen(function* () {
      const held: Array<() => void> = []
      const url = yield* serve({ maxConnections: 3 }, (request, response) => {
        if (request.url === "/held") held.push(() => response.end("held"))
        else response.end("at once")
      })
      const inUse = yield* RawSocket.open(url)
      inUse.say("GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n")
      yield* until("the request to be held", () => held.length === 1)
      const first = yield* RawSocket.open(url)
      const second = yield* RawSocket.open(url)
      // Now the second has been idle for the longest.
      first.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      yield* until("the answer", () => first.heard().endsWith("at once"))
      const third = yield* RawSocket.open(url)
      yield* second.closed
      third.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      yield* until("the answer", () => third.heard().endsWith("at once"))
      yield* RawSocket.open(url)
      yield* first.closed
      assert.isFalse(third.isClosed())
      held[0]?.()
      yield* until("the held answer", () => inUse.heard().endsWith("held"))
    })
  )

  it.live("a new one is closed if all are in use", () =>
    Effect.gen(function* () {
      const held: Array<() => void> = []
      const url = yield* serve({ maxConnections: 1 }, (_, response) => void held.push(() => response.end("held")))
      const inUse = yield* RawSocket.open(url)
      inUse.say("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
      yield* until("the request to be held", () => held.length === 1)
      assert.strictEqual(yield* (yield* RawSocket.open(url)).closed, "")
      held[0]?.()
      yield* until("the held answer", () => inUse.heard().endsWith("held"))
    })
  )
})

describe("After a stop", () => {
  it.live.each([
    ["a body that is still being sent", post],
    ["headers that are still being sent", "GET / HTTP/1.1\r\nX: "],
    ["silence", undefined]
  ] as const)("%s does not hold it up", ([, begin]) =>
    Effect.gen(function* () {
      const server = makeServer({ stop: 50 })
      server.on("request", echo)
      yield* Effect.promise(() => once(server.listen(0, "127.0.0.1"), "listening"))
      const socket = yield* RawSocket.open(urlOf(server))
      if (begin !== undefined) {
        socket.say(begin)
        yield* drip(socket)
      }
      yield* Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
      assert.strictEqual(yield* socket.closed, "")
    })
  )

  it.live("a body that arrives in time is answered, and the connection closed", () =>
    Effect.gen(function* () {
      const server = makeServer()
      const requests: Array<unknown> = []
      server.on("request", (request, response) => {
        requests.push(request)
        echo(request, response)
      })
      yield* Effect.promise(() => once(server.listen(0, "127.0.0.1"), "listening"))
      const socket = yield* RawSocket.open(urlOf(server))
      socket.say("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nha")
      yield* until("the request", () => requests.length === 1)
      const closed = once(server, "close")
      server.close()
      socket.say("lf")
      const heard = yield* socket.closed
      assert.include(heard.toLowerCase(), "connection: close")
      assert.isTrue(heard.endsWith("half"))
      yield* Effect.promise(() => closed)
    })
  )
})

const echo: RequestListener = (request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => response.end(Buffer.concat(chunks)))
}

/** Stops the clock of the server's own checks, until the scope ends; gives how to let so many milliseconds pass. */
const fakeClock = Effect.acquireRelease(
  Effect.sync(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] })
    return (millis: number) => void vi.advanceTimersByTime(millis)
  }),
  () => Effect.sync(() => vi.useRealTimers())
)

/** A server on a free port, which ends with the scope; gives its URL. */
const serve = (options: ServerOptions, listener: RequestListener): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = makeServer(options)
      server.on("request", listener)
      await once(server.listen(0, "127.0.0.1"), "listening")
      return server
    }),
    (server) => Effect.sync(() => (server.close(), server.closeAllConnections()))
  ).pipe(Effect.map(urlOf))

const urlOf = (server: ReturnType<typeof makeServer>) => {
  const address = server.address() as AddressInfo
  return `http://127.0.0.1:${address.port}`
}

/** More than any system's buffers take. */
const large = Buffer.alloc(64 * 1024 * 1024)

/** Says this each 10 ms until the scope ends. */
const drip = (socket: RawSocket.RawSocket, text = "a") =>
  Effect.acquireRelease(
    Effect.sync(() => setInterval(() => socket.say(text), 10)),
    (timer) => Effect.sync(() => clearInterval(timer))
  )

const assertProblem = (heard: string) => {
  const [head = "", body = ""] = heard.split("\r\n\r\n")
  assert.include(head, "content-type: application/problem+json")
  assert.include(head, `content-length: ${body.length}`)
  assert.strictEqual(JSON.parse(body).status, Number(head.slice(9, 12)))
}
