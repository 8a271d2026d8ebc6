/**
 * The cookie that holds a session's secret.
 */
import { sessionCookie } from "@tocsin/client"
import { sessionLasts } from "@tocsin/delivery"
import { Effect, Redacted } from "effect"
import { HttpEffect, HttpServerResponse, type HttpServerRequest } from "effect/http"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { createHmac, randomBytes } from "node:crypto"

/** Makes the secret of a new session: 256 random bits. */
export const newSecret = (): Redacted.Redacted => Redacted.make(randomBytes(32).toString("base64url"))

/**
 * The hash that is stored instead of a secret. It depends on the API token, so a change of the token ends all sessions.
 */
export const hashOf = (secret: Redacted.Redacted, token: Redacted.Redacted): string =>
  createHmac("sha256", Redacted.value(token)).update(Redacted.value(secret)).digest("hex")

/** Whether the request came over TLS, to the gateway or to a trusted proxy. */
export const isSecure = (request: HttpServerRequest.HttpServerRequest): boolean =>
  request.protocol === "https" || "encrypted" in NodeHttpServerRequest.toIncomingMessage(request).socket

/** Adds the cookie to the response of this request. */
export const set = (secret: Redacted.Redacted, request: HttpServerRequest.HttpServerRequest) =>
  HttpEffect.appendPreResponseHandler((_, response) =>
    Effect.orDie(
      HttpServerResponse.setCookie(response, sessionCookie, Redacted.value(secret), {
        ...attributes(request),
        maxAge: sessionLasts
      })
    )
  )

/** Removes the cookie with the response of this request. */
export const clear = (request: HttpServerRequest.HttpServerRequest) =>
  HttpEffect.appendPreResponseHandler((_, response) =>
    Effect.orDie(HttpServerResponse.expireCookie(response, sessionCookie, attributes(request)))
  )

const attributes = (request: HttpServerRequest.HttpServerRequest) => ({
  httpOnly: true,
  sameSite: "strict" as const,
  path: "/",
  // A browser silently drops a Secure cookie that comes over plain http.
  secure: isSecure(request)
})
