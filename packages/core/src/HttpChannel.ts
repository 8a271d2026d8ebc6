/**
 * Implements a channel plugin with pure functions: the requests for a notification, and the meaning of the service's
 * answers.
 */
import { Clock, type Duration, Effect, Function, Layer, Option, Predicate, Result, Schema } from "effect"
import { Headers, HttpClient, HttpClientRequest } from "effect/http"
import type { Channel, ChannelPlugin, DeliverOptions, Receipt } from "./ChannelPlugin.ts"
import {
  DeliveryError,
  DestinationGone,
  Misconfigured,
  PayloadRejected,
  RateLimited,
  Reason,
  Unauthorized,
  Unavailable
} from "./DeliveryError.ts"
import type { Notification } from "./Notification.ts"
import { probe, probeOptions } from "./samples.ts"
import { PluginDefect } from "./PluginDefect.ts"
import { readBody, redactToken, RequestCounter, unavailable } from "./httpAnswer.ts"
import { redactText } from "./settings/redactText.ts"
import { cut } from "./text.ts"

/** The answer of the service. `body` is its text, at most 64 KiB of it, with every secret of the settings redacted. */
export interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly body: string
  /**
   * Why the rest of the answer could not be read; `body` is the part that arrived. With a 2xx, the service accepted the
   * request nevertheless: sending the message again would post it twice.
   */
  readonly unreadable?: string
}

/** The context of an answer. */
export interface AnswerContext<Settings> {
  readonly settings: Settings
  /** The request, as it was sent. */
  readonly request: HttpClientRequest.HttpClientRequest
  /** When the answer was read, in epoch milliseconds: for limits that name a time. */
  readonly now: number
  /** Whether the answer is to a message, or to a request that only verifies the settings. */
  readonly purpose:
    | { readonly _tag: "deliver"; readonly notification: Notification; readonly options: DeliverOptions }
    | { readonly _tag: "verify" }
}

/**
 * A request whose answer decides the next one: to edit a message and post a new one if it was deleted, or to get an
 * OAuth token and post with it. A retry of a failed delivery starts with its first request again, so every request but
 * the one that posts must be idempotent.
 */
export interface Step<Settings> {
  readonly request: HttpClientRequest.HttpClientRequest
  /**
   * Decides what follows from the answer: the next request or step, a receipt (`{}` if there is nothing to keep), or a
   * reason. If it returns undefined, the status decides: a 2xx ends the delivery, any other status fails it. If the
   * answer is 2xx and `unreadable`, a receipt or undefined means delivered, and a reason means that the next request
   * needed the answer: the attempt is `Unavailable`.
   */
  readonly next: (
    answer: Answer,
    context: AnswerContext<Settings>
  ) => HttpClientRequest.HttpClientRequest | Step<Settings> | Receipt | Reason | undefined
}

/** How to deliver, and when. */
export interface RequestOptions extends DeliverOptions {
  /**
   * When the attempt is made, in epoch milliseconds: for services that require a signed time, such as
   * `webhook-timestamp`. 0 if nothing is sent, as in a preview.
   */
  readonly now: number
}

/** The pure functions that make a plugin. */
export interface Options<Settings> {
  /**
   * The request for one notification; or several, in order, of which all but the last are idempotent, because a retry
   * starts with the first again; or a `Step`, if the second request depends on the first answer.
   */
  readonly request: (
    settings: Settings,
    notification: Notification,
    options: RequestOptions
  ) =>
    | HttpClientRequest.HttpClientRequest
    | readonly [HttpClientRequest.HttpClientRequest, ...Array<HttpClientRequest.HttpClientRequest>]
    | Step<Settings>
  /**
   * The meaning of an answer that says more than its status: a receipt (`{}` if there is nothing to keep), a reason, or
   * undefined for the usual meaning of the status.
   */
  readonly answer?: (answer: Answer, context: AnswerContext<Settings>) => Receipt | Reason | undefined
  /** A request that checks the credential and the destination without posting; undefined if there is none. */
  readonly verify?: (settings: Settings) => HttpClientRequest.HttpClientRequest | undefined
}

/** The most requests of one attempt: a plugin that makes more is in a loop. */
const maxRequests = 10

/**
 * The layer of a plugin that delivers by HTTP.
 *
 * If `answer` returns undefined, the status decides: 2xx is delivered; 429 is `RateLimited`; 408 and 5xx are
 * `Unavailable`, with `Retry-After` if there is one; 400, 413 and 422 are `PayloadRejected`; 401, 403 and 407 are
 * `Unauthorized`; 404 and 410 are `DestinationGone`; any other is `Misconfigured`. The URL and all `Redacted` settings
 * are kept out of errors and spans.
 *
 * A 2xx whose rest cannot be read counts as delivered: `answer` is not called, and the receipt's `unreadable` says why.
 */
export const layer = <Self, Settings extends Schema.Codec<any, any>>(
  plugin: ChannelPlugin<Self, string, Settings>,
  { answer, request, verify }: Options<Settings["Type"]>
): Layer.Layer<Self, never, HttpClient.HttpClient> =>
  Layer.effect(
    plugin,
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      type Purpose = AnswerContext<Settings["Type"]>["purpose"]

      /** Sends a request, and the requests that follow from its answers. */
      const run = Effect.fnUntraced(function* (
        settings: Settings["Type"],
        first: AnyStep<Settings["Type"]>,
        purpose: Purpose
      ) {
        let step = first
        const followed = (name: "next" | "answer", call: () => Follows<Settings["Type"]>) =>
          PluginDefect.calling(name, () => checkFollows(call()))
        for (let made = 0; made < maxRequests; made++) {
          const known = yield* Effect.provideService(exchange(step.request, settings), HttpClient.HttpClient, client)
          const context = { settings, request: step.request, now: yield* Clock.currentTimeMillis, purpose }
          const next = followed("next", () => step.next?.(known, context))
          const follows =
            known.unreadable !== undefined && isSuccess(known)
              ? afterUnreadable(known, next)
              : (next ?? followed("answer", () => answer?.(known, context)) ?? classify(known, context.now))
          if (!isNext(follows)) return isReason(follows) ? yield* new DeliveryError({ reason: follows }) : follows
          step = toStep(follows)
        }
        return yield* new DeliveryError({
          reason: new Misconfigured({ detail: `The plugin made ${maxRequests} requests without an end` })
        })
      })

      /** The requests of a delivery, or the first step. */
      const requests = (...delivery: Parameters<typeof request>) =>
        PluginDefect.calling("request", () => {
          const made = request(...delivery)
          const all = isList(made) ? made : [made]
          if (all.length === 0) throw new TypeError("`request` returned no request")
          return all.map(toStep)
        })

      const channel: Channel<Settings["Type"]> = {
        deliver: Effect.fnUntraced(function* (settings, notification, options) {
          let receipt: Receipt = {}
          const now = yield* Clock.currentTimeMillis
          for (const one of requests(settings, notification, { ...options, now })) {
            receipt = yield* run(settings, one, { _tag: "deliver", notification, options })
          }
          return receipt
        }),
        requests: (settings, notification, options) =>
          requests(settings, notification, { ...options, now: 0 }).map(({ request }) => request),
        destination: (settings) => {
          const [first] = requests(settings, probe, probeOptions)
          const url = Option.getOrUndefined(HttpClientRequest.toUrl(first!.request))
          if (url === undefined) return ""
          url.hash = ""
          return url.href
        },
        ...(verify && {
          verify: (settings) => {
            const step = PluginDefect.calling("verify", () => {
              const request = verify(settings)
              return request && toStep(request)
            })
            return step && Effect.asVoid(run(settings, step, { _tag: "verify" }))
          }
        })
      }
      return plugin.of(channel)
    })
  )

/**
 * Sends one request and reads its answer: at most 64 KiB of it, with every secret of `settings` redacted, and the token
 * that the request is authorized with. Fails if no status arrived. For plugins that implement `deliver` themselves; `classify` maps the answer's status to a receipt or
 * a reason.
 */
export const exchange = Effect.fnUntraced(
  function* (
    request: HttpClientRequest.HttpClientRequest,
    settings: unknown
  ): Effect.fn.Return<Answer, DeliveryError, HttpClient.HttpClient> {
    const client = yield* HttpClient.HttpClient
    const counter = yield* RequestCounter
    counter.made++
    const response = yield* client.execute(request).pipe(Effect.mapError(unavailable))
    const { text, ...rest } = yield* readBody(response)
    const body = redactToken(redactText(text, settings), request.headers["authorization"])
    return { status: response.status, headers: response.headers, body, ...rest }
  },
  // A webhook's URL is a secret, and client spans record URLs.
  Effect.provideService(HttpClient.TracerDisabledWhen, Function.constTrue)
)

type Follows<Settings> = ReturnType<Step<Settings>["next"]>

/** A step; without `next` no request follows. */
type AnyStep<Settings> = Pick<Step<Settings>, "request"> & Partial<Step<Settings>>

/** Throws if the value is neither a request nor a step: a plugin may be written in JavaScript. */
const toStep = <Settings>(one: HttpClientRequest.HttpClientRequest | AnyStep<Settings>): AnyStep<Settings> => {
  if (HttpClientRequest.isHttpClientRequest(one)) return { request: one }
  if (Predicate.hasProperty(one, "request") && HttpClientRequest.isHttpClientRequest(one.request)) return one
  throw new TypeError(`Expected a request or a step, got ${describe(one)}`)
}

/** Throws if the value is not a receipt, a reason, a request or a step. */
const checkFollows = <Settings>(follows: Follows<Settings>): Follows<Settings> => {
  if (follows === undefined || follows === null) return undefined
  if (typeof follows === "object" && !Predicate.hasProperty(follows, "then")) {
    if ("next" in follows) toStep(follows)
    if (!("_tag" in follows) || HttpClientRequest.isHttpClientRequest(follows) || isKnownReason(follows)) return follows
  }
  throw new TypeError(`Expected a receipt, a reason or a request, got ${describe(follows)}`)
}

const describe = (value: unknown): string => (Predicate.hasProperty(value, "then") ? "a promise" : typeof value)

const isList = <A>(made: A | ReadonlyArray<A>): made is ReadonlyArray<A> => Array.isArray(made)

const isNext = <Settings>(
  value: NonNullable<Follows<Settings>>
): value is HttpClientRequest.HttpClientRequest | Step<Settings> =>
  HttpClientRequest.isHttpClientRequest(value) || "next" in value

const isReason = (value: Receipt | Reason): value is Reason => "_tag" in value

const isKnownReason = Schema.is(Reason)

/** The result of a 2xx whose rest cannot be read. A reason means that the next request needed the rest. */
const afterUnreadable = <Settings>({ status, unreadable = "" }: Answer, next: Follows<Settings>) => {
  if (next === undefined) return { unreadable }
  if (isNext(next)) return next
  if (!isReason(next)) return { ...next, unreadable }
  return new Unavailable({ detail: `HTTP ${status}, answer unreadable: ${unreadable}` })
}

const isSuccess = ({ status }: Answer): boolean => status >= 200 && status < 300

/** The usual meaning of a status, as `layer` describes it. `now` is in epoch milliseconds. */
export const classify = (answer: Answer, now: number): Receipt | Reason => {
  const { body, headers, status, unreadable } = answer
  if (isSuccess(answer)) return unreadable === undefined ? {} : { unreadable }
  const detail = `HTTP ${status}${body.trim() === "" ? "" : `: ${cut(body.trim().replace(/\s+/g, " "), 200)}`}`
  if (status === 429 || status === 408 || status >= 500) {
    const asked = retryAfter(headers, now)
    return new (status === 429 ? RateLimited : Unavailable)({ detail, ...(asked && { retryAfter: asked }) })
  }
  if (status === 400 || status === 413 || status === 422) return new PayloadRejected({ detail })
  if (status === 401 || status === 403 || status === 407) return new Unauthorized({ detail })
  if (status === 404 || status === 410) return new DestinationGone({ detail })
  return new Misconfigured({ detail })
}

/**
 * The pause that the service asks for, from `Retry-After` in seconds or as a date; `now` is in epoch
 * milliseconds. Undefined if the header is absent or in another form.
 */
export const retryAfter = (headers: Headers.Headers, now: number): Duration.Duration | undefined =>
  Result.match(Headers.parseRetryAfter(headers["retry-after"] ?? ""), {
    onFailure: () => undefined,
    onSuccess: (value) => Headers.retryAfterDelay(value, now)
  })

export { MaySend, rateLimitHints, RequestCounter } from "./httpAnswer.ts"
