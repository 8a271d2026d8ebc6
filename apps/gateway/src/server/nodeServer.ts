import { createServer, type Server } from "node:http"
import { createServer as createTlsServer, type Server as TlsServer } from "node:https"
import type { SecureContextOptions } from "node:tls"
import { answerClientErrors, maxHeaderBytes } from "./clientErrors.ts"
import { boundConnections, mostConnections } from "./connectionLimit.ts"

/** How long callers may take, in milliseconds, and how slowly. */
export interface Times {
  /** From the connection, or from the first byte of a later request, to the end of the headers; also for TLS to be agreed. */
  readonly headers: number
  /** From the same moment to the end of the body. */
  readonly request: number
  /** How often the two above are looked at: a caller may take so much longer. */
  readonly check: number
  /** Between an answer and the next request. */
  readonly keepAlive: number
  /** Without a byte in either direction while a request is in progress. */
  readonly silence: number
  /** From when a response first waits for its reader until it has been taken, however slowly. */
  readonly unread: number
  /** Bytes per second: a client that reads a download more slowly, after the time of `unread`, is disconnected. */
  readonly slowestDownload: number
  /** After a stop, for requests that are still being sent or answered. */
  readonly stop: number
}

const times: Times = {
  // Headers fit into a few packets; even a phone that repeats a lost one is done in a quarter of this.
  headers: 15_000,
  // The largest body, 4 MiB, over a line of 600 kbit/s.
  request: 60_000,
  check: 5000,
  // Longer than the 60 s of AWS' and nginx' proxies, so that it is the proxy that closes, and it never sends into a closed connection.
  keepAlive: 75_000,
  // For who does not read the answer. Nothing that the gateway does for a request takes half of it.
  silence: 60_000,
  // The largest page of a list, 4 MiB, over a line of 600 kbit/s.
  unread: 60_000,
  // 64 KiB in 10 s, the speed of a modem. Every byte that is taken adds time, up to that of `unread`.
  slowestDownload: 6554,
  // Well within the 10 s after which Docker kills.
  stop: 5000
}

/** What a server is made with; what is left out is as in production. */
export interface ServerOptions extends Partial<Times> {
  /** The most connections that are open at once. */
  readonly maxConnections?: number
  /** The most bytes of responses that wait for their readers, on all connections together. */
  readonly maxUnreadBytes?: number
}

/**
 * An HTTP server that no caller can hold up, by being slow, by being many, or by
 * not ending its connections when the server is closed. Once closed it answers
 * what is in progress, tells those callers that it was the last time, and cuts
 * what is not done in time.
 */
export const makeServer = (options: ServerOptions = {}): Server => guard(createServer(nodeOptions(options)), options)

/** The same for HTTPS, with this certificate. */
export const makeTlsServer = (certificate: SecureContextOptions, options: ServerOptions = {}): TlsServer =>
  guard(createTlsServer({ ...nodeOptions(options), ...certificate }), options)

const nodeOptions = (options: ServerOptions) => {
  const { check, headers, keepAlive, request } = { ...times, ...options }
  return {
    headersTimeout: headers,
    requestTimeout: request,
    handshakeTimeout: headers,
    connectionsCheckingInterval: check,
    keepAliveTimeout: keepAlive,
    maxHeaderSize: maxHeaderBytes,
    // Node's own answer to a missing Host is not a problem document: ours is in hostHeader.ts.
    requireHostHeader: false,
    // Java's client asks for HTTP/2 with each first request; it may be ignored (RFC 9110, 7.8).
    shouldUpgradeCallback: () => false
  }
}

const guard = <S extends Server>(server: S, options: ServerOptions): S => {
  const {
    maxConnections = mostConnections(),
    maxUnreadBytes = 64 * 1024 * 1024,
    silence,
    stop,
    ...limits
  } = {
    ...times,
    ...options
  }
  server.timeout = silence
  const { check, headers, keepAlive, slowestDownload, unread } = limits
  const connections = boundConnections(server, maxConnections, {
    idle: keepAlive + headers,
    unread,
    slowestDownload,
    check,
    maxUnreadBytes
  })
  answerClientErrors(server, connections)
  const close = server.close.bind(server)
  server.close = (callback) => {
    connections.answerLast()
    // Node no longer looks at its own time-outs once it is closed.
    const timer = setTimeout(connections.closeAll, stop)
    server.once("close", () => clearTimeout(timer))
    return close(callback)
  }
  return server
}
