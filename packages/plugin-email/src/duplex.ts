/**
 * A connection of Tocsin's connector as the stream that libraries for Node expect.
 */
import { Cause, Effect, Exit, FiberSet, type Scope } from "effect"
import { Socket } from "effect/socket"
import { Duplex } from "node:stream"

/** Converts a connection to a stream that is destroyed when the scope closes. It reads only what is asked for. */
export const toDuplex = Effect.fnUntraced(function* (
  socket: Socket.Socket
): Effect.fn.Return<Duplex, Socket.SocketError, Scope.Scope> {
  const { pull } = yield* socket.reader
  const { write } = yield* socket.writer
  const run = yield* FiberSet.makeRuntime()
  const ended = (done: (error: Error | null) => void) => (exit: Exit.Exit<unknown, unknown>) =>
    done(Exit.isSuccess(exit) ? null : new Error("The connection ended", { cause: Cause.squash(exit.cause) }))
  return yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new TimelessDuplex({
          read() {
            run(pull).addObserver((exit) => {
              if (Exit.isSuccess(exit)) for (const chunk of exit.value) this.push(chunk)
              else this.destroy()
            })
          },
          write: (chunk: Uint8Array, _, done) => void run(write(chunk)).addObserver(ended(done))
        })
    ),
    (duplex) => Effect.sync(() => void duplex.destroy())
  )
})

/** The engine ends an attempt; a plugin has no timeouts of its own. */
class TimelessDuplex extends Duplex {
  setTimeout(): this {
    return this
  }
}
