/**
 * Authenticates callers.
 */
import { Authorization, MaySign, scopeOf, sessionCookie, TooManyAttempts, Unauthorized } from "@tocsin/client"
import { cut } from "@tocsin/core"
import { ApiKeys, isValid, Sessions, type StoredKey, type StoredSession, type StoreUnavailable } from "@tocsin/delivery"
import { Clock, Context, Effect, Layer, Option, Redacted } from "effect"
import { HttpEffect, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder, type HttpApiEndpoint, type HttpApiGroup, HttpApiSecurity } from "effect/http-api"
import { createHash, timingSafeEqual } from "node:crypto"
import { problem } from "../../server/problem.ts"
import { Settings } from "../../startup/settings/Settings.ts"
import { makeSlowdown } from "./authThrottle.ts"
import { asCaller, type Caller, callerOfSession, needsScope, suffices, unchecked } from "./Caller.ts"
import { checkLoopback } from "./loopback.ts"
import { checkOwnPage } from "./ownPages.ts"
import { mayReadMetrics } from "./metricsAccess.ts"
import { secretHashOf } from "./secretHash.ts"
import { hashOf } from "./sessionCookie.ts"
import { userOfProxy } from "./userOfProxy.ts"

/** The result of checking a credential. */
export type Verdict =
  | { readonly _tag: "Allowed"; readonly caller: Caller }
  /** Wrong, or missing; or that of a key that has ended. */
  | { readonly _tag: "Refused"; readonly hasEnded?: boolean }
  /** The address sent too many wrong ones, and may try again after this number of seconds. */
  | { readonly _tag: "Wait"; readonly seconds: number }

type Wrong = Exclude<Verdict, { _tag: "Allowed" }>

/** Checks credentials. */
export class Access extends Context.Service<
  Access,
  {
    /** Whether callers need a credential. */
    readonly tokenRequired: boolean
    /** Checks TOCSIN_TOKEN, an API key or the token of a source. A wrong one slows down its address. */
    readonly ofToken: (
      given: Redacted.Redacted
    ) => Effect.Effect<Verdict, StoreUnavailable, HttpServerRequest.HttpServerRequest>
    /** Finds the caller of TOCSIN_TOKEN or of a valid API key, without slowing anyone down. */
    readonly knownToken: (given: Redacted.Redacted) => Effect.Effect<Caller | undefined, StoreUnavailable>
    /** Checks the user and the password of Basic authentication: the same as the password, or those of a source. */
    readonly ofBasic: (given: {
      readonly username: string
      readonly password: Redacted.Redacted
    }) => Effect.Effect<Verdict, StoreUnavailable, HttpServerRequest.HttpServerRequest>
    /** Checks the token that a source has in its URL. A wrong one slows down its address. */
    readonly ofUrlToken: (
      given: Redacted.Redacted
    ) => Effect.Effect<Verdict, StoreUnavailable, HttpServerRequest.HttpServerRequest>
    /** Finds the session with this secret, if it has not ended. A guess slows down its address. */
    readonly ofSession: (
      secret: Redacted.Redacted
    ) => Effect.Effect<
      Wrong | { readonly _tag: "Allowed"; readonly caller: Caller; readonly session: StoredSession },
      StoreUnavailable,
      HttpServerRequest.HttpServerRequest
    >
    /** The user that a trusted proxy states in the header `TOCSIN_AUTH_HEADER`. */
    readonly ofProxy: (request: HttpServerRequest.HttpServerRequest) => Caller | undefined
    /** Slows down the address of a wrong credential. */
    readonly refuse: (given: Redacted.Redacted) => Effect.Effect<Wrong, never, HttpServerRequest.HttpServerRequest>
    /** Finds the session with this secret, if it has not ended, without slowing anyone down. */
    readonly liveSession: (secret: Redacted.Redacted) => Effect.Effect<StoredSession | undefined, StoreUnavailable>
    /** Whether the key with this id is still valid. */
    readonly isLiveKey: (id: string) => Effect.Effect<boolean, StoreUnavailable>
    /** The hash of a session's secret, as it is stored. */
    readonly hashOf: (secret: Redacted.Redacted) => string
  }
>()("@tocsin/gateway/Access") {
  static readonly layer = Layer.effect(
    Access,
    Effect.gen(function* () {
      const { authHeader, authScope, token, trustedProxies } = yield* Settings
      const sessions = yield* Sessions
      const apiKeys = yield* ApiKeys
      const wanted = Option.map(token, (token) => digest(Redacted.value(token)))
      const hash = (secret: Redacted.Redacted) =>
        hashOf(
          secret,
          Option.getOrElse(token, () => Redacted.make(""))
        )
      const slowDown = yield* makeSlowdown

      const refuse = Effect.fnUntraced(function* (
        given: Redacted.Redacted
      ): Effect.fn.Return<Wrong, never, HttpServerRequest.HttpServerRequest> {
        const { remoteAddress } = yield* HttpServerRequest.HttpServerRequest
        // An empty credential is not a guess: all but one of a request's schemes are empty.
        const isGuess = Option.isSome(token) && Redacted.value(given) !== ""
        const wait = isGuess ? yield* slowDown(remoteAddress) : Option.none()
        return Option.match(wait, {
          onNone: () => ({ _tag: "Refused" }),
          onSome: (seconds) => ({ _tag: "Wait", seconds })
        })
      })

      /** Finds the caller of a secret that is stored as one of these hashes. */
      const callerOfHash = Effect.fnUntraced(function* (hashes: ReadonlyArray<string>) {
        for (const hash of hashes) {
          const key = yield* apiKeys.find(hash)
          if (key === undefined) continue
          if (!isValid(key, yield* Clock.currentTimeMillis)) return "ended" as const
          yield* apiKeys.used(key)
          return callerOfKey(key)
        }
        return undefined
      })

      /** Checks secrets that are stored as hashes; `given` is what counts as the guess. */
      const ofHash = Effect.fnUntraced(function* (
        given: Redacted.Redacted,
        hashes: ReadonlyArray<string>
      ): Effect.fn.Return<Verdict, StoreUnavailable, HttpServerRequest.HttpServerRequest> {
        if (Redacted.value(given) === "") return { _tag: "Refused" }
        const caller = yield* callerOfHash(hashes)
        if (caller === undefined) return yield* refuse(given)
        // A key that has ended is no guess.
        return caller === "ended" ? { _tag: "Refused", hasEnded: true } : { _tag: "Allowed", caller }
      })

      const isToken = (given: Redacted.Redacted) =>
        Option.isSome(wanted) && timingSafeEqual(wanted.value, digest(Redacted.value(given)))

      const find = Effect.fnUntraced(function* (secret: Redacted.Redacted) {
        const session = Redacted.value(secret) === "" ? undefined : yield* sessions.find(hash(secret))
        if (session === undefined) return undefined
        const isOver = session.endedAt !== undefined || session.expiresAt <= (yield* Clock.currentTimeMillis)
        return { session, isOver }
      })

      return Access.of({
        tokenRequired: Option.isSome(token),
        hashOf: hash,
        refuse,
        ofToken: (given) =>
          isToken(given)
            ? Effect.succeed({ _tag: "Allowed", caller: holderOfToken })
            : ofHash(given, [secretHashOf("token", given)]),
        knownToken: (given) =>
          isToken(given)
            ? Effect.succeed(holderOfToken)
            : Effect.map(callerOfHash([secretHashOf("token", given)]), (caller) =>
                caller === "ended" ? undefined : caller
              ),
        ofBasic: ({ password, username }) => {
          if (isToken(password)) {
            return Effect.succeed({
              _tag: "Allowed",
              caller: { ...holderOfToken, name: userOf({ username, password }) }
            })
          }
          const both = Redacted.make(`${username}:${Redacted.value(password)}`)
          return ofHash(password, [secretHashOf("token", password), secretHashOf("basic", both)])
        },
        ofUrlToken: (given) => ofHash(given, [secretHashOf("urlToken", given)]),
        ofProxy: (request) =>
          Option.getOrUndefined(
            Option.map(
              Option.flatMap(authHeader, (header) => userOfProxy(request, header, trustedProxies)),
              (name) => ({ by: "proxy", name, scopes: [authScope] })
            )
          ),
        liveSession: (secret) =>
          Effect.map(find(secret), (found) => (found?.isOver === false ? found.session : undefined)),
        isLiveKey: Effect.fnUntraced(function* (id) {
          const now = yield* Clock.currentTimeMillis
          return (yield* apiKeys.list).some((key) => key.id === id && isValid(key, now))
        }),
        ofSession: Effect.fnUntraced(function* (secret) {
          const found = yield* find(secret)
          if (found === undefined) return yield* refuse(secret)
          if (found.isOver) return { _tag: "Refused" as const }
          return { _tag: "Allowed" as const, caller: callerOfSession(found.session), session: found.session }
        })
      })
    })
  )
}

const basic = HttpApiBuilder.securityDecode(HttpApiSecurity.basic)

/** The user that a caller names. Tools with one field for a credential send it as user and password. */
const userOf = ({ password, username }: { readonly username: string; readonly password: Redacted.Redacted }) =>
  username === "" || Redacted.value(password).includes(username) ? undefined : cut(username, 64)

const holderOfToken: Caller = { by: "token", scopes: ["admin"] }

const callerOfKey = ({ id, name, scopes }: StoredKey): Caller => ({ by: "key", name, keyId: id, scopes })

/** Accepts callers with a credential that has the route's scope; if no token is set, callers on this machine. */
export const layer = Layer.effect(
  Authorization,
  Effect.gen(function* () {
    const access = yield* Access
    const { metricsAllow } = yield* Settings

    const allow = <E, R>(
      effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
      { endpoint, group }: { readonly endpoint: HttpApiEndpoint.Top; readonly group: HttpApiGroup.Top },
      check: Effect.Effect<Verdict, StoreUnavailable, HttpServerRequest.HttpServerRequest>,
      refused: string
    ) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        if (mayReadMetrics(request, metricsAllow)) return yield* effect
        /** Runs the handler if the caller may use the route. */
        const pass = (caller: Caller) => {
          const needed = scopeOf(endpoint, group)
          if (!suffices(caller.scopes, needed)) {
            // A response, as below.
            return Effect.succeed(
              problem(403, "This is not allowed", needsScope(needed === "ingest" ? "ingest:NAME, or write" : needed))
            )
          }
          const own = caller.by === "session" || caller.by === "proxy" ? checkOwnPage(request) : Effect.void
          return Effect.andThen(own, asCaller(caller, request)(effect))
        }
        if (!access.tokenRequired) {
          yield* checkLoopback(request)
          // A key limits its caller here, too; anything else is ignored.
          const verdict = Option.getOrUndefined(yield* Effect.option(check))
          if (verdict?._tag === "Refused" && verdict.hasEnded === true) {
            // A response, as below: the next scheme would let the caller pass, with more than the key allowed.
            return problem(401, "The token is missing or wrong", "The key was revoked, or has expired")
          }
          return yield* pass(
            verdict?._tag === "Allowed" && verdict.caller.by === "key"
              ? verdict.caller
              : { ...thisMachine, name: userOf(yield* basic) }
          )
        }
        const ofProxy = request.headers["authorization"] === undefined ? access.ofProxy(request) : undefined
        if (ofProxy !== undefined) return yield* pass(ofProxy)
        if (sendsNoCredential(request) && Option.isSome(Context.getOption(endpoint.annotations, MaySign))) {
          // The handler reads the body, and checks its signature.
          return yield* asCaller(unchecked, request)(effect)
        }
        const verdict = yield* Effect.catchTag(check, "StoreUnavailable", Effect.succeed)
        switch (verdict._tag) {
          case "Allowed":
            return yield* pass(verdict.caller)
          case "Refused":
            return yield* new Unauthorized({ detail: refused })
          case "StoreUnavailable":
            return problem(503, "The store is not available", `${verdict.detail} Send the request again.`)
          case "Wait":
            // A response instead of a failure, because after a failure the next scheme is tried, whose failure would
            // hide it.
            return tooMany(verdict.seconds)
        }
      })

    return Authorization.of({
      bearer: (effect, { credential, ...route }) => allow(effect, route, access.ofToken(credential), sendToken),
      basic: (effect, { credential, ...route }) => allow(effect, route, access.ofBasic(credential), sendToken),
      session: (effect, { credential, ...route }) =>
        allow(
          effect,
          route,
          access.ofSession(credential),
          Redacted.value(credential) === "" ? sendToken : "The session is over: sign in again"
        )
    })
  })
)

const sendsNoCredential = ({ cookies, headers }: HttpServerRequest.HttpServerRequest) =>
  headers["authorization"] === undefined && !(sessionCookie in cookies)

/** The caller of a gateway without a token. */
export const thisMachine: Caller = { by: "thisMachine", scopes: ["admin"] }

const sendToken = "Send Authorization: Bearer with TOCSIN_TOKEN or an API key"

const waitWords = (seconds: number) => `Your address sent too many wrong tokens: wait ${seconds} s`

const tooMany = (seconds: number): HttpServerResponse.HttpServerResponse =>
  retryAfter(problem(429, "Too many wrong tokens", waitWords(seconds)), seconds)

const retryAfter = (response: HttpServerResponse.HttpServerResponse, seconds: number) =>
  HttpServerResponse.setHeader(response, "retry-after", String(seconds))

/** Fails because the address sent too many wrong tokens or guessed too many sessions. */
export const tooManyAttempts = (seconds: number) =>
  Effect.andThen(
    HttpEffect.appendPreResponseHandler((_, response) => Effect.succeed(retryAfter(response, seconds))),
    Effect.fail(new TooManyAttempts({ detail: waitWords(seconds) }))
  )

/** A hash, because a comparison in constant time needs equal lengths. */
const digest = (text: string) => createHash("sha256").update(text).digest()
