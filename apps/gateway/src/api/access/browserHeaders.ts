import { Effect } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"

/** Pages bring their own scripts and styles, and may call nobody but the gateway. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join("; ")

/** Tells browsers to take answers for what they say they are, and to let pages do no more than they need. */
export const BrowserHeadersLayer = HttpRouter.middleware(
  Effect.succeed((effect) =>
    Effect.map(effect, (response) =>
      HttpServerResponse.setHeaders(response, {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        ...(response.headers["content-type"]?.startsWith("text/html") === true && {
          // The console brings a stricter one.
          "content-security-policy": response.headers["content-security-policy"] ?? pagePolicy
        })
      })
    )
  ),
  { global: true }
)
