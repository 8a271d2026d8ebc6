/**
 * A service that receives HTTP requests, without a network.
 */
import { Effect, Layer, Redacted } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"
import { Connector } from "../Connector.ts"
import type { Options } from "./options.ts"
import type { Answer, Service } from "./service.ts"

type Execute = HttpClient.HttpClient["execute"]

/** The answers of an HTTP service. */
export interface HttpService extends Service {
  /** It answers every request with this response. */
  readonly responds: (response: () => Response) => Answer
  /** It answers each request with the response for its number, from 0. */
  readonly respondsInTurn: (response: (n: number) => Response) => Answer
  /** The connection breaks, with an error that contains the URL, as real clients report it. */
  readonly disconnects: Answer
  /** This function answers each request. */
  readonly through: (execute: Execute) => Answer
}

/** Makes the service that the options of a test describe. */
export const make = ({
  accepted,
  idempotent = ({ method }) => ["PUT", "GET", "DELETE"].includes(method),
  postsNothing = ({ method }) => ["GET", "HEAD"].includes(method),
  read,
  refused = [],
  timed = [],
  validate = () => []
}: Pick<
  Options<never>,
  "accepted" | "idempotent" | "postsNothing" | "read" | "refused" | "timed" | "validate"
>): HttpService => {
  const through =
    (execute: Execute): Answer =>
    (record) => {
      const client = HttpClient.make((request) =>
        Effect.suspend(() => {
          let isOpen = true
          record({
            origin: new URL(request.url).origin,
            wire: () => wire(request, timed),
            problems: () => validate(request),
            shows: () => read?.(request) ?? { blocks: [] },
            isIdempotent: () => idempotent(request),
            postsNothing: () => postsNothing(request),
            isOpen: () => isOpen
          })
          // Yields, because no service answers at once and other fibers run meanwhile.
          return Effect.ensuring(
            Effect.andThen(Effect.yieldNow, execute(request)),
            Effect.sync(() => {
              isOpen = false
            })
          )
        })
      )
      return Layer.merge(
        Layer.succeed(HttpClient.HttpClient, client),
        Layer.succeed(Connector, {
          connect: () =>
            Effect.die(new Error("The plugin opened a connection, but the test answers HTTP requests only"))
        })
      )
    }
  const responds = (response: () => Response) =>
    through((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, response())))
  const respondsInTurn = (response: (n: number) => Response) => {
    let n = 0
    return through((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, response(n++))))
  }
  const disconnect: Execute = (request) =>
    Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.TransportError({ request, cause: new Error(`connect ECONNREFUSED ${request.url}`) })
      })
    )
  const disconnects = through(disconnect)
  return {
    through,
    responds,
    respondsInTurn,
    disconnects,
    isRead: read !== undefined,
    accepts: responds(accepted),
    fails: (text) => [
      disconnects,
      ...[400, 401, 403, 404, 408, 429, 500, 502, 503].map((status) =>
        responds(() => new Response(text, { status, headers: { "retry-after": "1" } }))
      )
    ],
    otherwise: (text) => [responds(() => new Response(text)), ...refused.map(([answer]) => responds(answer))],
    isAway: disconnects,
    hangs: [
      (wait) => through((request) => Effect.andThen(wait, disconnect(request))),
      (wait) =>
        through(
          Effect.fnUntraced(function* (request) {
            const { readable, writable } = new TransformStream()
            yield* Effect.forkDetach(
              Effect.andThen(
                wait,
                Effect.promise(() => writable.close())
              )
            )
            return HttpClientResponse.fromWeb(request, new Response(readable))
          })
        )
    ]
  }
}

/** A request as its service sees it. */
const wire = (request: HttpClientRequest.HttpClientRequest, timed: ReadonlyArray<string>): string => {
  const { body, headers, method } = request
  // As entries, because `Headers` prints its secrets as redacted.
  const own = Object.entries(headers).filter(([name]) => !traces.test(name) && !timed.includes(name))
  return JSON.stringify([method, urlOf(request), own, bodyText(body)])
}

/** Effect's client adds these while a trace is active; they differ each time. */
const traces = /^(traceparent|tracestate|b3)$/i

const urlOf = (request: HttpClientRequest.HttpClientRequest): string => {
  const url = new URL(request.url)
  for (const [key, value] of request.urlParams)
    url.searchParams.append(key, Redacted.isRedacted(value) ? String(Redacted.value(value)) : value)
  return url.href
}

const bodyText = (body: HttpClientRequest.HttpClientRequest["body"]): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : body._tag
