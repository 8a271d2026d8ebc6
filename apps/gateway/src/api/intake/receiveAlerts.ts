import { fromPostedAlert, InboundLimits, type PostedAlert } from "@tocsin/core"
import { Intake, invalid, Sources } from "@tocsin/delivery"
import { type Cause, Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { checkMayPost } from "../access/Caller.ts"
import { decodeAlerts } from "../body/decodeAlerts.ts"
import { readBody } from "../body/readBody.ts"
import { readJson } from "../body/readJson.ts"
import { toInvalidRequest } from "../body/toInvalidRequest.ts"

const json = { maxValues: InboundLimits.maxValues, repeated: "refuse", number: Number } as const

/** Makes the function that reads the alerts in a request of an authenticated caller, and accepts them. */
export const makeReceiveAlerts = Effect.gen(function* () {
  const intake = yield* Intake
  const sources = yield* Sources

  /** Refuses alerts in the name of a configured source, whose own route has its credential. */
  const checkUnconfigured = Effect.fnUntraced(function* (posted: ReadonlyArray<PostedAlert>) {
    const configured = yield* sources.current
    if (configured.size === 0) return
    const at = posted.findIndex(({ source }) => configured.has(source.toLowerCase()))
    const name = posted[at]?.source.toLowerCase()
    if (name === undefined) return
    return yield* toInvalidRequest(
      invalid(
        posted.length === 1 ? "/source" : `/${at}/source`,
        "a name that belongs to no configured source",
        `The source ${name} is configured. Post to /v1/sources/${name}, in its format`
      )
    )
  })

  return Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
    const body = yield* readJson(yield* readBody(request), json)
    const posted = yield* decodeAlerts(body)
    yield* checkUnconfigured(posted)
    for (const source of new Set(posted.map(({ source }) => source))) yield* checkMayPost(source)
    return { items: yield* intake.accept(posted.map(fromPostedAlert)) }
  })
})

type Failure = Effect.Error<ReturnType<Effect.Success<typeof makeReceiveAlerts>>>

/** Why requests that were received already failed, for the handler that answers them. */
const failures = new WeakMap<object, Effect.Effect<never, Failure>>()

/** Keeps why receiving a request failed: its body can be read only once. */
export const keepFailure = (request: HttpServerRequest.HttpServerRequest, cause: Cause.Cause<Failure>): void =>
  void failures.set(NodeHttpServerRequest.toIncomingMessage(request), Effect.failCause(cause))

/** The failure of receiving a request, if it was received before. */
export const failureOf = (request: HttpServerRequest.HttpServerRequest) =>
  failures.get(NodeHttpServerRequest.toIncomingMessage(request))
