import { Clock, Effect } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import type { Answering } from "./FakeService.ts"

/** An HTTP client without a network: every request goes to the fake, at the clock's time. */
export const client = (fake: Answering): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    Effect.flatMap(Clock.currentTimeMillis, (at) => {
      const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
      const { method } = request
      const answer = fake.answer({ method, url: url.href, headers: { ...request.headers }, body, at })
      if (answer.status === 0) return Effect.never
      // A web response of 204 refuses any body, even an empty one.
      return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(answer.body || null, answer)))
    })
  )
