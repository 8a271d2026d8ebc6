import { Option, Result } from "effect"
import { Host, IpNetwork, NetAddress } from "effect/net"
import { parseAddress, withoutClothes } from "./addresses.ts"

/** Hosts that an operator names: by their names, and by addresses and networks. */
export interface Hosts {
  readonly names: ReadonlySet<string>
  readonly networks: ReadonlyArray<IpNetwork.IpNetwork>
}

/** Parses host names, addresses and CIDRs, separated by commas or spaces; `unread` has the rest. */
export const parseHosts = (text: string): Hosts & { readonly unread: ReadonlyArray<string> } => {
  const names = new Set<string>()
  const networks: Array<IpNetwork.IpNetwork> = []
  const unread: Array<string> = []
  for (const entry of text.split(/[\s,]+/).filter((entry) => entry.length > 0)) {
    const network = parseNetwork(entry)
    const name = Host.domainNameFromString(entry)
    if (Option.isSome(network)) networks.push(network.value)
    else if (Result.isSuccess(name)) names.add(relative(name.success))
    else unread.push(entry)
  }
  return { names, networks, unread }
}

/** Whether one of the networks contains the address, or the IPv4 address that it stands for. */
export const holds = ({ networks }: Hosts, address: NetAddress.IpAddress): boolean =>
  networks.some(
    (network) => IpNetwork.contains(network, address) || IpNetwork.contains(network, withoutClothes(address))
  )

/** Normalises a host name for comparison: `localhost.` becomes `localhost`. */
export const relative = (hostname: string): string => hostname.toLowerCase().replace(/\.$/, "")

const parseNetwork = (entry: string): Option.Option<IpNetwork.IpNetwork> =>
  Option.orElse(
    Option.map(parseAddress(entry), (spelt) => {
      const address = withoutClothes(spelt)
      return IpNetwork.makeUnsafe(address, NetAddress.width(address))
    }),
    () => Result.getSuccess(IpNetwork.fromString(entry))
  )
