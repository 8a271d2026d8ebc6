/**
 * The one way out: judges every request and every connection, and goes through the
 * operator's proxies where there are any.
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

/** A failure before the request went out: whoever it was for cannot have taken it. */
class NotSent extends Error {
  readonly code = notSentCode
}

/** Milliseconds for each of the steps through a proxy: to connect to it, its answer, and the handshake behind it. */
const proxyTimeout = 3000

/** Bytes of an answer's headers that are read. Node reads 16 KiB; some gateways before a service send more. */
const maxHeaderSize = 65_536

/** Makes the dispatcher of the client through which all plugins call. */
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
            // Empty and not left out, else undici looks into the environment itself.
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

/** The connector, with the status of the answers on its connections known. */
const watched =
  (connect: buildConnector.connector): buildConnector.connector =>
  (options, callback) =>
    connect(options, (...connected) => {
      if (connected[0] === null) watchAnswers(connected[1])
      callback(...connected)
    })

const reveal = (proxy: Proxies["httpProxy"]): string =>
  Option.match(proxy, { onNone: () => "", onSome: Redacted.value })

/** The connector for direct calls: it connects to addresses that it has checked. */
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
    // Neither undici nor net asks `lookup` about an address that is spelt out.
    const why = refusal(allowed, options, "direct")
    if (why !== undefined) return callback(new Refused(why), null)
    return connectors[options.protocol === "https:" ? "https:" : "http:"](options, callback)
  }
}

/** Lets the caller tell a failure before the request went out from one after it. */
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
      // Of plain http the proxy's 407 comes as an argument that was invalid: the service never saw the request.
      const wasTaken = isSent && !(error instanceof errors.InvalidArgumentError)
      const known = wasTaken || error instanceof Refused ? error : new NotSent(through + failureText(error))
      onResponseError?.(controller, known)
    }
  })
}
