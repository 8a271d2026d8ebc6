import { Option, Result } from "effect"
import { IpNetwork, NetAddress } from "effect/net"

/**
 * Networks that are not the public internet: this host, private and shared
 * networks, link-local (with the clouds' metadata services), documentation,
 * benchmarks, multicast and reserved ones.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const notPublicV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  // Azure's platform address: reachable from Azure's machines only, although its range is public.
  "168.63.129.16/32",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4"
].map(IpNetwork.fromStringUnsafe)

/** The publicly routed part of IPv6. Everything else, such as ::1, fc00::/7 and fe80::/10, is refused. */
const globalUnicastV6 = IpNetwork.fromStringUnsafe("2000::/3")

/**
 * The parts of it that contain an IPv4 address or are not routed: Teredo and other protocols, documentation, 6to4.
 *
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const notPublicV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"].map(IpNetwork.fromStringUnsafe)

/**
 * Whether an address is an ISATAP address, which contains an IPv4 address after any prefix: its last half begins with
 * 5efe (RFC 5214).
 */
const isIsatap = (address: NetAddress.Ipv6Address): boolean => {
  const [, , , , fifth, sixth] = NetAddress.ipv6ToSegments(address)
  return sixth === 0x5efe && (fifth === 0 || fifth === 0x0200)
}

/** Whether the address is on the public internet. */
export const isPublic = (address: NetAddress.IpAddress): boolean => {
  const meant = withoutClothes(address)
  return NetAddress.isIpv4Address(meant)
    ? !notPublicV4.some((network) => IpNetwork.contains(network, meant))
    : IpNetwork.contains(globalUnicastV6, meant) &&
        !notPublicV6.some((network) => IpNetwork.contains(network, meant)) &&
        !isIsatap(meant)
}

/**
 * The IPv6 ranges that contain an IPv4 address: mapped addresses, and those of NAT64, through which IPv6-only networks
 * reach IPv4.
 */
const clothesOfV4 = ["::ffff:0:0/96", "64:ff9b::/96"].map(IpNetwork.fromStringUnsafe)

/** The address that is actually reached: the IPv4 address if an IPv6 address contains one. */
export const withoutClothes = (address: NetAddress.IpAddress): NetAddress.IpAddress => {
  if (NetAddress.isIpv4Address(address) || !clothesOfV4.some((network) => IpNetwork.contains(network, address))) {
    return address
  }
  const [high = 0, low = 0] = NetAddress.ipv6ToSegments(address).slice(6)
  return NetAddress.ipv4FromBytesUnsafe(Uint8Array.of(high >> 8, high & 255, low >> 8, low & 255))
}

/** Parses an address, with or without the brackets of a URL. */
export const parseAddress = (text: string): Option.Option<NetAddress.IpAddress> =>
  Result.getSuccess(NetAddress.ipFromString(text.replace(/^\[|\]$/g, "")))
