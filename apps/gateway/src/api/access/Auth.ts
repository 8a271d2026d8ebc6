/**
 * Authenticates callers.
 */
import { Authorization, TooManyAttempts, Unauthorized } from "@tocsin/client"
import { Sessions, type StoredSession, type StoreUnavailable } from "@tocsin/delivery"
import { Clock, Context, Effect, Layer, Option, Redacted } from "effect"
import { HttpEffect, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash, timingSafeEqual } from "node:crypto"
import { problem } from "../../server/problem.ts"
import { Settings } from "../../startup/Settings.ts"
import { makeSlowdown } from "./authThrottle.ts"
import { checkLoopback } from "./loopback.ts"
import { checkOwnPage } from "./ownPages.ts"
import { mayReadMetrics } from "./metricsAccess.ts"
import { hashOf } from "./sessionCookie.ts"

/** The result of checking a credential. */
export type Verdict =
  | { readonly _tag: "Allowed" }
  /** Wrong, or missing. */
  | { readonly _tag: "Refused" }
  /** The address sent too many wrong ones, and may try again after this number of seconds. */
  | { readonly _tag: "Wait"; readonly seconds: number }

/** Checks credentials. */
export class Access extends Context.Service<
  Access,
  {
    /** Whether callers need the token. */
    readonly tokenRequired: boolean
    /** Checks an API token. A wrong token slows down its address. */
    readonly ofToken: (given: Redacted.Redacted) => Effect.Effect<Verdict, never, HttpServerRequest.HttpServerRequest>
    /** Finds the session with this secret, if it has not ended. A guess slows down its address. */
    readonly ofSession: (
      secret: Redacted.Redacted
    ) => Effect.Effect<
      Exclude<Verdict, { _tag: "Allowed" }> | { readonly _tag: "Allowed"; readonly session: StoredSession },
      StoreUnavailable,
      HttpServerRequest.HttpServerRequest
    >
    /** Finds the session with this secret, if it has not ended, without slowing anyone down. */
    readonly liveSession: (secret: Redacted.Redacted) => Effect.Effect<StoredSession | undefined, StoreUnavailable>
    /** The hash of a session's secret, as it is stored. */
    readonly hashOf: (secret: Redacted.Redacted) => string
  }
>()("@tocsin/gateway/Access") {
  static readonly layer = Layer.effect(
    Access,
    Effect.gen(function* () {
      const { token } = yield* Settings
      const sessions = yield* Sessions
      const wanted = Option.map(token, (token) => digest(Redacted.value(token)))
      const hash = (secret: Redacted.Redacted) =>
        hashOf(
          secret,
          Option.getOrElse(token, () => Redacted.make(""))
        )
      const slowDown = yield* makeSlowdown

      const refuse = Effect.fnUntraced(function* (
        given: Redacted.Redacted
      ): Effect.fn.Return<Exclude<Verdict, { _tag: "Allowed" }>, never, HttpServerRequest.HttpServerRequest> {
        const { remoteAddress } = yield* HttpServerRequest.HttpServerRequest
        // An empty credential is not a guess: all but one of a request's schemes are empty.
        const wait = Redacted.value(given) === "" ? Option.none() : yield* slowDown(remoteAddress)
        return Option.match(wait, {
          onNone: () => ({ _tag: "Refused" }),
          onSome: (seconds) => ({ _tag: "Wait", seconds })
        })
      })

      const find = Effect.fnUntraced(function* (secret: Redacted.Redacted) {
        const session = Redacted.value(secret) === "" ? undefined : yield* sessions.find(hash(secret))
        if (session === undefined) return undefined
        const isOver = session.endedAt !== undefined || session.expiresAt <= (yield* Clock.currentTimeMillis)
        return { session, isOver }
      })

      return Access.of({
        tokenRequired: Option.isSome(token),
        hashOf: hash,
        ofToken: (given) =>
          Option.isSome(wanted) && timingSafeEqual(wanted.value, digest(Redacted.value(given)))
            ? Effect.succeed({ _tag: "Allowed" as const })
            : refuse(given),
        liveSession: (secret) =>
          Effect.map(find(secret), (found) => (found?.isOver === false ? found.session : undefined)),
        ofSession: Effect.fnUntraced(function* (secret) {
          const found = yield* find(secret)
          if (found === undefined) return yield* refuse(secret)
          return found.isOver ? { _tag: "Refused" as const } : { _tag: "Allowed" as const, session: found.session }
        })
      })
    })
  )
}

/** Accepts callers with the token or a session; if no token is set, callers on this machine. */
export const layer = Layer.effect(
  Authorization,
  Effect.gen(function* () {
    const access = yield* Access
    const { metricsAllow } = yield* Settings

    const allow = <E, R>(
      effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
      check: Effect.Effect<Verdict, StoreUnavailable, HttpServerRequest.HttpServerRequest>,
      refused: string
    ) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        if (mayReadMetrics(request, metricsAllow)) return yield* effect
        if (!access.tokenRequired) {
          yield* checkLoopback(request)
          return yield* effect
        }
        const verdict = yield* Effect.catchTag(check, "StoreUnavailable", Effect.succeed)
        switch (verdict._tag) {
          case "Allowed":
            return yield* effect
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
      bearer: (effect, { credential }) => allow(effect, access.ofToken(credential), sendToken),
      basic: (effect, { credential }) => allow(effect, access.ofToken(credential.password), sendToken),
      session: (effect, { credential }) =>
        allow(
          Effect.andThen(Effect.flatMap(HttpServerRequest.HttpServerRequest, checkOwnPage), effect),
          access.ofSession(credential),
          Redacted.value(credential) === "" ? sendToken : "The session is over: sign in again"
        )
    })
  })
)

const sendToken = "Send Authorization: Bearer <TOCSIN_TOKEN>"

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
