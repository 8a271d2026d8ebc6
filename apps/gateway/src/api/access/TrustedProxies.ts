/**
 * Reverse proxies: whom they speak for, and whether one was there.
 */
import { Effect, Layer } from "effect"
import { type Headers, HttpMiddleware, HttpRouter } from "effect/http"
import { Settings } from "../../startup/Settings.ts"

/** Whether a reverse proxy says of itself that it passed the request on. */
export const cameThroughProxy = (headers: Headers.Headers): boolean =>
  Object.keys(headers).some((name) => /^(forwarded|via|x-real-ip|x-forwarded-.*)$/.test(name))

/** Makes the caller's address that which a trusted proxy states: the rightmost of `X-Forwarded-For` that is not trusted itself. */
export const layer = Layer.unwrap(
  Effect.map(Settings, ({ trustedProxies }) =>
    HttpRouter.middleware(Effect.succeed(HttpMiddleware.xForwardedHeaders({ trustedProxies })), { global: true })
  )
)
