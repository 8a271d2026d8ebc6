/**
 * Restricts callers while no token is set: only this machine may call, and no proxy on it.
 */
import { Unauthorized } from "@tocsin/client"
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { cameThroughProxy } from "./proxyHeaders.ts"

/**
 * Refuses requests of other machines and web pages to a gateway without a token, which listens on loopback only:
 * - a request that a reverse proxy forwarded. HTTP/1.0 counts as such, because nginx' `proxy_pass` uses it.
 * - a request that names another host: a page of a site whose name resolves to this machine (DNS rebinding)
 * - a request of a page of another origin, including another port of this machine
 */
export const checkLoopback = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const { headers, httpVersion, socket, url = "" } = NodeHttpServerRequest.toIncomingMessage(request)
  if (httpVersion === "1.0" || cameThroughProxy(request.headers)) {
    return yield* new Unauthorized({
      detail:
        "Without TOCSIN_TOKEN the gateway refuses HTTP/1.0 and every request that came through a proxy: set TOCSIN_TOKEN"
    })
  }
  const { host = "", origin, "sec-fetch-site": site } = headers
  const own = `${"encrypted" in socket ? "https" : "http"}://${host}`
  // A target in absolute form has its own host, which also replaces the one in `request.headers` (RFC 9112, 3.2.2).
  const target = url.startsWith("/") ? own : (/^[^/?#]*\/\/[^/?#]*/.exec(url)?.[0] ?? "")
  if (![own, target].every(isLoopback)) {
    return yield* new Unauthorized({
      detail: "Without TOCSIN_TOKEN the gateway answers only to localhost, 127.0.0.1 and [::1]"
    })
  }
  const reads = request.method === "GET" || request.method === "HEAD"
  // A link from another site may be followed: that site cannot read the page.
  const isOtherSite = !reads && (site === "cross-site" || site === "same-site")
  if ((origin !== undefined && origin !== own) || isOtherSite) {
    return yield* new Unauthorized({
      detail: "Without TOCSIN_TOKEN the gateway serves no web page but its own: set TOCSIN_TOKEN"
    })
  }
})

/** Compared as it was sent: a URL parser would also find a host in `x@localhost` and `localhost/evil.com`. */
const isLoopback = (origin: string): boolean =>
  /^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(origin)
