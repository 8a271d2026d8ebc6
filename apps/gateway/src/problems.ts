import { RequestErrors, StoreUnavailable as StoreUnavailableProblem } from "@tocsin/client"
import { fromIssue, type StoreUnavailable } from "@tocsin/delivery"
import { InboundLimits } from "@tocsin/core"
import { ByteSize, Cause, Effect } from "effect"
import {
  Headers,
  HttpIncomingMessage,
  HttpRouter,
  HttpServerError,
  HttpServerRequest,
  HttpServerResponse,
  ProblemDetails
} from "effect/http"
import { HttpApiMiddleware } from "effect/http-api"
import { toInvalidRequest } from "./body.ts"
import { allowedMethods } from "./knownRoutes.ts"

/** What does not decode is answered with where and what was expected; only bodies have JSON Pointers. */
export const RequestErrorsLayer = HttpApiMiddleware.layerSchemaErrorTransform(RequestErrors, (error) =>
  error.kind === "Body" || error.kind === "ResponseHeaders"
    ? Effect.die(error)
    : Effect.fail(
        toInvalidRequest(fromIssue(error.cause.issue, error.kind === "Payload" ? "" : `${error.kind.toLowerCase()}:`))
      )
)

/** The store could not be reached: nothing was taken. */
export const storeProblem = ({ detail }: StoreUnavailable): StoreUnavailableProblem =>
  new StoreUnavailableProblem({ detail: `${detail}; send it again` })

/**
 * Bodies are JSON, whatever a sender calls them (`curl -d` says that it sends a
 * form), and not longer than the limit.
 */
export const JsonBodiesLayer = HttpRouter.middleware(
  Effect.succeed((effect) =>
    effect.pipe(
      Effect.updateService(HttpServerRequest.HttpServerRequest, (request) =>
        request.modify({ headers: Headers.set(request.headers, "content-type", "application/json") })
      ),
      Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(InboundLimits.maxBodyBytes))
    )
  ),
  { global: true }
)

/**
 * Makes every answer that is an error a problem document, adds what clients need
 * to go on, and keeps stack traces in the log.
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
        if (isTooLarge(error))
          return Effect.succeed(problem(413, `The body is longer than ${InboundLimits.maxBodyBytes} bytes`))
        if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause)
        return Effect.as(Effect.logError("A request failed", cause), problem(500, "The gateway failed"))
      }),
      Effect.map((response) => {
        if (response.status === 503) return HttpServerResponse.setHeader(response, "retry-after", "5")
        if (response.status === 401) return HttpServerResponse.setHeader(response, "www-authenticate", challenge)
        return response
      })
    )
  ),
  { global: true }
)

/** The schemes by which a caller may show the token. */
const challenge = 'Bearer realm="tocsin", Basic realm="tocsin", charset="UTF-8"'

/** Whether a body could not be read because it is longer than the limit. */
const isTooLarge = (error: unknown): boolean =>
  HttpServerError.isHttpServerError(error) &&
  error.reason._tag === "RequestParseError" &&
  error.reason.reason === "BodyTooLarge"

/** A problem document of no type of its own. */
export const problem = (status: number, title: string, detail?: string): HttpServerResponse.HttpServerResponse =>
  ProblemDetails.toResponse({ type: ProblemDetails.blankType, status, title, ...(detail !== undefined && { detail }) })
