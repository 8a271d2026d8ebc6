/**
 * The typed client, in a separate bundle: the page renders while it is loading.
 */
import { Api } from "@tocsin/client"
import { Cause, DateTime, Effect, Exit, Layer } from "effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import { setFromDate } from "./clock.ts"
import { toFailure } from "./failure.ts"
import { fetchOnce } from "./handover.ts"

const make = HttpApiClient.make(Api, {
  baseUrl: location.origin,
  transformClient: (client) =>
    client.pipe(
      HttpClient.mapRequest((request) => {
        // What this page has not been told of yet need not be in the answer: consoles share answers during a storm.
        if (request.method === "GET") return HttpClientRequest.setHeader(request, "cache-control", "max-age=1")
        // With a session the gateway accepts only JSON, even for an empty body.
        if (request.headers["content-type"] !== undefined) return request
        return HttpClientRequest.setHeader(request, "content-type", "application/json")
      }),
      HttpClient.tap(({ headers }) => Effect.sync(() => setFromDate(headers["date"])))
    )
}).pipe(Effect.provide(FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetchOnce)))))

export type Client = Effect.Success<typeof make>

const client = Effect.runPromise(make)

/** Converts a time for the client. */
export const timeOf = (epochMilliseconds: number): DateTime.Utc => DateTime.makeUnsafe(epochMilliseconds)

export type TimeOf = typeof timeOf

/** Runs one request; a failure rejects with a `Failure`. */
export const run = async <A>(
  request: (client: Client, timeOf: TimeOf) => Effect.Effect<A, unknown>,
  signal?: AbortSignal
): Promise<A> => {
  const exit = await Effect.runPromiseExit(request(await client, timeOf), { ...(signal && { signal }) })
  if (Exit.isSuccess(exit)) return exit.value
  signal?.throwIfAborted()
  throw toFailure(Cause.squash(exit.cause))
}
