/**
 * Who may call.
 */
import { Authorization, Unauthorized } from "@tocsin/client"
import { Effect, Layer, Option, Redacted } from "effect"
import { HttpServerRequest, type HttpServerResponse } from "effect/http"
import { createHash, timingSafeEqual } from "node:crypto"
import { Settings } from "./Settings.ts"

/**
 * Checks the token. Without one in the settings the gateway listens on loopback
 * only, and a request must name a loopback host: a web page of another site, or
 * one that made its own name point here, is refused.
 */
export const layer = Layer.effect(
  Authorization,
  Effect.gen(function* () {
    const { token } = yield* Settings
    const wanted = Option.map(token, (token) => digest(Redacted.value(token)))

    const check = Effect.fnUntraced(function* (given: Redacted.Redacted) {
      if (Option.isSome(wanted)) {
        if (timingSafeEqual(wanted.value, digest(Redacted.value(given)))) return
        return yield* new Unauthorized({ detail: "Send Authorization: Bearer <TOCSIN_TOKEN>" })
      }
      const request = yield* HttpServerRequest.HttpServerRequest
      const { host = "", origin = "http://localhost" } = request.headers
      if (isLoopback(`http://${host}`) && isLoopback(origin)) return
      return yield* new Unauthorized({
        detail: "Without TOCSIN_TOKEN the gateway answers only to localhost, 127.0.0.1 and [::1]"
      })
    })
    const allow = <E, R>(
      effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
      given: Redacted.Redacted
    ) => Effect.andThen(check(given), effect)

    return Authorization.of({
      bearer: (effect, { credential }) => allow(effect, credential),
      basic: (effect, { credential }) => allow(effect, credential.password)
    })
  })
)

/** Equal lengths for the comparison in constant time. */
const digest = (text: string) => createHash("sha256").update(text).digest()

const isLoopback = (origin: string): boolean =>
  URL.canParse(origin) && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(new URL(origin).hostname)
