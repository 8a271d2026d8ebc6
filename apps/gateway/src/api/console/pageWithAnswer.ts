/**
 * The console's page with an answer of the API in it, which saves the browser a request before it can show anything.
 */
import { Clock, Duration, Effect } from "effect"
import { Headers, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { contentSecurityPolicy } from "./contentSecurityPolicy.ts"

/** How long a page waits for its answer. Without it, the page makes the request itself. */
const patience = Duration.seconds(1)

/** Says which answer a page wants, and at which addresses without a query. */
const element = /<script\s+type="application\/json"\s+data-at="([^"]*)"\s+data-answer-of="([^"]*)"\s*(?=><\/script>)/

/**
 * Serves a page with the answer that it wants in its element `<script type="application/json" data-at="/PATH ..."
 * data-answer-of="/v1/...">`; undefined at other addresses, and if the API refuses the caller the answer.
 */
export const pageWithAnswer = Effect.fnUntraced(function* (page: string) {
  const router = yield* HttpRouter.HttpRouter
  const [start = "", at = "", answerOf = ""] = element.exec(page) ?? []
  const addresses = new Set(start === "" ? [] : at.split(" "))
  const url = answerOf.replaceAll("&amp;", "&")
  const split = page.indexOf(start) + start.length
  const before = page.slice(0, split)
  const after = page.slice(split + 1)

  return Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
    if (request.method !== "GET" || !addresses.has(request.url)) return undefined
    // The API's own route, which checks the caller. Pages that are opened at once share its answer.
    const answer = yield* router.asHttpEffect().pipe(
      Effect.provideService(
        HttpServerRequest.HttpServerRequest,
        request.modify({ url, headers: Headers.set(request.headers, "cache-control", "max-age=1") })
      ),
      Effect.timeout(patience),
      Effect.orElseSucceed(() => undefined)
    )
    if (answer?.status !== 200) return undefined
    const json = yield* Effect.promise(() => HttpServerResponse.toWeb(answer).text())
    const date = new Date(yield* Clock.currentTimeMillis).toUTCString()
    // No text of an alert may end the element.
    const text = json.replaceAll("<", "\\u003c")
    return HttpServerResponse.text(`${before} data-date="${date}">${text}${after}`, {
      contentType: "text/html; charset=utf-8",
      headers: { "cache-control": "no-store", "content-security-policy": contentSecurityPolicy }
    })
  })
})
