/**
 * How a caller shows that it may.
 */
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { InvalidRequest, TooLarge, TooManyAttempts, Unauthorized, UnsupportedMediaType } from "./Problems.ts"

/** The gateway's token, as `Authorization: Bearer <token>`, or by Basic with any user and the token as password. */
export class Authorization extends HttpApiMiddleware.Service<Authorization>()("@tocsin/client/Authorization", {
  error: [Unauthorized, TooManyAttempts],
  security: { bearer: HttpApiSecurity.bearer, basic: HttpApiSecurity.basic }
}) {}

/** Refuses a request that cannot be read, and says where and what was expected. */
export class RequestErrors extends HttpApiMiddleware.Service<RequestErrors>()("@tocsin/client/RequestErrors", {
  error: [InvalidRequest, TooLarge, UnsupportedMediaType]
}) {}
