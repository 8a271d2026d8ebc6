import { Effect } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { problem } from "../../server/problem.ts"

/**
 * Refuses a request without a Host, or with two (RFC 9112, 3.2): Node uses the first one, and a proxy in front may have
 * used the last.
 */
export const HostHeaderLayer = HttpRouter.middleware(
  Effect.succeed((effect) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const { httpVersion, rawHeaders } = NodeHttpServerRequest.toIncomingMessage(request)
      const hosts = rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === "host").length
      return hosts === 1 || (hosts === 0 && httpVersion === "1.0")
        ? effect
        : Effect.succeed(problem(400, "Bad Request", "A request names one Host"))
    })
  ),
  { global: true }
)
