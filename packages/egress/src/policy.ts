/**
 * Which destinations may be called (case S3): https or TLS and public addresses only, unless `TOCSIN_EGRESS_ALLOW`
 * names the host, its address or a network that contains it.
 */
import { Option } from "effect"
import type { NetAddress } from "effect/net"
import { isPublic, parseAddress } from "./addresses.ts"
import { holds, type Hosts, relative } from "./hosts.ts"

/** A destination: the parts of a URL, or of a connector's endpoint. */
export interface Destination {
  readonly hostname: string
  /** `https:`, `http:`, `tls:` or `starttls:`; any other is an unprotected connection. */
  readonly protocol: string
}

/**
 * How a destination is called: `direct`, where the gateway resolves its name, or through a `proxy`, which resolves it.
 */
export type Way = "direct" | "proxy"

const privateSentence =
  "The address is not a public one: add its host name or address to TOCSIN_EGRESS_ALLOW if it is meant to be called"

const httpSentence =
  "Only https is called: use it, or add the host's name or address to TOCSIN_EGRESS_ALLOW if plain http is meant"

const plainSentence =
  "Only connections by TLS are made: use it, or add the host's name or address to TOCSIN_EGRESS_ALLOW if a plain one is meant"

const isProtected = (protocol: string): boolean => /^(?:https|tls|starttls):$/.test(protocol)

const unprotectedSentence = (protocol: string): string => (protocol === "http:" ? httpSentence : plainSentence)

/** Why a destination can never be called, by its scheme, and its address or its name. */
export const refusal = (allowed: Hosts, destination: Destination, way: Way): string | undefined => {
  const address = parseAddress(destination.hostname)
  if (Option.isSome(address)) return resolvedRefusal(allowed, destination, [address.value])
  const name = relative(destination.hostname)
  if (allowed.names.has(name)) return undefined
  // A name called without TLS may still resolve into an allowed network, which is checked when it is resolved.
  if (!isProtected(destination.protocol)) {
    return way === "direct" && allowed.networks.length > 0 ? undefined : unprotectedSentence(destination.protocol)
  }
  return way === "direct" || isPublicName(name) ? undefined : privateSentence
}

/** Why a destination with these addresses may not be connected to: a single forbidden address suffices. */
export const resolvedRefusal = (
  allowed: Hosts,
  { hostname, protocol }: Destination,
  addresses: ReadonlyArray<NetAddress.IpAddress>
): string | undefined => {
  if (allowed.names.has(relative(hostname))) return undefined
  const isSafe = isProtected(protocol)
  if (addresses.every((address) => (isSafe && isPublic(address)) || holds(allowed, address))) return undefined
  return isSafe ? privateSentence : unprotectedSentence(protocol)
}

/**
 * Names that lead into private networks if a proxy resolves them: those reserved for private use, or widely used there;
 * the clouds' metadata services; and public names that exist for every address, such as `127.0.0.1.nip.io`.
 *
 * @see https://www.iana.org/assignments/special-use-domain-names
 */
const privateNames = [
  "localhost local internal home.arpa test localdomain",
  "corp home intranet lan mail private workgroup",
  "consul docker svc",
  "metadata.goog metadata.tencentyun.com",
  "lvh.me localtest.me nip.io sslip.io traefik.me vcap.me xip.io"
].flatMap((names) => names.split(" "))

/**
 * Whether a name can belong to the public DNS: a single label does not, and neither does a name below a private one.
 */
const isPublicName = (name: string): boolean =>
  name.includes(".") && !privateNames.some((known) => name === known || name.endsWith(`.${known}`))
