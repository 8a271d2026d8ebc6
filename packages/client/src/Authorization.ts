/**
 * How callers authenticate.
 */
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import {
  Forbidden,
  InvalidRequest,
  StoreUnavailable,
  TooLarge,
  TooManyAttempts,
  Unauthorized,
  UnsupportedMediaType
} from "./Problems.ts"

/** The name of the cookie that holds a browser's session. */
export const sessionCookie = "tocsin_session"

/**
 * The gateway's token, as `Authorization: Bearer <token>`, or by Basic with any user and the token as password; or a
 * session in a cookie (`POST /v1/session`). With a cookie, a request that changes something must be JSON and come from
 * the gateway's own pages. Every route that needs the token uses the store, which may not be available.
 */
export class Authorization extends HttpApiMiddleware.Service<Authorization>()("@tocsin/client/Authorization", {
  error: [Unauthorized, Forbidden, TooManyAttempts, StoreUnavailable],
  security: {
    bearer: HttpApiSecurity.bearer,
    basic: HttpApiSecurity.basic,
    session: HttpApiSecurity.apiKey({ key: sessionCookie, in: "cookie" })
  }
}) {}

/** Refuses an invalid request, with the position and what was expected. */
export class RequestErrors extends HttpApiMiddleware.Service<RequestErrors>()("@tocsin/client/RequestErrors", {
  error: [InvalidRequest, TooLarge, UnsupportedMediaType]
}) {}
