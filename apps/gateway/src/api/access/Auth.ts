/**
 * Who may call.
 */
import { Authorization, Unauthorized } from "@tocsin/client"
import { Effect, Layer, Option, Redacted } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { createHash, timingSafeEqual } from "node:crypto"
import { problem } from "../../server/problem.ts"
import { Settings } from "../../startup/Settings.ts"
import { cameThroughProxy } from "./TrustedProxies.ts"
import { makeSlowdown } from "./authThrottle.ts"

/**
 * Checks the token. Without one in the settings the gateway listens on loopback
 * only, and a request must name a loopback host: a web page of another site, or
 * one that made its own name point here, is refused. So is what a reverse proxy
 * passes on, wherever from: with a proxy in front, other machines call.
 */
export const layer = Layer.effect(
  Authorization,
  Effect.gen(function* () {
    const { token } = yield* Settings
    const wanted = Option.map(token, (token) => digest(Redacted.value(token)))
    const slowDown = yield* makeSlowdown

    /** Fails when the caller may not; gives an answer instead when it may not even ask. */
    const check = Effect.fnUntraced(function* (given: Redacted.Redacted) {
      const request = yield* HttpServerRequest.HttpServerRequest
      if (Option.isNone(wanted)) return yield* checkLoopback(request)
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
      session: () => Effect.fail(new Unauthorized({ detail: "Send Authorization: Bearer <TOCSIN_TOKEN>" }))
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

const checkLoopback = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const { headers } = request
  if (cameThroughProxy(headers)) {
    return yield* new Unauthorized({
      detail: "Without TOCSIN_TOKEN the gateway answers no request that came through a proxy: set TOCSIN_TOKEN"
    })
  }
  const { origin = "http://localhost" } = headers
  // A target in absolute form names a host of its own, which then stands in `headers` too (RFC 9112, 3.2.2).
  const {
    headers: { host = "" },
    url = ""
  } = NodeHttpServerRequest.toIncomingMessage(request)
  const target = url.startsWith("/") ? [] : [/^[^/?#]*\/\/[^/?#]*/.exec(url)?.[0] ?? ""]
  if ([`http://${host}`, origin, ...target].every(isLoopback)) return Option.none()
  return yield* new Unauthorized({
    detail: "Without TOCSIN_TOKEN the gateway answers only to localhost, 127.0.0.1 and [::1]"
  })
})

/** Equal lengths for the comparison in constant time. */
const digest = (text: string) => createHash("sha256").update(text).digest()

/** Compared as it was sent: a URL's parser would find a host in `x@localhost` and `localhost/evil.com` too. */
const isLoopback = (origin: string): boolean =>
  /^https?:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i.test(origin)
