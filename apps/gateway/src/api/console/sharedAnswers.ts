import { Changes } from "@tocsin/delivery"
import { Cache, Effect, Equal, Exit, Hash, type Types } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { suffices } from "../access/Caller.ts"
import { makeKnownCaller } from "../access/knownCaller.ts"

/** How old a shared answer may be. */
const longest = 1000

/** How many shared answers are kept; each has 4 MiB at most. */
const most = 8

/** The lists whose answers are shared. Each is the same for all callers who may read it. */
const lists: ReadonlyArray<string> = ["/v1/alerts"]

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Types.unhandled>

/** A request for a list. Those with the same URL between the same batches of changes share an answer. */
class Wanted implements Equal.Equal {
  readonly key: string
  readonly answer: Answer

  constructor(position: string, url: string, answer: Answer) {
    this.key = `${position} ${url}`
    this.answer = answer
  }

  [Equal.symbol](that: Equal.Equal): boolean {
    return that instanceof Wanted && that.key === this.key
  }

  [Hash.symbol](): number {
    return Hash.string(this.key)
  }
}

/**
 * Makes a function that shares the answers of a list among its readers, as the bytes that are sent, for a second, and
 * only while no batch of changes was published: in a storm, many consoles read the same page again and again. Only
 * answers of 200 are kept.
 */
export const makeSharedAnswers = Effect.gen(function* () {
  const changes = yield* Changes
  const cache = yield* Cache.makeWith(({ answer }: Wanted) => Effect.map(answer, asBytes), {
    capacity: most,
    timeToLive: (exit) => (Exit.isSuccess(exit) && exit.value.status === 200 ? longest : 0),
    requireServicesAt: "lookup"
  })
  return (url: string, answer: Answer): Answer =>
    Effect.flatMap(changes.position, (position) => Cache.get(cache, new Wanted(position, url, answer)))
})

/**
 * Answers the lists that consoles read again and again, without the layers of HttpApi where another reader has the same
 * answer. Only readers whose requests allow it share answers, with `Cache-Control: max-age=1` or more (RFC 9111, section
 * 5.2.1.1), and only if they are known callers; the routes of HttpApi answer every other request.
 */
export const SharedAnswersLayer = HttpRouter.middleware(
  Effect.gen(function* () {
    const callerOf = yield* makeKnownCaller
    const shared = yield* makeSharedAnswers
    return (effect) =>
      Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
        mayBeShared(request)
          ? Effect.flatMap(callerOf(request), (caller) =>
              caller !== undefined && suffices(caller.scopes, "read") ? shared(request.url, effect) : effect
            )
          : effect
      )
  }),
  { global: true }
)

/** Whether a request is for one of the lists, and allows an answer that is a second old. */
export const mayBeShared = ({ headers, method, url }: HttpServerRequest.HttpServerRequest): boolean => {
  if (method !== "GET" || !lists.some((list) => url.startsWith(list) && /^(\?|$)/.test(url.slice(list.length)))) {
    return false
  }
  return Number(/\bmax-age=(\d{1,9})/.exec(headers["cache-control"] ?? "")?.[1] ?? 0) * 1000 >= longest
}

/** The response with a body that is encoded once, however often it is sent. */
const asBytes = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse => {
  const { body, headers, status } = response
  return body._tag === "Uint8Array" ? HttpServerResponse.uint8Array(body.body, { status, headers }) : response
}
