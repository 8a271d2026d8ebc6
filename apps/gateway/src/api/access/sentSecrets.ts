import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Redacted, Result } from "effect"
import { Base64 } from "effect/encoding"
import type { HttpServerRequest } from "effect/http"
import { urlTokenOf } from "../../server/urlTokens.ts"

/** The credentials that a request was sent with, to redact them in what is kept of it. */
export const sentSecrets = (request: HttpServerRequest.HttpServerRequest): ReadonlyArray<Redacted.Redacted> => {
  const [, scheme = "", given = ""] = /^(\S+)\s+(.+)$/.exec(request.headers["authorization"] ?? "") ?? []
  const isBasic = scheme.toLowerCase() === "basic"
  const secret = isBasic ? Result.getOrElse(Base64.decodeString(given), () => "").replace(/^[^:]*:/, "") : given
  return [Redacted.make(secret), urlTokenOf(NodeHttpServerRequest.toIncomingMessage(request))]
}
