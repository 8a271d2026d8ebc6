/**
 * Reverse proxies whose X-Forwarded-For is trusted.
 */
import { Effect, Layer } from "effect"
import { HttpMiddleware, HttpRouter } from "effect/http"
import { Settings } from "../../startup/settings/Settings.ts"

/**
 * Sets the caller's address to the one that a trusted proxy states: the rightmost of `X-Forwarded-For` that is not
 * itself trusted.
 */
export const layer = Layer.unwrap(
  Effect.map(Settings, ({ trustedProxies }) =>
    // It would parse the address of each caller.
    trustedProxies.length === 0
      ? Layer.empty
      : HttpRouter.middleware(Effect.succeed(HttpMiddleware.xForwardedHeaders({ trustedProxies })), { global: true })
  )
)
