/**
 * A TCP connection on which a test says what no HTTP client would.
 */
import { Effect, type Scope } from "effect"
import { connect } from "node:net"

/** An open connection. */
export interface RawSocket {
  /** Says this, and goes on. */
  readonly say: (text: string) => void
  /** Reads no more. */
  readonly stopReading: () => void
  /** Reads until it has heard so many bytes more, and then no more. */
  readonly readMore: (bytes: number) => void
  /** All that was heard so far. */
  readonly heard: () => string
  readonly isClosed: () => boolean
  /** Waits until the other side has closed; gives all that was heard. */
  readonly closed: Effect.Effect<string>
}

/** Connects to where the URL points; closed with the scope. */
export const open = (url: string): Effect.Effect<RawSocket, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof connect>>((resume) => {
      const { hostname, port } = new URL(url)
      const socket = connect({ host: hostname, port: Number(port) })
      // A reset is a way to close.
      socket.on("error", () => {})
      socket.once("connect", () => resume(Effect.succeed(socket)))
    }),
    (socket) => Effect.sync(() => socket.destroy())
  ).pipe(
    Effect.map((socket) => {
      let heard = ""
      let readUntil = Infinity
      socket.on("data", (chunk) => {
        heard += chunk.toString("latin1")
        if (heard.length >= readUntil) socket.pause()
      })
      return {
        say: (text) => void socket.write(text, "latin1"),
        stopReading: () => void socket.pause(),
        readMore: (bytes) => {
          readUntil = heard.length + bytes
          socket.resume()
        },
        heard: () => heard,
        isClosed: () => socket.destroyed,
        closed: Effect.callback<string>((resume) => {
          const done = () => resume(Effect.succeed(heard))
          if (socket.destroyed) done()
          else socket.once("close", done)
        })
      }
    })
  )

/** The status codes of the answers in it, in their order. */
export const statuses = (heard: string): ReadonlyArray<number> =>
  [...heard.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
