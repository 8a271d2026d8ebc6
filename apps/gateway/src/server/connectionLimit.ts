import { Option, Schema } from "effect"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Socket } from "node:net"

/** Enough for any monitoring system; an idle connection costs some 20 KiB. */
const maxConnections = 2048

const Report = Schema.Struct({
  userLimits: Schema.Struct({ open_files: Schema.Struct({ soft: Schema.Number }) })
})

/**
 * The most open connections: at most half of the files that the process may open, because the store and the channels
 * need some, too.
 */
export const mostConnections = (): number => {
  // Otherwise the report looks up the names of both ends of every connection in DNS, and blocks meanwhile. Node's types
  // lack the option.
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
  /** Closes all connections, even with requests in progress. */
  readonly closeAll: () => void
}

interface Connection {
  readonly socket: Socket
  readonly due: Set<ServerResponse>
  /** How many bytes its client had read at the last check. */
  taken: number
}

/** Limits of idle and unread connections: times in milliseconds, and the size of unread responses. */
export interface Patience {
  /** Without the headers of a request; other bytes do not extend it. */
  readonly idle: number
  /** From the moment when a response first waits for its reader until it has been read, however slowly. */
  readonly unread: number
  /** Bytes per second: how fast the client of a download must read on average. */
  readonly slowestDownload: number
  /** How often idle and unread connections are checked. */
  readonly check: number
  /** The most unread bytes on all connections together. */
  readonly maxUnreadBytes: number
}

/**
 * Keeps a server's connections at or below `max`. A new connection replaces the one that has not read its response for
 * the longest, else the one that has been without a request for the longest; if there is neither, the new one is
 * closed. Also closes connections that exceed the limits of `patience`.
 */
export const boundConnections = (server: Server, max: number, patience: Patience): Connections => {
  const open = new Map<string, Connection>()
  /** The idle connections with the time since which they are idle, oldest first. */
  const idle = new Map<Connection, number>()
  /** The connections that do not read, with the time since which they do not, oldest first. */
  const unread = new Map<Connection, number>()

  const close = (connection: Connection) => {
    idle.delete(connection)
    unread.delete(connection)
    connection.socket.destroy()
  }
  const look = (connection: Connection) => {
    const { due, socket } = connection
    const [present] = due
    const since = unread.get(connection)
    if (unreadBytes(connection) === 0) {
      unread.delete(connection)
    } else if (since === undefined) {
      unread.set(connection, performance.now())
    } else if (present !== undefined && downloads.has(present)) {
      const now = performance.now()
      const earned = ((takenBytes(socket) - connection.taken) / patience.slowestDownload) * 1000
      if (since + earned >= now) unread.delete(connection)
      unread.set(connection, Math.min(now, since + earned))
    }
    connection.taken = takenBytes(socket)
  }
  const boundUnread = () => {
    let bytes = 0
    for (const connection of unread.keys()) bytes += unreadBytes(connection)
    for (const connection of unread.keys()) {
      if (bytes <= patience.maxUnreadBytes) return
      bytes -= unreadBytes(connection)
      close(connection)
    }
  }

  const timer = setInterval(() => {
    for (const connection of open.values()) look(connection)
    const now = performance.now()
    for (const [connection, since] of unread) if (now - since > patience.unread) close(connection)
    for (const [connection, since] of idle) if (now - since > patience.idle) close(connection)
  }, patience.check)
  timer.unref()
  server.once("close", () => clearInterval(timer))

  server.on("connection", (socket: Socket) => {
    const key = keyOf(socket)
    const connection: Connection = { socket, due: new Set(), taken: 0 }
    const forget = () => {
      idle.delete(connection)
      unread.delete(connection)
      if (open.get(key) === connection) open.delete(key)
    }
    open.set(key, connection)
    idle.set(connection, performance.now())
    socket.once("close", forget)
    if (open.size <= max) return
    // Checking a connection may move it to the end.
    Array.from(unread.keys()).forEach(look)
    const [longest = connection] = [...unread.keys(), ...idle.keys()]
    close(longest)
  })

  let isLast = false
  const begin = ({ headers, socket }: IncomingMessage, response: ServerResponse) => {
    // Node drops the rest of the packet when it ignores an `Upgrade`: nothing may follow on the connection.
    if (isLast || headers.upgrade !== undefined) sayLast(response)
    const connection = open.get(keyOf(socket))
    if (connection === undefined) return
    connection.due.add(response)
    idle.delete(connection)
    // All of it was written to the socket, which forwards at once what the client's system accepts.
    response.once("prefinish", () => {
      look(connection)
      if (unread.has(connection)) boundUnread()
    })
    response.once("close", () => {
      connection.due.delete(response)
      look(connection)
      if (connection.due.size === 0 && !connection.socket.destroyed) idle.set(connection, performance.now())
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

/** The unread bytes of the current response. */
const unreadBytes = ({ due }: Connection): number => {
  const [response] = due
  return response?.headersSent === true ? (response.socket?.writableLength ?? 0) : 0
}

/** The number of sent bytes that the client's system has accepted. */
const takenBytes = ({ bytesWritten, writableLength }: Socket): number => bytesWritten - writableLength

const sayLast = (response: ServerResponse) => {
  if (!response.headersSent) response.setHeader("connection", "close")
  else if (endless.has(response)) response.destroy()
}

/** Responses without an end, such as a stream of events: a stop ends them at once, and their readers reconnect. */
export const endless = new WeakSet<object>()

/** Responses of any size: their clients have as long as they need, if they read at `slowestDownload` or faster. */
export const downloads = new WeakSet<object>()

/** The same key for a TLS socket and for the TCP socket below it, which is the only one before the TLS handshake. */
const keyOf = (socket: Socket): string => {
  const known = keys.get(socket)
  if (known !== undefined) return known
  const { localAddress, remoteAddress, remotePort } = socket
  const key = `${remoteAddress} ${remotePort} ${localAddress}`
  keys.set(socket, key)
  return key
}

/** Made once for each socket: every request asks for it. */
const keys = new WeakMap<Socket, string>()
