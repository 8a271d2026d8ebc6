import { holds, parseAddress } from "@tocsin/egress"
import { Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { IpNetwork } from "effect/net"

/** Whether the caller may read `/metrics` without the token, by its address. */
export const mayReadMetrics = (
  { remoteAddress, url }: HttpServerRequest.HttpServerRequest,
  networks: ReadonlyArray<IpNetwork.IpNetwork>
): boolean =>
  networks.length > 0 &&
  /^\/metrics(\?|$)/.test(url) &&
  Option.exists(Option.flatMap(remoteAddress, parseAddress), (address) =>
    holds({ names: new Set(), networks }, address)
  )
