/**
 * The way out: which destinations may be called is decided when an integration is
 * saved, and again when a request is made (case S3).
 */
import { Connector } from "@tocsin/core"
import { Egress, EgressRefused } from "@tocsin/delivery"
import { Effect, Layer, Option } from "effect"
import { HttpClient } from "effect/http"
import { parseAddress } from "./addresses.ts"
import { refusal, resolvedRefusal } from "./destinations.ts"
import * as GuardedConnector from "./connector.ts"
import * as Dispatcher from "./dispatcher.ts"
import { parseHosts } from "./hosts.ts"
import * as OutboundClient from "./outboundClient.ts"
import { wayTo } from "./proxies.ts"
import { Resolver } from "./Resolver.ts"
import { Settings } from "./Settings.ts"

/** The guard, the HTTP client behind it (no redirects), and the connector of plugins that dial themselves. The resolver is left open. */
export const layerNoDeps: Layer.Layer<Egress | HttpClient.HttpClient | Connector, never, Settings | Resolver> =
  Layer.unwrap(
    Effect.gen(function* () {
      const { egressAllow, proxies } = yield* Settings
      const resolver = yield* Resolver
      const allowed = parseHosts(egressAllow)
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
export const layer: Layer.Layer<Egress | HttpClient.HttpClient | Connector, never, Settings> = Layer.provide(
  layerNoDeps,
  Resolver.layer
)
