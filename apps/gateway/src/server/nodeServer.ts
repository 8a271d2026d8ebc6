import { createServer, type Server } from "node:http"
import { createServer as createTlsServer, type Server as TlsServer } from "node:https"
import type { SecureContextOptions } from "node:tls"
import { answerClientErrors, maxHeaderBytes } from "./clientErrors.ts"
import { hideUrlTokens } from "./urlTokens.ts"
import { boundConnections, mostConnections } from "./connectionLimit.ts"
import { SingleWriteResponse } from "./SingleWriteResponse.ts"

/** How long callers may take, in milliseconds, and how slowly. */
export interface Times {
  /**
   * From the connection, or from the first byte of a later request, to the end of the headers; also for the TLS
   * handshake.
   */
  readonly headers: number
  /** From the same moment to the end of the body. */
  readonly request: number
  /** How often these two are checked: a caller may take this much longer. */
  readonly check: number
  /** Between an answer and the next request. */
  readonly keepAlive: number
  /** Without a byte in either direction while a request is in progress. */
  readonly silence: number
  /** From the moment when a response first waits for its reader until it has been read, however slowly. */
  readonly unread: number
  /** Bytes per second: a client that reads a download more slowly, after the time of `unread`, is disconnected. */
  readonly slowestDownload: number
  /** After a stop, for requests that are still being sent or answered. */
  readonly stop: number
}

const times: Times = {
  // Headers fit into a few packets; even a phone that repeats a lost one needs a quarter of this.
  headers: 15_000,
  // The largest body, 4 MiB, over a line of 600 kbit/s.
  request: 60_000,
  check: 5000,
  // Longer than the 60 s of AWS' and nginx' proxies, so that it is the proxy that closes, and it never sends into a
  // closed connection.
  keepAlive: 75_000,
  // For clients that do not read the answer. No request takes the gateway half of it.
  silence: 60_000,
  // The largest page of a list, 4 MiB, over a line of 600 kbit/s.
  unread: 60_000,
  // 64 KiB in 10 s, the speed of a modem. Every byte that is read adds time, up to that of `unread`.
  slowestDownload: 6554,
  // Well within the 10 s after which Docker kills the process.
  stop: 5000
}

/** Options of a server; the defaults are those of production. */
export interface ServerOptions extends Partial<Times> {
  /** The most connections that are open at once. */
  readonly maxConnections?: number
  /** The most unread bytes of responses, on all connections together. */
  readonly maxUnreadBytes?: number
}

/**
 * Makes an HTTP server that callers cannot block by being slow, by opening many connections, or by keeping them open
 * when the server is closed. After a close it answers the requests in progress with `Connection: close`, and
 * disconnects those that do not end in time.
 */
export const makeServer = (options: ServerOptions = {}): Server => guard(createServer(nodeOptions(options)), options)

/** The same for HTTPS, with this certificate. */
export const makeTlsServer = (certificate: SecureContextOptions, options: ServerOptions = {}): TlsServer =>
  guard(createTlsServer({ ...nodeOptions(options), ...certificate }), options)

const nodeOptions = (options: ServerOptions) => {
  const { check, headers, keepAlive, request } = { ...times, ...options }
  return {
    ServerResponse: SingleWriteResponse,
    headersTimeout: headers,
    requestTimeout: request,
    handshakeTimeout: headers,
    connectionsCheckingInterval: check,
    keepAliveTimeout: keepAlive,
    maxHeaderSize: maxHeaderBytes,
    // Node's own answer to a missing Host is not a problem document; hostHeader.ts has one.
    requireHostHeader: false,
    // Java's client requests an upgrade to HTTP/2 first; it may be ignored (RFC 9110, 7.8).
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
  hideUrlTokens(server)
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
    // Node no longer checks its own timeouts once the server is closed.
    const timer = setTimeout(connections.closeAll, stop)
    server.once("close", () => clearTimeout(timer))
    return close(callback)
  }
  return server
}
