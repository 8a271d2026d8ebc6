import type { Unauthorized } from "@tocsin/client"
import { sessionCookie } from "@tocsin/client"
import type { StoreUnavailable } from "@tocsin/delivery"
import { Effect, Redacted } from "effect"
import type { HttpServerRequest } from "effect/http"
import { Access, thisMachine } from "./Auth.ts"
import { type Caller, callerOfSession } from "./Caller.ts"
import { checkLoopback } from "./loopback.ts"

/**
 * Finds the usual callers without the layers of HttpApi, and without slowing anyone down: one with a token or a key, on
 * this machine if there is no token, and for a request that only reads also one with a session or behind a proxy.
 * Undefined for every other caller: `Authorization` checks it.
 */
export const makeKnownCaller = Effect.map(Access, (access) => {
  const find = (
    request: HttpServerRequest.HttpServerRequest
  ): Effect.Effect<Caller | undefined, Unauthorized | StoreUnavailable> => {
    const { authorization } = request.headers
    if (!access.tokenRequired) {
      return authorization === undefined ? Effect.as(checkLoopback(request), thisMachine) : Effect.undefined
    }
    const [, credential] = /^bearer +(\S.*)$/i.exec(authorization ?? "") ?? []
    if (credential !== undefined) return access.knownToken(Redacted.make(credential))
    // Requests that change something must come from the gateway's own pages.
    if (authorization !== undefined || request.method !== "GET") return Effect.undefined
    const ofProxy = access.ofProxy(request)
    if (ofProxy !== undefined) return Effect.succeed(ofProxy)
    const secret = request.cookies[sessionCookie]
    return secret === undefined
      ? Effect.undefined
      : Effect.map(access.liveSession(Redacted.make(secret)), (session) => session && callerOfSession(session))
  }
  return (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Caller | undefined> =>
    Effect.orElseSucceed(find(request), () => undefined)
})
