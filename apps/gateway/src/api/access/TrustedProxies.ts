/**
 * Reverse proxies whose X-Forwarded-For is trusted.
 */
import { Effect, Layer } from "effect"
import { HttpMiddleware, HttpRouter } from "effect/http"
import { Settings } from "../../startup/Settings.ts"

/** Makes the caller's address that which a trusted proxy states: the rightmost of `X-Forwarded-For` that is not trusted itself. */
export const layer = Layer.unwrap(
  Effect.map(Settings, ({ trustedProxies }) =>
    HttpRouter.middleware(Effect.succeed(HttpMiddleware.xForwardedHeaders({ trustedProxies })), { global: true })
  )
)
