import { Effect, type Scope } from "effect"
import { createServer, type Socket } from "node:net"

/** Something on loopback that must not be reached: it counts connections, and does what the test wants with each. */
export const listen = (
  onConnection: (socket: Socket) => void
): Effect.Effect<{ readonly port: number; readonly reached: () => number }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => {}))
      onConnection(socket)
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const socket of sockets) socket.destroy()
        })
    )
    const address = server.address()
    return { port: typeof address === "object" && address !== null ? address.port : 0, reached: () => sockets.size }
  })
