/**
 * Resolves host names without libuv's few threads: `getaddrinfo` occupies one for each name whose DNS hangs, and a
 * handful of such names would block all others.
 */
import * as NodeDns from "@effect/platform-node/NodeDns"
import { Array, Cache, Context, Effect, Layer, Option } from "effect"
import type { Dns, NetAddress } from "effect/net"
import { readFile } from "node:fs/promises"
import { parseAddress } from "./addresses.ts"
import { relative } from "./hosts.ts"

type Addresses = ReadonlyArray<NetAddress.IpAddress>

/** Finds the addresses of host names. */
export class Resolver extends Context.Service<
  Resolver,
  {
    /**
     * Resolves all addresses of a name. Concurrent lookups of the same name share one result; results are not cached.
     */
    readonly resolve: (hostname: string) => Effect.Effect<Addresses, Dns.DnsError>
  }
>()("@tocsin/gateway/Resolver") {
  /**
   * Reads the hosts file first, like the system, so that an operator's entry wins; then queries DNS for A and AAAA at
   * once. Only if DNS has no such name does it ask the system (`getaddrinfo`), which knows search domains and mDNS.
   */
  static readonly layerOptions = (options: NodeDns.Options = {}): Layer.Layer<Resolver> =>
    Layer.effect(
      Resolver,
      Effect.map(
        Cache.make({
          capacity: Infinity,
          timeToLive: 0,
          lookup: (hostname: string) =>
            Effect.flatMap(fromHostsFile(hostname), (addresses) =>
              addresses.length > 0 ? Effect.succeed(addresses) : fromDns(hostname, options)
            )
        }),
        (lookups) => Resolver.of({ resolve: (hostname) => Cache.get(lookups, hostname) })
      )
    )

  /** The resolver with the name servers of the system. */
  static readonly layer: Layer.Layer<Resolver> = Resolver.layerOptions()
}

/**
 * Each lookup makes a resolver, because c-ares reads the system's name servers only once, and they may change while the
 * gateway runs.
 */
const fromDns = Effect.fnUntraced(function* (hostname: string, options: NodeDns.Options) {
  const dns = yield* Effect.orDie(NodeDns.make({ timeout: "1 second", tries: 2, ...options }))
  const [found, failures] = yield* Effect.partition(
    ["A", "AAAA"] as const,
    (type) =>
      Effect.map(
        dns.resolve<"A" | "AAAA">(hostname, type),
        Array.map(({ address }) => address)
      ),
    { concurrency: "unbounded" }
  )
  if (found.length > 0) return found.flat()
  const failure = failures.find(({ reason }) => reason !== "NotFound")
  return yield* failure ?? dns.lookup(hostname)
}, Effect.scoped)

const fromHostsFile = (hostname: string): Effect.Effect<Addresses> =>
  Effect.promise(() => readFile("/etc/hosts", "utf8").catch(() => "")).pipe(
    Effect.map((text) =>
      text.split("\n").flatMap((line) => {
        const [address = "", ...names] = line.replace(/#.*/, "").trim().toLowerCase().split(/\s+/)
        return names.includes(relative(hostname)) ? Option.toArray(parseAddress(address)) : []
      })
    )
  )
