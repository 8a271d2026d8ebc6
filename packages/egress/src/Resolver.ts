/**
 * Resolves host names without libuv's few threads: `getaddrinfo` holds one of them
 * for each name whose DNS hangs, and a handful of such names would stop all others.
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
    /** All addresses of a name. Those who ask for the same name at the same time share one answer; none is kept. */
    readonly resolve: (hostname: string) => Effect.Effect<Addresses, Dns.DnsError>
  }
>()("@tocsin/gateway/Resolver") {
  /**
   * Asks the hosts file first, as the system does, so that an operator's entry wins;
   * then DNS, for A and AAAA at once; and the system (`getaddrinfo`) only where DNS
   * answered that there is no such name: it knows search domains and mDNS.
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

/** A resolver per lookup: c-ares reads the system's name servers only once, and a gateway outlives them. */
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
