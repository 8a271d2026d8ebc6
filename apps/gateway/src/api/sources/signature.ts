/**
 * Checks the signatures of requests.
 */
import { Unauthorized } from "@tocsin/client"
import type { ConfiguredSource } from "@tocsin/delivery"
import { Clock, Effect, Redacted } from "effect"
import type { HttpServerRequest } from "effect/http"
import { createHmac, timingSafeEqual } from "node:crypto"
import { type Access, tooManyAttempts } from "../access/Auth.ts"

/** How old a signed request may be, in seconds. */
const longestDelay = 300

/** Checks the signature of a body, which covers the time if the source sends one. */
export const checkSignature = Effect.fnUntraced(function* (
  { options: { signature }, secrets: { hmac } }: ConfiguredSource,
  { headers }: HttpServerRequest.HttpServerRequest,
  body: Buffer,
  access: Access["Service"]
) {
  if (signature === undefined || hmac === undefined) return yield* new Unauthorized({ detail: sendCredential })
  const { header, timestampHeader } = signature
  const given = headers[header.toLowerCase()] ?? ""
  const stated = timestampHeader === undefined ? undefined : (headers[timestampHeader.toLowerCase()] ?? "")
  const signed = createHmac("sha256", hmac)
  if (stated !== undefined) signed.update(`${stated}:`)
  const wanted = Buffer.from(signed.update(body).digest("hex"))
  const shown = Buffer.from(given.toLowerCase())
  if (shown.length !== wanted.length || !timingSafeEqual(shown, wanted)) {
    const verdict = yield* access.refuse(Redacted.make(given))
    if (verdict._tag === "Wait") return yield* tooManyAttempts(verdict.seconds)
    return yield* new Unauthorized({
      detail: given === "" ? `Sign the body in the header ${header}` : "The signature is wrong: compare the secrets"
    })
  }
  const now = (yield* Clock.currentTimeMillis) / 1000
  if (stated !== undefined && !(Math.abs(now - Number(stated)) <= longestDelay)) {
    return yield* new Unauthorized({ detail: `The time in ${timestampHeader} is more than ${longestDelay} s off` })
  }
})

/** What to do about a request without a valid credential. */
export const sendCredential = "Send the credential of the source, TOCSIN_TOKEN or an API key"
