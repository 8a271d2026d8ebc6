/**
 * The way out: which destinations may be called is decided when an integration is
 * saved, and again when a request is made (case S3).
 */
import { Connector, Egress, EgressRefused } from "@tocsin/core"
import { Effect, Layer, Option } from "effect"
import { HttpClient } from "effect/http"
import { parseAddress } from "./addresses.ts"
import { refusal, resolvedRefusal } from "./policy.ts"
import * as GuardedConnector from "./connector.ts"
import * as Dispatcher from "./dispatcher.ts"
import { parseHosts } from "./hosts.ts"
import * as OutboundClient from "./httpClient.ts"
import { type Proxies, wayTo } from "./proxies.ts"
import { Resolver } from "./Resolver.ts"

/** What the operator allows. */
export interface Options {
  /** Host names, addresses and CIDRs, separated by commas or spaces, that may be called although they are not public, or without TLS. */
  readonly allow: string
  /** The proxies that requests go through. */
  readonly proxies: Proxies
}

/** The guard, the HTTP client behind it (no redirects), and the connector of plugins that dial themselves. The resolver is left open. */
export const layerNoDeps = ({
  allow,
  proxies
}: Options): Layer.Layer<Egress | HttpClient.HttpClient | Connector, never, Resolver> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const resolver = yield* Resolver
      const allowed = parseHosts(allow)
      const way = wayTo(proxies)
      const guard = Layer.succeed(
        Egress,
        Egress.of({
          check: Effect.fnUntraced(function* (origin) {
            const url = new URL(origin)
            const why = refusal(allowed, url, way(url))
            if (why !== undefined) return yield* new EgressRefused({ message: why })
            if (way(url) === "proxy" || Option.isSome(parseAddress(url.hostname))) return
            // A name that does not resolve now, or not soon, is no reason to refuse it.
            const addresses = yield* Effect.option(Effect.timeout(resolver.resolve(url.hostname), "3 seconds"))
            const whyNot = Option.isSome(addresses) ? resolvedRefusal(allowed, url, addresses.value) : undefined
            if (whyNot !== undefined) return yield* new EgressRefused({ message: whyNot })
          })
        })
      )
      const client = Layer.effect(
        HttpClient.HttpClient,
        Effect.map(Dispatcher.make(allowed, proxies, resolver), OutboundClient.make)
      )
      return Layer.mergeAll(guard, client, Layer.effect(Connector, GuardedConnector.make(allowed, resolver)))
    })
  )

/** The guard, the client and the connector, with the system's hosts file and name servers. */
export const layer = (options: Options): Layer.Layer<Egress | HttpClient.HttpClient | Connector> =>
  Layer.provide(layerNoDeps(options), Resolver.layer)
