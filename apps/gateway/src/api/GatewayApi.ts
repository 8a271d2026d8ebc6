/**
 * The API as the gateway implements it: a handler may fail with the engine's `StoreUnavailable`, and the caller gets a
 * problem document.
 */
import { Api, StoreUnavailable as StoreUnavailableProblem } from "@tocsin/client"
import { StoreUnavailable } from "@tocsin/delivery"
import { Effect, Layer } from "effect"
import { HttpApiMiddleware } from "effect/http-api"

/** Answers with a problem document when the store cannot be used. */
export class StoreErrors extends HttpApiMiddleware.Service<StoreErrors>()("@tocsin/gateway/StoreErrors", {
  error: [StoreUnavailable, StoreUnavailableProblem]
}) {}

/** The API whose handlers may fail with the engine's `StoreUnavailable`. */
export const GatewayApi = Api.middleware(StoreErrors)

/**
 * Maps the engine's error to a problem document: it describes the store's problem, and asks to send the request again.
 */
export const StoreErrorsLayer = Layer.succeed(StoreErrors, (handler) =>
  Effect.mapError(handler, (error) =>
    error instanceof StoreUnavailable
      ? new StoreUnavailableProblem({
          problem: error.problem,
          detail: `${error.detail} Nothing was stored: send the request again.`
        })
      : error
  )
)
