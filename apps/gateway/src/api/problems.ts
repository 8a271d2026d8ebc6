import { Authorization, InvalidRequest, NotFound, RequestErrors, TooLarge, UnsupportedMediaType } from "@tocsin/client"
import { InboundLimits } from "@tocsin/core"
import { fromIssue, invalid } from "@tocsin/delivery"
import { Cause, Effect, Layer, Schema } from "effect"
import { Headers, HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiError } from "effect/http-api"
import { readBody } from "./body/readBody.ts"
import { readJson } from "./body/readJson.ts"
import { toInvalidRequest } from "./body/toInvalidRequest.ts"
import { allowedMethods } from "./allowedMethods.ts"
import { problem } from "../server/problem.ts"

/**
 * Reads requests for handlers that do not read them themselves, within the limits, and reports the position and the
 * expected value of errors; only bodies have JSON Pointers.
 */
export const RequestErrorsLayer = Layer.succeed(RequestErrors, (handler, { endpoint }) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    if (request.url.includes("%00")) return yield* toInvalidRequest(invalid("", "a URL without %00"))
    // Routes without authentication accept small bodies only.
    const max = endpoint.middlewares.has(Authorization) ? InboundLimits.maxBodyBytes : InboundLimits.maxOpenBodyBytes
    return yield* Effect.provideService(handler, HttpServerRequest.HttpServerRequest, withCheckedText(request, max))
  }).pipe(
    Effect.catch((error) =>
      !HttpApiError.HttpApiSchemaError.is(error)
        ? Effect.fail(error)
        : error.kind === "Body" || error.kind === "ResponseHeaders"
          ? Effect.die(error)
          : Effect.fail(
              toInvalidRequest(
                fromIssue(error.cause.issue, error.kind === "Payload" ? "" : `${error.kind.toLowerCase()}:`)
              )
            )
    ),
    Effect.catchDefect((defect) => (isUnreadable(defect) ? Effect.fail(defect) : Effect.die(defect)))
  )
)

/**
 * The request as the API's routes read it: a body is JSON, whatever its content type (`curl -d` declares a form), and
 * `text` fails if it may not be parsed. That failure is a defect, like all errors of `text`.
 */
const withCheckedText = (
  request: HttpServerRequest.HttpServerRequest,
  max: number
): HttpServerRequest.HttpServerRequest => {
  const text = readBody(request, { max }).pipe(
    Effect.flatMap((body) =>
      body.text === ""
        ? Effect.succeed("")
        : Effect.map(readJson(body, json), ({ isCorrected, value }) =>
            isCorrected ? JSON.stringify(value) : body.text
          )
    ),
    Effect.orDie
  )
  const { "content-type": type = "" } = request.headers
  const headers = Headers.set(request.headers, "content-type", type.replace(/^[^;]*/, "application/json"))
  return new Proxy(request, {
    get: (target, name) => (name === "text" ? text : name === "headers" ? headers : Reflect.get(target, name, target))
  })
}

const json = { maxValues: InboundLimits.maxConfigValues, repeated: "refuse", number: Number } as const

const isUnreadable = Schema.is(Schema.Union([InvalidRequest, TooLarge, UnsupportedMediaType]))

/** The problem that the list at `path` has nothing with this id. */
export const notFound = (what: string, path: string): NotFound =>
  new NotFound({ detail: `There is no ${what} of this id: GET ${path} lists them` })

/**
 * Converts every error to a problem document, adds the headers that clients need, and keeps stack traces in the log.
 */
export const ProblemsLayer = HttpRouter.middleware(
  Effect.succeed((effect) =>
    effect.pipe(
      Effect.catchCause((cause) => {
        const error = Cause.squash(cause)
        if (HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound") {
          const allow = allowedMethods(error.request.url).join(", ")
          return Effect.succeed(
            allow === ""
              ? problem(404, "There is no such route")
              : HttpServerResponse.setHeader(
                  problem(405, "The route has no such method", `It has ${allow}`),
                  "allow",
                  allow
                )
          )
        }
        if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
        return Effect.as(Effect.logError("A request failed", cause), problem(500, "The gateway failed"))
      }),
      Effect.map((response) => {
        if (response.status === 503 && !("retry-after" in response.headers))
          return HttpServerResponse.setHeader(response, "retry-after", "5")
        if (response.status === 401) return HttpServerResponse.setHeader(response, "www-authenticate", challenge)
        return response
      })
    )
  ),
  { global: true }
)

/** The authentication schemes. */
const challenge = 'Bearer realm="tocsin", Basic realm="tocsin", charset="UTF-8"'
