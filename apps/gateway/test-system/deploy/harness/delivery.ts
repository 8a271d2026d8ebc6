/**
 * An alert that is posted to a gateway, and arrives at a channel.
 */
import { TcpServer } from "@tocsin/test-network"
import { Effect, Queue } from "effect"
import { createServer } from "node:http"

/** A receiver of webhooks on loopback. */
export const makeReceiver = Effect.gen(function* () {
  const received = yield* Queue.unbounded<string>()
  const { port } = yield* TcpServer.serve(
    createServer((request, response) => {
      let body = ""
      request.on("data", (part) => (body += String(part)))
      request.on("end", () => {
        Queue.offerUnsafe(received, body)
        response.writeHead(204).end()
      })
    })
  )
  return { url: `http://127.0.0.1:${port}/hook`, received: Queue.take(received) }
})

/** Sends a request with a token; fails unless it is answered by 2xx. */
export const request = (url: string, token: string, method = "GET", body?: unknown) =>
  Effect.tryPromise({
    try: async (signal) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
      const init = body === undefined ? {} : { body: JSON.stringify(body) }
      const response = await fetch(url, { method, headers, signal, ...init })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`)
      return text
    },
    catch: (error) => (error instanceof Error ? error : new Error(String(error)))
  })

/** Creates an integration for the receiver and a rule, and posts an alert; gives what the receiver got. */
export const deliver = Effect.fnUntraced(function* (url: string, token: string, summary: string) {
  const receiver = yield* makeReceiver
  const settings = { url: receiver.url, secret: `whsec_${Buffer.alloc(32, 1).toString("base64")}` }
  const integration = { name: summary, type: "webhook", settings }
  const { id } = JSON.parse(yield* request(`${url}/v1/integrations`, token, "POST", integration))
  yield* request(`${url}/v1/rules`, token, "POST", { name: summary, match: {}, integrations: [id] })
  yield* post(url, token, summary)
  return yield* receiver.received
})

/** Raises an alert. */
export const post = (url: string, token: string, summary: string) =>
  request(`${url}/v1/alerts`, token, "POST", {
    source: "deploy",
    id: summary,
    state: "raised",
    startedAt: "2026-01-01T00:00:00Z",
    rule: { name: "Disk full" },
    summary
  })
