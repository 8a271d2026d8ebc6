/**
 * Serves a fake on loopback as a real HTTP server. The one module of core that needs Node.
 */
import { Effect, type Scope } from "effect"
import { createServer, type IncomingMessage, type RequestListener } from "node:http"
import { createServer as createSecureServer } from "node:https"
import { type AddressInfo, createServer as createConnectionServer, type Server } from "node:net"
import { withPage } from "./FakePage.ts"
import type { Answering, FakeService, Peer } from "./FakeService.ts"

export type { Answering }

/** Options of `serve`. */
export interface Options {
  /** A free port if absent or 0. */
  readonly port?: number
  /** Runs before each answer. May delay it, or reject to break the connection. */
  readonly before?: () => Promise<void>
  /** If present, the server uses HTTPS. */
  readonly certificate?: { readonly key: string; readonly cert: string }
}

/** Serves on loopback until the scope closes, and returns the server's origin. Dies if the port is not available. */
export const serve = (
  fake: Answering,
  { before = () => Promise.resolve(), certificate, port = 0 }: Options = {}
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const listener: RequestListener = (request, response) => {
          void read(request)
            .then((body) => before().then(() => body))
            .then((body) => {
              const headers = Object.fromEntries(
                Object.entries(request.headers).map(([name, value]) => [name, value?.toString()])
              )
              const { method = "", url = "" } = request
              const answer = fake.answer({ method, url, headers, body, at: Date.now() })
              if (answer.status !== 0) response.writeHead(answer.status, answer.headers).end(answer.body)
            })
            // The client is gone, or `before` rejected to break the connection: send no answer.
            .catch(() => response.destroy())
        }
        const server = certificate === undefined ? createServer(listener) : createSecureServer(certificate, listener)
        server.once("error", (error) => resume(Effect.die(error)))
        server.listen(port, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    ),
    (server) => `${certificate === undefined ? "http" : "https"}://127.0.0.1:${portOf(server.address())}`
  )

/**
 * Serves the connections of a fake with a `peer` on a free port of loopback until the scope closes, and returns their
 * origin, such as `tcp://127.0.0.1:2525`.
 */
export const serveConnections = (peer: (now: () => number) => Peer): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Server>((resume) => {
        const server = createConnectionServer((socket) => {
          const { answer, greeting = "" } = peer(Date.now)
          // The client may leave at any time.
          socket.on("error", () => {})
          socket.on("data", (data) => {
            const says = answer(data)
            if (says === null) socket.destroy()
            else socket.write(says)
          })
          socket.write(greeting)
        })
        server.once("error", (error) => resume(Effect.die(error)))
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
    ),
    (server) => `tcp://127.0.0.1:${portOf(server.address())}`
  )

/** Serves a fake with its page until the scope closes; returns the page's origin, and the settings that post to it. */
export const serveFake = Effect.fnUntraced(function* (fake: FakeService, options?: Options) {
  const origin = yield* serve(withPage(fake), options)
  const at = fake.peer === undefined ? origin : yield* serveConnections((now) => fake.peer!(now))
  return { origin, settings: fake.settings(at) }
})

const portOf = (address: string | AddressInfo | null): number => {
  if (address === null || typeof address === "string") throw new Error("The server does not listen on a port")
  return address.port
}

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Uint8Array> = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
