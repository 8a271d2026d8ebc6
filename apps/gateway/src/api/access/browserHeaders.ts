import { Effect } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"

/** The policy of pages: they use their own scripts and styles, and may call the gateway only. */
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

/** Sets the security headers: browsers respect the declared content types, and pages get only the rights they need. */
export const BrowserHeadersLayer = HttpRouter.middleware(
  Effect.succeed((effect) =>
    Effect.map(effect, (response) =>
      HttpServerResponse.setHeaders(response, {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        ...(response.headers["content-type"]?.startsWith("text/html") === true && {
          // The console sets a stricter policy.
          "content-security-policy": response.headers["content-security-policy"] ?? pagePolicy
        })
      })
    )
  ),
  { global: true }
)
