import {
  allows,
  type Caller,
  Conflict,
  Forbidden,
  Scope,
  type Session as SessionJson,
  sessionCookie,
  Unauthorized
} from "@tocsin/client"
import { cut } from "@tocsin/core"
import { CurrentAuthor, Sessions, type StoredSession } from "@tocsin/delivery"
import { DateTime, Effect, Layer, Option, Redacted, Schema } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiBuilder, HttpApiSecurity } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
import manifest from "../../package.json" with { type: "json" }
import { Access, tooManyAttempts } from "./access/Auth.ts"
import { authorOf, type Caller as AcceptedCaller, needsScope } from "./access/Caller.ts"
import { checkLoopback } from "./access/loopback.ts"
import { checkNoOtherPage } from "./access/ownPages.ts"
import * as Cookie from "./access/sessionCookie.ts"
import { boundedList } from "./pagination.ts"
import { notFound } from "./problems.ts"

const bearer = HttpApiBuilder.securityDecode(HttpApiSecurity.bearer)
const basic = HttpApiBuilder.securityDecode(HttpApiSecurity.basic)
const cookie = HttpApiBuilder.securityDecode(HttpApiSecurity.apiKey({ key: sessionCookie, in: "cookie" }))

/** `/v1/session` */
const SessionHandlers = HttpApiBuilder.group(
  GatewayApi,
  "session",
  Effect.fn(function* (handlers) {
    const access = yield* Access
    const sessions = yield* Sessions

    const callerOf = (
      request: HttpServerRequest.HttpServerRequest,
      by: Pick<typeof Caller.Type, "signedInBy" | "session" | "name"> & { readonly scopes?: ReadonlyArray<string> }
    ): typeof Caller.Type => {
      const isKnown = by.signedInBy !== undefined
      return {
        signInRequired: access.tokenRequired,
        ...by,
        scopes: isKnown ? (by.scopes ?? ["admin"]).filter(isScope) : [],
        isSecure: Cookie.isSecure(request),
        ...(isKnown && { version: manifest.version })
      }
    }

    const ofCaller = (request: HttpServerRequest.HttpServerRequest, { by, name, scopes }: AcceptedCaller) =>
      callerOf(request, { signedInBy: by, scopes, ...(name !== undefined && { name }) })

    const ofSession = (request: HttpServerRequest.HttpServerRequest, session: StoredSession) =>
      callerOf(request, {
        signedInBy: "session",
        scopes: session.scopes,
        ...(session.actor !== undefined && { name: session.actor }),
        session: sessionJson(session, session.id)
      })

    /** The session of the request's cookie, if it has not ended. */
    const currentSession = Effect.gen(function* () {
      const verdict = yield* access.ofSession(yield* cookie)
      if (verdict._tag === "Wait") return yield* tooManyAttempts(verdict.seconds)
      return verdict._tag === "Allowed" ? verdict.session : undefined
    })

    return handlers.handleAll({
      signIn: Effect.fnUntraced(function* ({ payload: { token }, request }) {
        yield* checkNoOtherPage(request)
        if (!access.tokenRequired) {
          return yield* new Conflict({ detail: "No sign-in is needed: TOCSIN_TOKEN is not set" })
        }
        const verdict = yield* access.ofToken(Redacted.make(token))
        if (verdict._tag === "Wait") return yield* tooManyAttempts(verdict.seconds)
        if (verdict._tag === "Refused") return yield* wrongToken
        const { caller } = verdict
        if (!allows(caller.scopes, "read")) {
          return yield* new Forbidden({ detail: needsScope("read, write or admin") })
        }
        const secret = Cookie.newSecret()
        const begin = sessions.begin({
          secretHash: access.hashOf(secret),
          scopes: caller.scopes,
          actor: caller.name,
          keyId: caller.keyId,
          address: Option.getOrElse(request.remoteAddress, () => "an unknown address"),
          browser: cut(request.headers["user-agent"] ?? "", 256) || undefined
        })
        const session = yield* Effect.provideService(begin, CurrentAuthor, authorOf(caller, request))
        if (session === undefined) return yield* wrongToken
        yield* Cookie.set(secret, request)
        return ofSession(request, session)
      }),
      get: Effect.fnUntraced(function* ({ request }) {
        if (!access.tokenRequired) {
          const isHere = Option.isSome(yield* Effect.option(checkLoopback(request)))
          return callerOf(request, isHere ? { signedInBy: "thisMachine" } : {})
        }
        const token = yield* bearer
        const { password, username } = yield* basic
        const isBasic = Redacted.value(token) === ""
        if (!isBasic || Redacted.value(password) !== "") {
          const verdict = yield* isBasic ? access.ofBasic({ password, username }) : access.ofToken(token)
          if (verdict._tag === "Wait") return yield* tooManyAttempts(verdict.seconds)
          if (verdict._tag === "Allowed") return ofCaller(request, verdict.caller)
        }
        const user = request.headers["authorization"] === undefined ? access.ofProxy(request) : undefined
        if (user !== undefined) return ofCaller(request, user)
        const session = yield* currentSession
        if (session === undefined) {
          if (sessionCookie in request.cookies) yield* Cookie.clear(request)
          return callerOf(request, {})
        }
        return ofSession(request, session)
      }),
      signOut: Effect.fnUntraced(function* ({ request }) {
        yield* checkNoOtherPage(request)
        const session = yield* currentSession
        if (session !== undefined) {
          const { actor: name, keyId, scopes } = session
          const author = authorOf({ by: "session", name, keyId, scopes }, request)
          yield* Effect.provideService(sessions.end(session.id), CurrentAuthor, author)
        }
        yield* Cookie.clear(request)
      })
    })
  })
)

/** `/v1/sessions` */
const SessionsHandlers = HttpApiBuilder.group(
  GatewayApi,
  "sessions",
  Effect.fn(function* (handlers) {
    const access = yield* Access
    const sessions = yield* Sessions

    return handlers.handleAll({
      list: Effect.fnUntraced(function* ({ query: { after } }) {
        const current = yield* access.liveSession(yield* cookie)
        const shown = (yield* sessions.list).map((session) => sessionJson(session, current?.id))
        return boundedList(shown, after)
      }),
      revoke: Effect.fnUntraced(function* ({ params: { id } }) {
        const isEnded = yield* sessions.end(id)
        if (!isEnded) return yield* notFound("session", "/v1/sessions")
      })
    })
  })
)

const wrongToken = Effect.suspend(() => new Unauthorized({ detail: "The token is wrong" }))

const isScope = Schema.is(Scope)

const sessionJson = (
  { actor, address, browser, createdAt, expiresAt, id, scopes }: StoredSession,
  current: string | undefined
): typeof SessionJson.Type => ({
  id,
  // Unknown scopes, which a later version stored, allow nothing here.
  scopes: scopes.filter(isScope),
  ...(actor !== undefined && { name: actor }),
  address,
  ...(browser !== undefined && { browser }),
  createdAt: DateTime.makeUnsafe(createdAt),
  expiresAt: DateTime.makeUnsafe(expiresAt),
  isCurrent: id === current
})

/** Signing in and out, and the sessions of all browsers. */
export const SignInHandlers = Layer.merge(SessionHandlers, SessionsHandlers)
