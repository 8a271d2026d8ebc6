import type { Headers } from "effect/http"

/**
 * The headers with which proxies, load balancers and CDNs mark forwarded requests. Clients do not send them;
 * `x-request-id` and `traceparent`, which clients send as well, are not among them.
 */
const proxyHeaders = new RegExp(
  `^(?:${[
    // The standards: RFC 7239, RFC 9110 (7.6.3) and RFC 8586.
    "forwarded",
    "via",
    "cdn-loop",
    // De facto: nginx, Apache, HAProxy, Traefik, Caddy, Envoy, Kubernetes' ingresses.
    "forwarded-for",
    "x-forward(?:ed)?(?:-.*)?",
    "x-real-ip",
    "(?:x-)?(?:cluster-|true-)?client-ip",
    "x-remote-(?:addr|ip)",
    "x-original-.*",
    "x-originating-ip",
    "x-rewrite-url",
    "x-scheme",
    "x-envoy-.*",
    "x-varnish",
    "proxy-connection",
    "x-proxy.*",
    "(?:wl-)?proxy-client-ip",
    // Cloudflare, Akamai, Fastly, CloudFront and AWS' load balancers, Google, Azure.
    "cf-.*",
    "(?:x-)?akamai-.*",
    "fastly-.*",
    "cloudfront-.*",
    "x-amz-cf-.*",
    "x-amzn-.*",
    "x-appengine-.*",
    "x-cloud-trace-context",
    "x-goog-.*",
    "x-azure-.*",
    "x-arr-.*",
    "x-fd-.*",
    // Alibaba, Fly, Heroku, Imperva, Netlify, ngrok, Railway, Render, Sucuri, Tailscale, Tencent, Vercel.
    "ali-cdn-.*",
    "ali-swift-.*",
    "disguised-host",
    "eagleid",
    "eo-.*",
    "ngrok-.*",
    "rndr-.*",
    "surrogate-.*",
    "x-client-(?:cert|verify|dn).*",
    "x-railway-.*",
    "x-render-.*",
    "x-ssl-.*",
    "x-via",
    "fly-.*",
    "incap-.*",
    "x-nf-.*",
    "x-sucuri-.*",
    "tailscale-.*",
    "x-vercel-.*"
  ].join("|")})$`
)

/** Whether the request has the headers of a proxy. */
export const cameThroughProxy = (headers: Headers.Headers): boolean =>
  Object.keys(headers).some((name) => proxyHeaders.test(name))
