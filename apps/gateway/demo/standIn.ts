/**
 * A real HTTP server on loopback in the place of a chat service.
 */
import { Effect, type Scope } from "effect"
import { createServer, type IncomingMessage, type RequestListener } from "node:http"
import { createServer as createSecureServer } from "node:https"
import type { AddressInfo } from "node:net"

/** A chat service's behaviour, as the plugins' `testing` modules have it. */
export interface Service {
  readonly answer: (request: {
    readonly method: string
    readonly url: string
    readonly headers: Record<string, string | undefined>
    readonly body: string
  }) => { readonly status: number; readonly headers: Record<string, string>; readonly body: string }
}

/**
 * Serves on a free port until the scope closes; gives the server's origin. `before` may hold an answer back, or reject
 * to break the connection. With a certificate it speaks https.
 */
export const serve = (
  service: Service,
  before: () => Promise<void> = () => Promise.resolve(),
  certificate?: { readonly key: string; readonly cert: string }
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
              const answer = service.answer({ method: request.method ?? "", url: request.url ?? "", headers, body })
              response.writeHead(answer.status, answer.headers).end(answer.body)
            })
            // The caller was killed, or `before` wants the connection broken: no answer is left to give.
            .catch(() => response.destroy())
        }
        const server = certificate === undefined ? createServer(listener) : createSecureServer(certificate, listener)
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    ),
    (server) => `${certificate === undefined ? "http" : "https"}://127.0.0.1:${portOf(server.address())}`
  )

const portOf = (address: string | AddressInfo | null): number => {
  if (address === null || typeof address === "string") throw new Error("The server does not listen on a port")
  return address.port
}

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
