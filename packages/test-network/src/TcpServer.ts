import { Effect, type Scope } from "effect"
import { createServer, type Server, type Socket } from "node:net"

/** Listens at a free port of loopback until the scope closes, which also ends every connection. */
export const serve = Effect.fnUntraced(function* (server: Server) {
  const sockets = new Set<Socket>()
  server.on("connection", (socket) => sockets.add(socket.on("error", () => {})))
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of sockets) socket.destroy()
      })
  )
  const address = server.address()
  return { port: typeof address === "object" && address !== null ? address.port : 0, sockets }
})

/** Listens on loopback, counts the connections in `reached`, and passes each to the test. */
export const listen = (
  onConnection: (socket: Socket) => void
): Effect.Effect<{ readonly port: number; readonly reached: () => number }, never, Scope.Scope> =>
  Effect.map(serve(createServer(onConnection)), ({ port, sockets }) => ({ port, reached: () => sockets.size }))
