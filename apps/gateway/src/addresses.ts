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

/** All of IPv6 that is routed in public; what is not in it, such as ::1, fc00::/7, fe80::/10 and NAT64, is refused. */
const globalUnicastV6 = IpNetwork.fromStringUnsafe("2000::/3")

/**
 * Parts of it that carry an IPv4 address or are not routed: Teredo and other
 * protocols' own, documentation, 6to4.
 *
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const notPublicV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"].map(IpNetwork.fromStringUnsafe)

const mappedV4 = IpNetwork.fromStringUnsafe("::ffff:0:0/96")

/** Whether anyone on the internet could have the address. */
export const isPublic = (address: NetAddress.IpAddress): boolean =>
  NetAddress.isIpv4Address(address)
    ? !notPublicV4.some((network) => IpNetwork.contains(network, address))
    : IpNetwork.contains(globalUnicastV6, address) &&
      !notPublicV6.some((network) => IpNetwork.contains(network, address))

/** The address that a text names, an IPv4 address in IPv6 clothes as the IPv4 address that it stands for. */
export const parseAddress = (text: string): Option.Option<NetAddress.IpAddress> =>
  Option.map(Result.getSuccess(NetAddress.ipFromString(text.replace(/^\[|\]$/g, ""))), (address) => {
    if (NetAddress.isIpv4Address(address) || !IpNetwork.contains(mappedV4, address)) return address
    const [high = 0, low = 0] = NetAddress.ipv6ToSegments(address).slice(6)
    return NetAddress.ipv4FromBytesUnsafe(Uint8Array.of(high >> 8, high & 255, low >> 8, low & 255))
  })

/** The networks that a text lists: addresses and CIDRs, separated by commas. None if one of them is neither. */
export const parseNetworks = (text: string): Option.Option<ReadonlyArray<IpNetwork.IpNetwork>> =>
  Option.all(
    text
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry.length > 0)
      .map((entry) =>
        Option.orElse(
          Option.map(parseAddress(entry), (address) => IpNetwork.makeUnsafe(address, NetAddress.width(address))),
          () => Option.liftThrowable(IpNetwork.fromStringUnsafe)(entry)
        )
      )
  )
