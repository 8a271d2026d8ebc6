/**
 * Signing in with a browser: the API token is exchanged once for a session in a cookie.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { needs, Scope } from "./access/Scope.ts"
import { list, whole } from "./lists.ts"
import {
  Conflict,
  Forbidden,
  InvalidRequest,
  NotFound,
  StoreUnavailable,
  TooManyAttempts,
  Unauthorized
} from "./Problems.ts"
import { says } from "./says.ts"

/** A browser that is signed in. */
export const Session = Schema.Struct({
  id: Schema.String.annotateKey({ description: "Names the session; it is not the secret in the cookie." }),
  scopes: Schema.Array(Scope).annotateKey({ description: "What the session may do." }),
  name: Schema.optionalKey(Schema.String).annotateKey({
    description: "The name of the API key that signed in; absent for TOCSIN_TOKEN."
  }),
  address: Schema.String.annotateKey({ description: "The network address that signed in." }),
  browser: Schema.optionalKey(Schema.String).annotateKey({
    description: "The User-Agent of the browser that signed in, at most 256 characters."
  }),
  createdAt: Schema.DateTimeUtc,
  expiresAt: Schema.DateTimeUtc.annotateKey({
    description: "12 hours after it was created, or when its API key expires."
  }),
  isCurrent: Schema.Boolean.annotateKey({ description: "Whether this request was sent with it." })
}).annotate({ identifier: "Session" })

/** Who the caller is, and what it may do. */
export const Caller = Schema.Struct({
  signInRequired: Schema.Boolean.annotateKey({
    description: "Whether callers need the API token. Without TOCSIN_TOKEN the gateway serves this machine only."
  }),
  signedInBy: Schema.optionalKey(Schema.Literals(["session", "token", "key", "proxy", "thisMachine"])).annotateKey({
    description:
      "How this request is authorized: by a session, by TOCSIN_TOKEN, by an API key, by a proxy that signed in its user (TOCSIN_AUTH_HEADER), or because it comes from this machine and no token is set. Absent if it is not authorized."
  }),
  name: Schema.optionalKey(Schema.String).annotateKey({ description: "The name of its key or of its user." }),
  scopes: Schema.Array(Scope).annotateKey({ description: "What the caller may do; empty if it is not signed in." }),
  session: Schema.optionalKey(Session),
  isSecure: Schema.Boolean.annotateKey({
    description: "Whether the request came over TLS, here or at a trusted proxy. Otherwise the cookie is not Secure."
  }),
  version: Schema.optionalKey(Schema.String).annotateKey({
    description: "The gateway's version; only for a caller that is signed in."
  })
}).annotate({ identifier: "Caller" })

/** Signing in and out. None of these routes needs a token. */
export class SessionApi extends HttpApiGroup.make("session")
  .add(
    HttpApiEndpoint.post("signIn", "/", {
      payload: Schema.Struct({
        token: Schema.NonEmptyString.check(Schema.isMaxLength(4096)).annotateKey({
          description: "TOCSIN_TOKEN, or an API key with the scope read, write or admin."
        })
      }),
      success: Caller.pipe(HttpApiSchema.status(201)),
      error: [InvalidRequest, Unauthorized, Forbidden, Conflict, TooManyAttempts, StoreUnavailable]
    }).annotateMerge(
      says(
        "Sign in",
        "Exchanges TOCSIN_TOKEN or an API key for a session with its scopes in the cookie tocsin_session: HttpOnly, SameSite=Strict, Secure over TLS, for 12 hours. A wrong one is 401, repeated ones are slowed down. 409 if the gateway has no token."
      )
    ),
    HttpApiEndpoint.get("get", "/", {
      success: Caller,
      error: [TooManyAttempts, StoreUnavailable]
    }).annotateMerge(says("Who the caller is", "Also answers a caller that is not signed in.")),
    HttpApiEndpoint.delete("signOut", "/", {
      success: HttpApiSchema.NoContent,
      error: [Forbidden, TooManyAttempts, StoreUnavailable]
    }).annotateMerge(says("Sign out", "Ends the session of the cookie, and removes the cookie."))
  )
  .prefix("/v1/session")
  .annotateMerge(OpenApi.annotations({ description: "Signing in with a browser." })) {}

/** The sessions of all browsers. */
export class SessionsApi extends HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: whole,
      success: list(Session)
    }).annotateMerge(says("The sessions that have not ended, newest first")),
    HttpApiEndpoint.delete("revoke", "/:id", {
      params: { id: Schema.String },
      success: HttpApiSchema.NoContent,
      error: NotFound
    }).annotateMerge(says("End a session", "Its browser has to sign in again; its live stream ends."))
  )
  .prefix("/v1/sessions")
  .annotateMerge(needs("admin"))
  .annotateMerge(OpenApi.annotations({ description: "The browsers that are signed in." })) {}
