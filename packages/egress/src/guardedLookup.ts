/**
 * Resolves names for connections, and returns addresses only if all of them are allowed, so that a connection goes to
 * an address that was checked.
 */
import { egressRefusedCode } from "@tocsin/core"
import { type Context, Effect } from "effect"
import { NetAddress } from "effect/net"
import type { LookupAddress } from "node:dns"
import type { LookupFunction } from "node:net"
import { resolvedRefusal } from "./policy.ts"
import type { Hosts } from "./hosts.ts"
import type { Resolver } from "./Resolver.ts"

/** Why a connection is not allowed. Its code distinguishes it from a failure of the network. */
export class Refused extends Error {
  readonly code = egressRefusedCode
}

/** Milliseconds to connect, from the lookup to the end of the TLS handshake: well below the time of an attempt. */
export const connectTimeout = 5000

/**
 * Milliseconds for each of several addresses. Node's default, a quarter of a second, is too short for a distant
 * service.
 */
export const attemptTimeout = 1000

/** The `lookup` of Node's connections, for each protocol. Node does not call it for addresses. */
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
