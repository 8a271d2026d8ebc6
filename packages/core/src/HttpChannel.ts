/**
 * Implements a channel plugin by pure functions: the requests for a notification,
 * and what the service's answer means.
 */
import { Clock, DateTime, type Duration, Effect, Function, Layer, Result, type Schema, Stream } from "effect"
import { Headers, HttpClient, type HttpClientError, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { AlertId } from "./Alert.ts"
import type { Channel, ChannelPlugin, DeliverOptions, Form, Receipt } from "./ChannelPlugin.ts"
import {
  DeliveryError,
  DestinationGone,
  egressRefusedCode,
  Misconfigured,
  notSentCode,
  PayloadRejected,
  RateLimited,
  type Reason,
  Unauthorized,
  Unavailable
} from "./DeliveryError.ts"
import type { Notification } from "./Notification.ts"
import { redactText } from "./settings/redactText.ts"
import { cut } from "./text.ts"

/** What the service answered. `body` is its text, at most 64 KiB of it. */
export interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly body: string
}

/** The pure functions that make a plugin. */
export interface Options<Settings> {
  /**
   * The requests for one notification, in their order. All but the last must be
   * idempotent: after a failure they are made again.
   */
  readonly request: (
    settings: Settings,
    notification: Notification,
    options: DeliverOptions
  ) =>
    | HttpClientRequest.HttpClientRequest
    | readonly [HttpClientRequest.HttpClientRequest, ...Array<HttpClientRequest.HttpClientRequest>]
  /**
   * What an answer means where the service says more than its status does: a
   * receipt, a reason, or nothing for the common reading of the status. `now` is
   * in epoch milliseconds.
   */
  readonly answer?: (
    answer: Answer,
    context: { readonly form: Form; readonly now: number }
  ) => Receipt | Reason | undefined
  /** Whether the settings work: a request that posts nothing, read like any other answer. */
  readonly verify?: (settings: Settings) => HttpClientRequest.HttpClientRequest
}

/**
 * The layer of a plugin that delivers by HTTP.
 *
 * Statuses are read as follows where `answer` does not know better: 2xx arrived;
 * 429 `RateLimited`; 408 and 5xx `Unavailable`, with `Retry-After` if there is one; 400, 413 and 422 `PayloadRejected`;
 * 401, 403 and 407 `Unauthorized`; 404 and 410 `DestinationGone`; any other
 * `Misconfigured`. The URL and all `Redacted` settings are kept out of errors and spans.
 */
export const layer = <Self, Settings extends Schema.Codec<any, any>>(
  plugin: ChannelPlugin<Self, string, Settings>,
  { answer, request, verify }: Options<Settings["Type"]>
): Layer.Layer<Self, never, HttpClient.HttpClient> =>
  Layer.effect(
    plugin,
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient

      const send = Effect.fnUntraced(
        function* (settings: Settings["Type"], request: HttpClientRequest.HttpClientRequest, form: Form) {
          const response = yield* client.execute(request).pipe(Effect.mapError(unavailable))
          const body = yield* readBody(response)
          const now = yield* Clock.currentTimeMillis
          const known: Answer = {
            status: response.status,
            headers: response.headers,
            body: redactText(body, settings)
          }
          const meaning = answer?.(known, { form, now }) ?? read(known, now)
          if (!isReason(meaning)) return meaning
          return yield* new DeliveryError({ reason: meaning })
        },
        // A webhook's URL is a secret, and client spans record URLs.
        Effect.provideService(HttpClient.TracerDisabledWhen, Function.constTrue)
      )

      const requests: NonNullable<Channel<Settings["Type"]>["requests"]> = (settings, notification, options) => {
        const made = request(settings, notification, options)
        return "url" in made ? [made] : made
      }

      const channel: Channel<Settings["Type"]> = {
        deliver: Effect.fnUntraced(function* (settings, notification, options) {
          let receipt: Receipt = {}
          for (const one of requests(settings, notification, options)) {
            receipt = yield* send(settings, one, options.form)
          }
          return receipt
        }),
        requests,
        destination: (settings) => new URL(requests(settings, probe, { form: "plain" })[0]!.url).origin,
        ...(verify && { verify: (settings) => Effect.asVoid(send(settings, verify(settings), "plain")) })
      }
      return plugin.of(channel)
    })
  )

const isReason = (value: Receipt | Reason): value is Reason => "_tag" in value

const read = ({ body, headers, status }: Answer, now: number): Receipt | Reason => {
  const detail = `HTTP ${status}${body.trim() === "" ? "" : `: ${cut(body.trim().replace(/\s+/g, " "), 200)}`}`
  if (status >= 200 && status < 300) return {}
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
 * How long the service asks to be left alone, from `Retry-After` in seconds or as a date; `now` is in epoch
 * milliseconds. Undefined where it does not say, or not in one of these two forms.
 */
export const retryAfter = (headers: Headers.Headers, now: number): Duration.Duration | undefined =>
  Result.match(Headers.parseRetryAfter(headers["retry-after"] ?? ""), {
    onFailure: () => undefined,
    onSuccess: (value) => Headers.retryAfterDelay(value, now)
  })

const maxAnswerBytes = 65_536

const readBody = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<string, DeliveryError> =>
  // Most answers say that they are short, and a stream takes longer than all else that is done with them.
  Number(response.headers["content-length"]) <= maxAnswerBytes
    ? Effect.mapError(response.text, unavailable)
    : readStart(response)

const readStart = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<string, DeliveryError> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let bytes = 0
    return response.stream.pipe(
      Stream.takeUntil((chunk) => {
        chunks.push(chunk)
        bytes += chunk.length
        return bytes >= maxAnswerBytes
      }),
      Stream.runDrain,
      Effect.catch((error) => (error.reason._tag === "EmptyBodyError" ? Effect.void : Effect.fail(unavailable(error)))),
      Effect.map(() => {
        const whole = new Uint8Array(bytes)
        let at = 0
        for (const chunk of chunks) {
          whole.set(chunk, at)
          at += chunk.length
        }
        return new TextDecoder().decode(whole.subarray(0, maxAnswerBytes))
      })
    )
  })

const unavailable = ({ reason }: HttpClientError.HttpClientError): DeliveryError => {
  if (reason._tag === "InvalidUrlError" || reason._tag === "EncodeError") {
    return new DeliveryError({ reason: new Misconfigured({ detail: "The request could not be made" }) })
  }
  const { cause } = reason
  const code = errorCode(cause)
  if (cause instanceof Error && code === egressRefusedCode) {
    return new DeliveryError({ reason: new Misconfigured({ detail: cause.message }) })
  }
  if (cause instanceof Error && code === notSentCode) {
    return new DeliveryError({ reason: new Unavailable({ detail: cause.message }) })
  }
  // A client that does not say more may have sent the request: the service may have taken it.
  return new DeliveryError({ reason: new Unavailable({ detail: code ?? "The connection broke", unanswered: true }) })
}

const errorCode = (cause: unknown): string | undefined =>
  typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined

/** What `destination` asks a request for: nothing that is ever sent. */
const probe: Notification = {
  _tag: "Test",
  of: "Raised",
  alert: {
    id: AlertId.make("probe"),
    source: "tocsin",
    sourceId: "probe",
    episode: 1,
    state: "raised",
    rule: { name: "probe" },
    severity: "info",
    startedAt: DateTime.makeUnsafe(0),
    observations: [],
    observationsOmitted: 0,
    labels: {},
    links: {}
  }
}
