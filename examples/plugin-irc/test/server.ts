/**
 * An IRC server with one channel, whose answers a test can replace.
 */
import type { ChannelPluginTest } from "@tocsin/core/testing"
import { Effect, type Scope } from "effect"
import { createServer } from "node:net"

/**
 * The server's end of a connection. It answers each line by its command; `instead` replaces the answers to some
 * commands.
 */
export const peer = (
  instead: { readonly [command: string]: string | null } = {},
  lines: Array<string> = []
): ChannelPluginTest.Peer => {
  let read = ""
  const reply = (line: string): string | null => {
    lines.push(line)
    const [command = "", ...rest] = line.split(" ")
    const says = instead[command] ?? usual(command, rest)
    return instead[command] === null ? null : says && `${says}\r\n`
  }
  return {
    answer: (written) => {
      const whole = (read + new TextDecoder().decode(written)).split("\r\n")
      read = whole.pop() ?? ""
      const replies = whole.map(reply)
      return replies.includes(null) ? null : replies.join("")
    }
  }
}

/** Serves on loopback, and returns the port and the received lines. */
export const serve: Effect.Effect<
  { readonly port: number; readonly lines: ReadonlyArray<string> },
  never,
  Scope.Scope
> = Effect.gen(function* () {
  const lines: Array<string> = []
  const server = createServer((socket) => {
    const { answer } = peer({}, lines)
    socket.on("error", () => {})
    socket.on("data", (data) => socket.write(answer(Buffer.from(data)) ?? ""))
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
  )
  const address = server.address()
  return { port: typeof address === "object" && address !== null ? address.port : 0, lines }
})

const usual = (command: string, [first = ""]: ReadonlyArray<string>): string => {
  if (command === "USER") return `PING :a cookie\r\n:irc.example 001 ${first} :Welcome`
  if (command === "JOIN")
    return `:${first}!~t@x JOIN ${first}\r\n:irc.example 353 t = ${first} :t\r\n:irc.example 366 t ${first} :End of names`
  if (command === "PING") return `:irc.example PONG irc.example ${first}`
  return ""
}
