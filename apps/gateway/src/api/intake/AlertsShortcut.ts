import { Shortcuts } from "@tocsin/delivery"
import { Effect, Exit, Layer } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { asCaller, suffices } from "../access/Caller.ts"
import { makeKnownCaller } from "../access/knownCaller.ts"
import { keepFailure, makeReceiveAlerts } from "./receiveAlerts.ts"

/**
 * Answers `POST /v1/alerts` without the layers of HttpApi, which take a third of the time of a request, if the caller
 * is known and the alerts are accepted. The route of HttpApi answers every other request, and this one's failures.
 */
export const AlertsShortcutLayer = Layer.unwrap(
  Effect.map(Shortcuts, (takesShortcuts) => (takesShortcuts ? shortcut : Layer.empty))
)

const shortcut = HttpRouter.middleware(
  Effect.gen(function* () {
    const callerOf = yield* makeKnownCaller
    const receive = yield* makeReceiveAlerts

    /** Receives the alerts of the usual caller; undefined for every other caller. */
    const receiveIfKnown = (request: HttpServerRequest.HttpServerRequest) =>
      Effect.flatMap(callerOf(request), (caller) =>
        caller === undefined || !suffices(caller.scopes, "ingest")
          ? Effect.undefined
          : asCaller(caller, request)(receive(request))
      )

    return (effect) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
        request.method !== "POST" || request.url !== "/v1/alerts"
          ? effect
          : // Only routes are interruptible, and a sender that disconnects ends its request.
            Effect.flatMap(Effect.exit(Effect.interruptible(receiveIfKnown(request))), (exit) => {
              if (Exit.isFailure(exit)) keepFailure(request, exit.cause)
              return Exit.isFailure(exit) || exit.value === undefined ? effect : Effect.succeed(accepted(exit.value))
            })
      )
  }),
  { global: true }
)

const accepted = (body: object) =>
  HttpServerResponse.text(JSON.stringify(body), { status: 202, contentType: "application/json" })
