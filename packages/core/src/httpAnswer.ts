/**
 * Reads answers of HTTP services, and the failures of requests that have none.
 */
import { Context, DateTime, Effect, Option, Redacted, Stream } from "effect"
import type { Headers, HttpClientError, HttpClientResponse } from "effect/http"
import {
  answerUnreadableCode,
  DeliveryError,
  egressRefusedCode,
  Misconfigured,
  notSentCode,
  type RateLimitHint,
  Unavailable
} from "./DeliveryError.ts"
import { redactText } from "./settings/redactText.ts"

const maxAnswerBytes = 65_536

/**
 * Counts the requests of an attempt, each of which counts against the rate limits. `exchange` counts; whoever calls
 * `deliver` provides the counter, and reads it afterwards.
 */
export const RequestCounter = Context.Reference<{ made: number }>("@tocsin/core/HttpChannel/RequestCounter", {
  defaultValue: () => ({ made: 0 })
})

/**
 * Whether an attempt may still be sent. Egress asks right before it writes a request, because connecting takes time in
 * which the gateway may have lost the lane; whoever calls `deliver` provides it.
 */
export const MaySend = Context.Reference<() => boolean>("@tocsin/core/HttpChannel/MaySend", {
  defaultValue: () => () => true
})

/** Redacts the credential of a request, which may be a token that an earlier request fetched. */
export const redactToken = (text: string, authorization: string | undefined): string => {
  const token = authorization?.slice(authorization.indexOf(" ") + 1) ?? ""
  return token.length >= 8 && text.includes(token) ? redactText(text, Redacted.make(token)) : text
}

/** The part of an answer's text that arrived, and why the rest could not be read. */
export interface Body {
  readonly text: string
  readonly unreadable?: string
}

/** Reads at most 64 KiB of an answer as text. It is asked for more once, because only then it says that it broke off. */
export const readBody = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<Body> =>
  // Most answers declare a short length; reading those at once is much faster than a stream.
  Number(response.headers["content-length"]) <= maxAnswerBytes
    ? Effect.match(response.text, {
        onFailure: (error) => ({ text: "", ...unreadable(error) }),
        onSuccess: (text) => ({ text })
      })
    : readStart(response)

const readStart = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<Body> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let bytes = 0
    return response.stream.pipe(
      Stream.takeUntil((chunk) => {
        const isFull = bytes >= maxAnswerBytes
        chunks.push(chunk)
        bytes += chunk.length
        return isFull
      }),
      Stream.runDrain,
      Effect.match({ onFailure: unreadable, onSuccess: () => ({}) }),
      Effect.map((end) => {
        const whole = new Uint8Array(bytes)
        let at = 0
        for (const chunk of chunks) {
          whole.set(chunk, at)
          at += chunk.length
        }
        return { text: new TextDecoder().decode(whole.subarray(0, maxAnswerBytes)), ...end }
      })
    )
  })

/** Why an answer could not be read. Only the errors of egress are quoted, because others may contain the URL. */
const unreadable = ({ reason }: HttpClientError.HttpClientError): Pick<Body, "unreadable"> => {
  if (reason._tag === "EmptyBodyError") return {}
  const { cause } = reason
  const code = errorCode(cause)
  return {
    unreadable: cause instanceof Error && code === answerUnreadableCode ? cause.message : (code ?? "It broke off")
  }
}

/** Why a request has no answer. */
export const unavailable = ({ reason }: HttpClientError.HttpClientError): DeliveryError => {
  if (reason._tag === "InvalidUrlError" || reason._tag === "EncodeError") {
    return new DeliveryError({ reason: new Misconfigured({ detail: "The request could not be made" }) })
  }
  const { cause } = reason
  const code = errorCode(cause)
  if (cause instanceof Error && code === egressRefusedCode) {
    return new DeliveryError({ reason: new Misconfigured({ detail: cause.message }) })
  }
  if (cause instanceof Error && code === notSentCode) {
    return new DeliveryError({ reason: new Unavailable({ detail: cause.message }) })
  }
  // The client may have sent the request, so the service may have accepted it.
  return new DeliveryError({ reason: new Unavailable({ detail: brokenBecause(code), unanswered: true }) })
}

/** Operators know the codes of their system, such as ECONNRESET; those of the client's parts mean nothing without a sentence. */
const brokenBecause = (code: string | undefined): string =>
  code === undefined || /^(UND_|ERR_)/.test(code)
    ? `The connection broke${code === undefined ? "" : ` (${code})`}`
    : code

const errorCode = (cause: unknown): string | undefined =>
  typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined

/**
 * Reads the state of the rate limit with this key from the headers `X-RateLimit-Remaining` and
 * `X-RateLimit-Reset-After` (seconds) or `X-RateLimit-Reset` (epoch seconds), for a receipt's `rateLimits`; `now` is in
 * epoch milliseconds. Empty if they are absent or in another form.
 */
export const rateLimitHints = (headers: Headers.Headers, key: string, now: number): ReadonlyArray<RateLimitHint> => {
  const remaining = numberIn(headers["x-ratelimit-remaining"])
  const after = numberIn(headers["x-ratelimit-reset-after"])
  const reset = numberIn(headers["x-ratelimit-reset"])
  const resetAt = after === undefined ? reset && reset * 1000 : now + after * 1000
  if (remaining === undefined || resetAt === undefined) return []
  return Option.match(DateTime.make(Math.ceil(resetAt)), {
    onNone: () => [],
    onSome: (resetAt) => [{ key, remaining: Math.floor(remaining), resetAt: DateTime.toUtc(resetAt) }]
  })
}

const numberIn = (header: string | undefined): number | undefined =>
  header !== undefined && /^\d{1,12}(\.\d+)?$/.test(header) ? Number(header) : undefined
