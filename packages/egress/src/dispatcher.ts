/**
 * The dispatcher of all HTTP requests: checks every request and every connection, and uses the operator's proxies, if
 * any.
 */
// oxlint-disable-next-line import/named -- undici is CommonJS; the linter does not see through its re-export
import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent, errors, Pool } from "@effect/platform-node/Undici"
import { notSentCode } from "@tocsin/core"
import { type Context, Effect, Option, Redacted, type Scope } from "effect"
import { watchAnswers } from "./answeredStatus.ts"
import type { Destinations } from "./destinations.ts"
import { failureText } from "./failureText.ts"
import { refusal } from "./policy.ts"
import { attemptTimeout, connectTimeout, guardedLookup, Refused } from "./guardedLookup.ts"
import type { Hosts } from "./hosts.ts"
import type { Proxies } from "./proxies.ts"
import type { Resolver } from "./Resolver.ts"

/** A failure before the request was sent: the service cannot have accepted it. */
export class NotSent extends Error {
  readonly code = notSentCode
}

/** Milliseconds for each step through a proxy: the connection to it, its answer, and the TLS handshake behind it. */
const proxyTimeout = 3000

/** The most bytes of an answer's headers. Node's default is 16 KiB; some gateways in front of a service send more. */
const maxHeaderSize = 65_536

/** Makes the dispatcher for the client of all plugins. */
export const make = (
  allowed: Hosts,
  { httpProxy, httpsProxy }: Proxies,
  destinations: Destinations,
  { resolve }: Resolver["Service"]
): Effect.Effect<Dispatcher, never, Scope.Scope> =>
  Effect.gen(function* () {
    const connect = connector(allowed, resolve, yield* Effect.context<never>())
    const direct = yield* Effect.acquireRelease(
      Effect.sync(() => new Agent({ connect, maxHeaderSize })),
      (agent) => Effect.promise(() => agent.destroy())
    )
    const proxied = yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new EnvHttpProxyAgent({
            // Empty instead of absent, because undici reads the environment if it is absent.
            httpProxy: reveal(httpProxy),
            httpsProxy: reveal(httpsProxy),
            noProxy: "",
            connect,
            maxHeaderSize,
            connectTimeout: proxyTimeout,
            clientFactory: (proxy, options) => new Pool(proxy, { ...options, headersTimeout: proxyTimeout }),
            factory: (origin, options) =>
              new Pool(
                origin,
                Object.assign(
                  {},
                  options,
                  { maxHeaderSize },
                  "connect" in options && isConnector(options.connect) && { connect: watched(options.connect) }
                )
              )
          })
      ),
      (agent) => Effect.promise(() => agent.destroy())
    )
    return proxied.compose((dispatch) => (options, handler) => {
      const url = new URL(options.origin ?? "")
      if (destinations.way(url) === "direct") return direct.dispatch(options, telling(handler, ""))
      const why = destinations.refusal(url)
      if (why !== undefined) throw new Refused(why)
      return dispatch(options, telling(handler, "Through the proxy: "))
    })
  })

const isConnector = (connect: unknown): connect is buildConnector.connector => typeof connect === "function"

/** Watches the status of the answers on the connector's connections. */
const watched =
  (connect: buildConnector.connector): buildConnector.connector =>
  (options, callback) =>
    connect(options, (...connected) => {
      if (connected[0] === null) watchAnswers(connected[1])
      callback(...connected)
    })

const reveal = (proxy: Proxies["httpProxy"]): string =>
  Option.match(proxy, { onNone: () => "", onSome: Redacted.value })

/** The connector for direct calls: it connects only to addresses that it has checked. */
const connector = (
  allowed: Hosts,
  resolve: Resolver["Service"]["resolve"],
  services: Context.Context<never>
): buildConnector.connector => {
  const lookup = guardedLookup(allowed, resolve, services)
  const connectBy = (protocol: string) =>
    buildConnector({
      lookup: lookup(protocol),
      timeout: connectTimeout,
      autoSelectFamilyAttemptTimeout: attemptTimeout
    })
  const connectors = { "https:": watched(connectBy("https:")), "http:": watched(connectBy("http:")) }
  return (options, callback) => {
    // Neither undici nor net calls `lookup` for an address.
    const why = refusal(allowed, options, "direct")
    if (why !== undefined) return callback(new Refused(why), null)
    return connectors[options.protocol === "https:" ? "https:" : "http:"](options, callback)
  }
}

/** Lets the caller distinguish a failure before the request was sent from one after it. */
const telling = (handler: Dispatcher.DispatchHandler, through: string): Dispatcher.DispatchHandler => {
  const onRequestStart = handler.onRequestStart?.bind(handler)
  const onResponseError = handler.onResponseError?.bind(handler)
  let isSent = false
  return Object.assign(handler, {
    onRequestStart(controller: Dispatcher.DispatchController, context: unknown) {
      isSent = true
      onRequestStart?.(controller, context)
    },
    onResponseError(controller: Dispatcher.DispatchController, error: Error) {
      // For plain http, undici reports the proxy's 407 as an invalid argument: the service never received the request.
      const wasTaken = isSent && !(error instanceof errors.InvalidArgumentError)
      const known = wasTaken || error instanceof Refused ? error : new NotSent(through + failureText(error))
      onResponseError?.(controller, known)
    }
  })
}
