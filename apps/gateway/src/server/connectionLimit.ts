import { Option, Schema } from "effect"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"

/** Enough for any monitoring system; a connection costs some 20 KiB even when nothing is said on it. */
const maxConnections = 2048

const Report = Schema.Struct({
  userLimits: Schema.Struct({ open_files: Schema.Struct({ soft: Schema.Number }) })
})

/** The most connections that may be open: never more than half of the files that the process may open, which the store and the channels need too. */
export const mostConnections = (): number => {
  // Else the report asks DNS for the names of both ends of every connection, and nothing goes on until that answers. The
  // types of Node do not know it yet.
  Object.assign(process.report, { excludeNetwork: true })
  return Option.match(Schema.decodeUnknownOption(Report)(process.report.getReport()), {
    onNone: () => maxConnections,
    onSome: ({ userLimits }) => Math.min(maxConnections, Math.floor(userLimits.open_files.soft / 2))
  })
}

/** A server's open connections. */
export interface Connections {
  /** The answers due on a connection, in the order of their requests. */
  readonly due: (socket: Socket) => ReadonlySet<ServerResponse>
  /** Makes each connection end with its next answer. */
  readonly answerLast: () => void
  /** Closes all, whatever is in progress. */
  readonly closeAll: () => void
}

interface Connection {
  readonly socket: Socket
  readonly due: Set<ServerResponse>
}

/**
 * Keeps a server's connections at or below `max`. A new one takes the place of
 * the one that has been without a request in progress for the longest; only if
 * there is none, the new one itself is closed.
 */
export const boundConnections = (server: Server, max: number): Connections => {
  const open = new Map<string, Connection>()
  /** In the order in which they became idle. */
  const idle = new Set<Connection>()

  server.on("connection", (socket: Socket) => {
    const key = keyOf(socket)
    const connection: Connection = { socket, due: new Set() }
    const forget = () => {
      idle.delete(connection)
      if (open.get(key) === connection) open.delete(key)
    }
    open.set(key, connection)
    idle.add(connection)
    socket.once("close", forget)
    if (open.size <= max) return
    const [longest = connection] = idle
    idle.delete(longest)
    longest.socket.destroy()
  })

  let isLast = false
  const begin = ({ headers, socket }: IncomingMessage, response: ServerResponse) => {
    // Node drops the rest of the packet when it ignores an `Upgrade`: nothing may follow on the connection.
    if (isLast || headers.upgrade !== undefined) sayLast(response)
    const connection = open.get(keyOf(socket))
    if (connection === undefined) return
    connection.due.add(response)
    idle.delete(connection)
    response.once("close", () => {
      connection.due.delete(response)
      if (connection.due.size === 0 && !connection.socket.destroyed) idle.add(connection)
    })
  }
  server.on("request", begin)
  server.on("checkContinue", begin)

  return {
    due: (socket) => open.get(keyOf(socket))?.due ?? new Set(),
    answerLast: () => {
      isLast = true
      for (const { due } of open.values()) due.forEach(sayLast)
    },
    closeAll: () => open.forEach(({ socket }) => socket.destroy())
  }
}

const sayLast = (response: ServerResponse) => {
  if (!response.headersSent) response.setHeader("connection", "close")
  else if (endless.has(response)) response.destroy()
}

/** Responses that have no end of their own, such as a stream of events: a stop ends them at once, and their readers come back. */
export const endless = new WeakSet<object>()

/** The same for a TLS socket and for the TCP socket below it, which alone is seen before TLS is agreed. */
const keyOf = ({ localAddress, remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort} ${localAddress}`
