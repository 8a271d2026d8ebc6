/**
 * The guard against calling private networks: checks destinations when an integration is saved, and again for each
 * request (case S3).
 */
import { Connector, Egress, EgressRefused } from "@tocsin/core"
import { Effect, Layer } from "effect"
import { HttpClient } from "effect/http"
import * as GuardedConnector from "./connector.ts"
import * as Destinations from "./destinations.ts"
import * as Dispatcher from "./dispatcher.ts"
import { Refused } from "./guardedLookup.ts"
import { parseHosts } from "./hosts.ts"
import * as OutboundClient from "./httpClient.ts"
import { type Proxies, wayTo } from "./proxies.ts"
import { Resolver } from "./Resolver.ts"

/** Options of the guard. */
export interface Options {
  /**
   * Host names, addresses and CIDRs, separated by commas or spaces, that may be called even if they are private or
   * without TLS.
   */
  readonly allow: string
  /** The proxies that requests go through. */
  readonly proxies: Proxies
  /**
   * The `User-Agent` of requests: a product, its version and a URL about it, such as `Acme/1.2.3
   * (+https://acme.example)`.
   */
  readonly userAgent: string
}

/**
 * The guard, the HTTP client behind it (no redirects), and the connector for plugins without HTTP. Requires a resolver.
 */
export const layerNoDeps = ({
  allow,
  proxies,
  userAgent
}: Options): Layer.Layer<Egress | HttpClient.HttpClient | Connector, never, Resolver> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const resolver = yield* Resolver
      const allowed = parseHosts(allow)
      const destinations = yield* Destinations.make(allowed, wayTo(proxies), resolver)
      const guard = Layer.succeed(
        Egress,
        Egress.of({
          check: Effect.fnUntraced(function* (origin) {
            const why = yield* destinations.resolvedRefusal(new URL(origin))
            if (why !== undefined) return yield* new EgressRefused({ message: why })
          })
        })
      )
      /** For a direct connection, the dispatcher checks the addresses that it connects to. */
      const refusalOf = (url: URL) =>
        destinations.way(url) === "direct"
          ? undefined
          : Effect.map(destinations.resolvedRefusal(url), (why) => (why === undefined ? undefined : new Refused(why)))
      const client = Layer.effect(
        HttpClient.HttpClient,
        Effect.map(Dispatcher.make(allowed, proxies, destinations, resolver), (dispatcher) =>
          OutboundClient.make(dispatcher, { userAgent, refusalOf })
        )
      )
      return Layer.mergeAll(guard, client, Layer.effect(Connector, GuardedConnector.make(allowed, resolver)))
    })
  )

/** The guard, the client and the connector, with the system's hosts file and name servers. */
export const layer = (options: Options): Layer.Layer<Egress | HttpClient.HttpClient | Connector> =>
  Layer.provide(layerNoDeps(options), Resolver.layer)
