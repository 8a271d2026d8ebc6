/**
 * An IRC server on loopback that knows one channel, and does what the test wants.
 */
import { Effect, type Scope } from "effect"
import { createServer, type Socket } from "node:net"

/** A server, and what it was told. */
export interface Server {
  readonly port: number
  /** All lines that came, in their order. */
  readonly lines: ReadonlyArray<string>
}

/** Answers each line by its command; what `instead` names, it answers so, and with nothing it ends the connection. */
export const serve = (
  instead: { readonly [command: string]: string | null } = {}
): Effect.Effect<Server, never, Scope.Scope> =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const answer = (socket: Socket, line: string) => {
      lines.push(line)
      const [command = "", ...rest] = line.split(" ")
      const reply = command in instead ? instead[command] : usual(command, rest)
      if (reply === null) return socket.destroy()
      if (reply !== undefined && reply !== "") socket.write(`${reply}\r\n`)
    }
    const server = createServer((socket) => {
      let read = ""
      socket.on("error", () => {})
      socket.on("data", (data) => {
        const whole = (read + String(data)).split("\r\n")
        read = whole.pop() ?? ""
        for (const line of whole) answer(socket, line)
      })
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
    )
    const address = server.address()
    return { port: typeof address === "object" && address !== null ? address.port : 0, lines }
  })

const usual = (command: string, [first = ""]: ReadonlyArray<string>): string | undefined => {
  if (command === "USER") return `PING :a cookie\r\n:irc.example 001 ${first} :Welcome`
  if (command === "JOIN")
    return `:${first}!~t@x JOIN ${first}\r\n:irc.example 353 t = ${first} :t\r\n:irc.example 366 t ${first} :End of names`
  if (command === "PING") return `:irc.example PONG irc.example ${first}`
  return undefined
}
