/**
 * Checks that a request was made by the gateway's own pages, because browsers send the cookie with requests of any page
 * of the same site.
 */
import { Forbidden } from "@tocsin/client"
import { Effect, Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"

/**
 * Refuses a request that changes something unless it is JSON and comes from a page of the gateway's own origin.
 * Browsers state the latter in `Sec-Fetch-Site`, or over plain http to another machine only in `Origin`.
 */
export const checkOwnPage = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<void, Forbidden> => {
  if (request.method === "GET" || request.method === "HEAD") return Effect.void
  // The header as it was sent: routes read every body as JSON, whatever its content type.
  const type = NodeHttpServerRequest.toIncomingMessage(request).headers["content-type"] ?? ""
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    return new Forbidden({ detail: "With a session, send content-type: application/json, also without a body" })
  }
  return isOwnPage(request)
    ? Effect.void
    : new Forbidden({ detail: "With a session, only the gateway's own pages may change something: send Origin" })
}

/** Refuses a request from a page of another origin. */
export const checkNoOtherPage = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<void, Forbidden> =>
  !("sec-fetch-site" in request.headers || "origin" in request.headers) || isOwnPage(request)
    ? Effect.void
    : new Forbidden({ detail: "Only the gateway's own pages may sign in or out" })

const isOwnPage = ({ headers }: HttpServerRequest.HttpServerRequest): boolean => {
  const site = headers["sec-fetch-site"]
  if (site !== undefined) return site === "same-origin"
  const origin = Option.liftThrowable(() => new URL(headers["origin"] ?? ""))()
  // The scheme is not compared, because a proxy that terminates TLS may not state it.
  return Option.isSome(origin) && origin.value.host !== "" && origin.value.host === headers["host"]?.toLowerCase()
}
