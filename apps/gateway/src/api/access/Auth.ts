/**
 * Who may call.
 */
import { Authorization, Unauthorized } from "@tocsin/client"
import { Effect, Layer, Option, Redacted } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash, timingSafeEqual } from "node:crypto"
import { problem } from "../../server/problem.ts"
import { Settings } from "../../startup/Settings.ts"
import { makeSlowdown } from "./authThrottle.ts"
import { checkLoopback } from "./loopback.ts"

/** Checks the token; without one in the settings, that the caller is this machine. */
export const layer = Layer.effect(
  Authorization,
  Effect.gen(function* () {
    const { token } = yield* Settings
    const wanted = Option.map(token, (token) => digest(Redacted.value(token)))
    const slowDown = yield* makeSlowdown

    /** Fails when the caller may not; gives an answer instead when it may not even ask. */
    const check = Effect.fnUntraced(function* (given: Redacted.Redacted) {
      const request = yield* HttpServerRequest.HttpServerRequest
      if (Option.isNone(wanted)) {
        yield* checkLoopback(request)
        return Option.none()
      }
      if (timingSafeEqual(wanted.value, digest(Redacted.value(given)))) return Option.none()
      // Who shows nothing guesses nothing; and of a request's two schemes at least one shows nothing.
      const wait = Redacted.value(given) === "" ? Option.none() : yield* slowDown(request.remoteAddress)
      if (Option.isSome(wait)) return Option.some(tooMany(wait.value))
      return yield* new Unauthorized({ detail: "Send Authorization: Bearer <TOCSIN_TOKEN>" })
    })
    const allow = <E, R>(
      effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
      given: Redacted.Redacted
    ) => Effect.flatMap(check(given), Option.match({ onNone: () => effect, onSome: Effect.succeed }))

    return Authorization.of({
      bearer: (effect, { credential }) => allow(effect, credential),
      basic: (effect, { credential }) => allow(effect, credential.password),
      session: (effect) => allow(effect, Redacted.make(""))
    })
  })
)

/** An answer and no failure, because a failure makes the next scheme be tried, whose own failure would hide it. */
const tooMany = (seconds: number): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setHeader(
    problem(429, "Too many wrong tokens", `Your address sent too many wrong tokens: wait ${seconds} s`),
    "retry-after",
    String(seconds)
  )

/** Equal lengths for the comparison in constant time. */
const digest = (text: string) => createHash("sha256").update(text).digest()
