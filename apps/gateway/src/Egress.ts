/**
 * The one way out: which destinations may be called, decided when an integration
 * is saved and again when a connection is made (case S3).
 *
 * Only https and public addresses may be called, unless `TOCSIN_EGRESS_ALLOW`
 * names the host, its address or a network that holds it. A name is judged by the
 * addresses that it resolves to, all of them, and the connection goes to one of
 * those that were judged.
 */
// oxlint-disable-next-line import/named -- undici is CommonJS; the linter does not see through its re-export
import { buildConnector } from "@effect/platform-node/Undici"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { egressRefusedCode } from "@tocsin/core"
import { Egress, EgressRefused } from "@tocsin/delivery"
import { Effect, Layer, Option } from "effect"
import { IpNetwork, NetAddress } from "effect/net"
import { lookup as resolve, type LookupAddress } from "node:dns"
import type { LookupFunction } from "node:net"
import { isPublic, parseAddress } from "./addresses.ts"
import { Settings } from "./Settings.ts"

/** What an operator allows beyond public addresses by https. */
export interface Allowed {
  readonly names: ReadonlySet<string>
  readonly networks: ReadonlyArray<IpNetwork.IpNetwork>
}

/** Reads `TOCSIN_EGRESS_ALLOW`: host names, addresses and CIDRs, separated by commas. Ports are not for it. */
export const parseAllowed = (text: string): Allowed => {
  const entries = text
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry.length > 0)
  const networks = entries.map((entry) =>
    Option.orElse(
      Option.map(parseAddress(entry), (address) => IpNetwork.makeUnsafe(address, NetAddress.width(address))),
      () => Option.liftThrowable(IpNetwork.fromStringUnsafe)(entry)
    )
  )
  return {
    names: new Set(entries.filter((_, index) => Option.isNone(networks[index] ?? Option.none()))),
    networks: networks.flatMap(Option.toArray)
  }
}

/** Why a connection may not be made. Its code lets a plugin's caller tell it from a network's failure. */
class Refused extends Error {
  readonly code = egressRefusedCode
}

const mayReach = ({ networks }: Allowed, address: NetAddress.IpAddress, isHttps: boolean): boolean =>
  (isHttps && isPublic(address)) || networks.some((network) => IpNetwork.contains(network, address))

const privateSentence =
  "The address is not a public one: add its host name or address to TOCSIN_EGRESS_ALLOW if it is meant to be called"

const httpSentence =
  "Only https is called: use it, or add the host's name or address to TOCSIN_EGRESS_ALLOW if plain http is meant"

/** Why the origin could never be called, by its scheme and by the address that it spells out. */
const refusal = (
  allowed: Allowed,
  { hostname, protocol }: { readonly hostname: string; readonly protocol: string }
) => {
  if (allowed.names.has(hostname.toLowerCase())) return undefined
  const isHttps = protocol === "https:"
  const address = Option.getOrUndefined(parseAddress(hostname))
  if (address !== undefined)
    return mayReach(allowed, address, isHttps) ? undefined : isHttps ? privateSentence : httpSentence
  // A name by http may still resolve into an allowed network; that is seen when it is resolved.
  return isHttps || allowed.networks.length > 0 ? undefined : httpSentence
}

/** Why none of a name's addresses may be connected to: one that must not be reached spoils all. */
const resolvedRefusal = (
  allowed: Allowed,
  hostname: string,
  isHttps: boolean,
  addresses: ReadonlyArray<LookupAddress>
) => {
  if (allowed.names.has(hostname.toLowerCase())) return undefined
  const isFine = addresses.every(({ address }) =>
    Option.match(parseAddress(address.replace(/%.*$/, "")), {
      onNone: () => false,
      onSome: (address) => mayReach(allowed, address, isHttps)
    })
  )
  return isFine ? undefined : isHttps ? privateSentence : httpSentence
}

/** The connector of the client through which all plugins call. */
const connector = (allowed: Allowed): buildConnector.connector => {
  const guardedLookup =
    (isHttps: boolean): LookupFunction =>
    (hostname, options, callback) => {
      resolve(hostname, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, [])
        const why = resolvedRefusal(allowed, hostname, isHttps, addresses)
        if (why !== undefined) return callback(new Refused(why), [])
        const [first] = addresses
        return options.all === true || first === undefined
          ? callback(null, addresses)
          : callback(null, first.address, first.family)
      })
    }
  const connect = {
    "https:": buildConnector({ lookup: guardedLookup(true) }),
    "http:": buildConnector({ lookup: guardedLookup(false) })
  }
  return (options, callback) => {
    // Neither undici nor net asks `lookup` about an address that is spelt out.
    const why = refusal(allowed, options)
    if (why !== undefined) return callback(new Refused(why), null)
    return connect[options.protocol === "https:" ? "https:" : "http:"](options, callback)
  }
}

/** The guard, and the HTTP client behind it: no redirects, no other way out. */
export const layer: Layer.Layer<Egress | Layer.Success<typeof NodeHttpClient.layerUndici>, never, Settings> =
  Layer.unwrap(
    Effect.map(Settings, ({ egressAllow }) => {
      const allowed = parseAllowed(egressAllow)
      const guard = Layer.succeed(
        Egress,
        Egress.of({
          check: Effect.fnUntraced(function* (origin) {
            const { hostname, protocol } = new URL(origin)
            const why = refusal(allowed, { hostname, protocol })
            if (why !== undefined) return yield* new EgressRefused({ message: why })
            if (Option.isSome(parseAddress(hostname))) return
            const addresses = yield* resolveAll(hostname)
            const whyNot =
              addresses.length === 0 ? undefined : resolvedRefusal(allowed, hostname, protocol === "https:", addresses)
            if (whyNot !== undefined) return yield* new EgressRefused({ message: whyNot })
          })
        })
      )
      return Layer.merge(guard, NodeHttpClient.layerUndiciOptions({ connect: connector(allowed) }))
    })
  )

/** The addresses of a name; none if it does not resolve now, or not within three seconds, which is no reason to refuse it. */
const resolveAll = (hostname: string): Effect.Effect<ReadonlyArray<LookupAddress>> =>
  Effect.callback<ReadonlyArray<LookupAddress>>((resume) =>
    resolve(hostname, { all: true }, (error, addresses) => resume(Effect.succeed(error === null ? addresses : [])))
  ).pipe(
    Effect.timeoutOrElse({ duration: "3 seconds", orElse: () => Effect.succeed<ReadonlyArray<LookupAddress>>([]) })
  )
