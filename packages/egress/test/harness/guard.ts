/**
 * The guard, the client and the connector, with a plugin behind them.
 */
import { EgressGuard, noProxies, Resolver } from "@tocsin/egress"
import type { NameServer } from "@tocsin/test-network"
import { Layer } from "effect"
import { Hook } from "./attempt.ts"

export const userAgent = "Tocsin-test/1.0 (+https://tocsin.example)"

/** By the system's hosts file and name servers, without proxies. */
export const systemGuard = (allow: string) => EgressGuard.layer({ allow, proxies: noProxies, userAgent })

/** By a name server of the test's own. */
export const guard = (
  { address }: NameServer.NameServer,
  { allow = "", proxies = noProxies }: Partial<Omit<EgressGuard.Options, "userAgent">> = {}
) =>
  Layer.provideMerge(Hook.layer, EgressGuard.layerNoDeps({ allow, proxies, userAgent })).pipe(
    Layer.provideMerge(Resolver.layerOptions({ nameServers: [address] }))
  )
