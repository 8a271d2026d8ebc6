/**
 * The API's page, the OpenAPI document and the schema of webhooks: large, without a token, and constant while the
 * gateway runs.
 */
import { Effect, Semaphore } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash } from "node:crypto"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { docsPath, openapiPath, webhookSchemaPath } from "../allowedMethods.ts"

interface Page {
  readonly contentType: string
  readonly etag: string
  readonly bytes: Uint8Array
  readonly gzip: Uint8Array
}

const paths = new Set<string>([docsPath, openapiPath, webhookSchemaPath])

/** Encodes and compresses each page once, and then serves it from one buffer, with an ETag. */
export const PrecompressedPagesLayer = HttpRouter.middleware(
  Effect.gen(function* () {
    const pages = new Map<string, Page>()
    // While a page is being compressed, its other callers wait.
    const oneAtATime = yield* Semaphore.make(1)

    return (effect) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const [path = ""] = request.url.split("?")
        if (!paths.has(path) || (request.method !== "GET" && request.method !== "HEAD")) return yield* effect
        const known = pages.get(path)
        if (known !== undefined) return answer(known, request)
        return yield* oneAtATime.withPermits(1)(
          Effect.gen(function* () {
            const known = pages.get(path)
            if (known !== undefined) return answer(known, request)
            const response = yield* effect
            const page = yield* compressed(response)
            if (page === undefined) return response
            pages.set(path, page)
            return answer(page, request)
          })
        )
      })
  }),
  { global: true }
)

const compressed = Effect.fnUntraced(function* ({ body, headers, status }: HttpServerResponse.HttpServerResponse) {
  const content = body._tag === "Uint8Array" || body._tag === "Raw" ? body.body : undefined
  if (status !== 200 || !(typeof content === "string" || content instanceof Uint8Array)) return undefined
  const bytes = Buffer.from(content)
  return {
    contentType: headers["content-type"] ?? "application/octet-stream",
    etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
    bytes,
    gzip: yield* Effect.promise(() => promisify(gzip)(bytes))
  }
})

const answer = (
  { bytes, contentType, etag, gzip }: Page,
  { headers }: HttpServerRequest.HttpServerRequest
): HttpServerResponse.HttpServerResponse => {
  const shared = { etag, "cache-control": "no-cache", vary: "accept-encoding" }
  // A proxy that compresses makes ETags weak.
  const known = (headers["if-none-match"] ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""))
  if (known.includes(etag)) return HttpServerResponse.empty({ status: 304, headers: shared })
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(headers["accept-encoding"] ?? "")
  return HttpServerResponse.uint8Array(takesGzip ? gzip : bytes, {
    contentType,
    headers: { ...shared, ...(takesGzip && { "content-encoding": "gzip" }) }
  })
}
