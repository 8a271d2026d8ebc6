/**
 * The console's page with an answer of the API in it, which saves the browser a request before it can show anything.
 */
import { Clock, Duration, Effect, Stream } from "effect"
import { Headers, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { contentSecurityPolicy } from "./contentSecurityPolicy.ts"

/** How long a page waits for its answer. Without it, the page makes the request itself. */
const patience = Duration.seconds(1)

/** Says which answer a page wants, and at which addresses without a query. */
const element = /<script\s+type="application\/json"\s+data-at="([^"]*)"\s+data-answer-of="([^"]*)"\s*(?=><\/script>)/

/** The element of a page in which the console is drawn. */
const root = '<div id="root">'

/** A request for a page, and the answer that is in the page. */
interface From {
  readonly answerOf: string
  readonly answer: string
  /** The answer's `Date`. */
  readonly date: string
  readonly cookie: string
  readonly userAgent: string
}

/** What the console's module `page.mjs` exports. */
export interface Drawing {
  /** A page for the browser that sent these cookies, to be drawn; undefined if the browser is not known. */
  readonly pageFor: (html: string, cookie: string) => string | undefined
  /** The HTML in the root of such a page; empty if the browser has to draw it. */
  readonly draw: (from: From) => Promise<string>
}

/**
 * Serves a page with the answer that it wants in its element `<script type="application/json" data-at="/PATH ..."
 * data-answer-of="/v1/...">`; undefined at other addresses, and if the API refuses the caller the answer. A browser that
 * the console knows gets the page drawn, and its head before the answer is there.
 */
export const pageWithAnswer = Effect.fnUntraced(function* (page: string, drawing: Drawing | undefined) {
  const router = yield* HttpRouter.HttpRouter
  const [, at = "", wanted = ""] = element.exec(page) ?? []
  const addresses = new Set(at === "" ? [] : at.split(" "))
  const answerOf = wanted.replaceAll("&amp;", "&")

  /** The answer of the API's own route, which checks the caller. Pages that are opened at once share it. */
  const answerTo = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
    const response = yield* router.asHttpEffect().pipe(
      Effect.provideService(
        HttpServerRequest.HttpServerRequest,
        request.modify({ url: answerOf, headers: Headers.set(request.headers, "cache-control", "max-age=1") })
      ),
      Effect.scoped,
      Effect.timeout(patience),
      Effect.orElseSucceed(() => undefined)
    )
    if (response?.status !== 200) return undefined
    const answer = yield* Effect.promise(() => HttpServerResponse.toWeb(response).text())
    return { answerOf, answer, date: new Date(yield* Clock.currentTimeMillis).toUTCString() }
  })

  /** The page from its root on, with the answer and drawn. */
  const drawn = Effect.fnUntraced(function* (html: string, request: HttpServerRequest.HttpServerRequest) {
    // The head is on its way before anything else is done.
    yield* Effect.yieldNow
    const from = yield* answerTo(request)
    if (from === undefined || drawing === undefined) return html
    const { cookie = "", "user-agent": userAgent = "" } = request.headers
    const shown = yield* Effect.promise(() => drawing.draw({ ...from, cookie, userAgent }))
    return shown + withAnswer(html, from)
  })

  return Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
    if (request.method !== "GET" || !addresses.has(request.url)) return undefined
    const known = drawing?.pageFor(page, request.headers["cookie"] ?? "")
    if (known !== undefined) {
      const start = known.indexOf(root) + root.length
      const parts = Stream.make(Effect.succeed(known.slice(0, start)), drawn(known.slice(start), request))
      return HttpServerResponse.stream(Stream.encodeText(Stream.mapEffect(parts, (part) => part)), options)
    }
    const from = yield* answerTo(request)
    return from && HttpServerResponse.text(withAnswer(page, from), options)
  })
})

const options = {
  contentType: "text/html; charset=utf-8",
  headers: { "cache-control": "no-store", "content-security-policy": contentSecurityPolicy }
}

/** No text of an alert may end the element. */
const withAnswer = (html: string, { answer, date }: { readonly answer: string; readonly date: string }): string =>
  html.replace(
    new RegExp(`${element.source}>`),
    (start) => `${start.slice(0, -1)} data-date="${date}">${answer.replaceAll("<", "\\u003c")}`
  )
