/**
 * Resolves names for connections, and gives addresses only if all of them may be connected to: what is connected to is
 * what was judged.
 */
import { egressRefusedCode } from "@tocsin/core"
import { type Context, Effect } from "effect"
import { NetAddress } from "effect/net"
import type { LookupAddress } from "node:dns"
import type { LookupFunction } from "node:net"
import { resolvedRefusal } from "./policy.ts"
import type { Hosts } from "./hosts.ts"
import type { Resolver } from "./Resolver.ts"

/** Why a connection may not be made. Its code lets a plugin's caller tell it from a network's failure. */
export class Refused extends Error {
  readonly code = egressRefusedCode
}

/** Milliseconds to connect, from the name to the end of the TLS handshake: well below the time of an attempt. */
export const connectTimeout = 5000

/** Milliseconds for each address of several. Node's own quarter of a second is too short for a far service. */
export const attemptTimeout = 1000

/** The `lookup` of Node's connections, for each protocol. Node does not ask it about addresses that are spelt out. */
export const guardedLookup =
  (allowed: Hosts, resolve: Resolver["Service"]["resolve"], services: Context.Context<never>) =>
  (protocol: string): LookupFunction =>
  (hostname, { all }, callback) => {
    const judged = resolve(hostname).pipe(
      Effect.mapError(({ reason }) => new Error(`The name does not resolve: ${reason}`)),
      Effect.flatMap((addresses) => {
        const why = resolvedRefusal(allowed, { hostname, protocol }, addresses)
        return why === undefined ? Effect.succeed(addresses.map(toLookedUp)) : Effect.fail(new Refused(why))
      }),
      Effect.match({
        onFailure: (error) => callback(error, []),
        onSuccess: (found) => {
          const [first] = found
          if (all === true || first === undefined) callback(null, found)
          else callback(null, first.address, first.family)
        }
      })
    )
    Effect.runForkWith(services)(judged)
  }

const toLookedUp = (address: NetAddress.IpAddress): LookupAddress => ({
  address: NetAddress.formatIp(address),
  family: NetAddress.isIpv4Address(address) ? 4 : 6
})
