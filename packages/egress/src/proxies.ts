/**
 * Which destinations are called through a proxy, by the settings that curl and others use: `HTTPS_PROXY`, `HTTP_PROXY`
 * and `NO_PROXY`.
 */
import { Option, type Redacted } from "effect"
import { parseAddress } from "./addresses.ts"
import { holds, parseHosts, relative } from "./hosts.ts"
import type { Way } from "./policy.ts"

/** The operator's proxies. */
export interface Proxies {
  /** For http, and for https if `httpsProxy` is none. */
  readonly httpProxy: Option.Option<Redacted.Redacted>
  readonly httpsProxy: Option.Option<Redacted.Redacted>
  /**
   * The destinations that are called directly: host names with all names below them, addresses and CIDRs, each with an
   * optional port; `*` for all.
   */
  readonly noProxy: string
}

/** Every destination is called directly. */
export const noProxies: Proxies = { httpProxy: Option.none(), httpsProxy: Option.none(), noProxy: "" }

/**
 * Decides how a destination is called. undici's own support of `NO_PROXY` does not report its decision, and lacks
 * CIDRs, which clusters use for their networks.
 */
export const wayTo = ({ httpProxy, httpsProxy, noProxy }: Proxies): ((url: URL) => Way) => {
  const exceptions = noProxy
    .split(/[\s,]+/)
    .filter((entry) => entry.length > 0)
    .map((entry) => {
      const [, host = entry, port] = /^(\[.*\]|[^:]*):(\d+)$/.exec(entry) ?? []
      return { hosts: parseHosts(host.replace(/^\*?\./, "")), isAll: host === "*", port }
    })
  return (url) => {
    // A proxy for http carries http only.
    if (url.protocol !== "http:" && url.protocol !== "https:") return "direct"
    if (Option.isNone(httpProxy) && (url.protocol === "http:" || Option.isNone(httpsProxy))) return "direct"
    const name = relative(url.hostname)
    const address = parseAddress(url.hostname)
    const port = url.port || (url.protocol === "https:" ? "443" : "80")
    const isException = exceptions.some(
      (exception) =>
        (exception.port ?? port) === port &&
        (exception.isAll ||
          Option.exists(address, (address) => holds(exception.hosts, address)) ||
          [...exception.hosts.names].some((known) => name === known || name.endsWith(`.${known}`)))
    )
    return isException ? "direct" : "proxy"
  }
}
