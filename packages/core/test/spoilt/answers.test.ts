import { DeliveryError, Misconfigured, RateLimited, Unavailable } from "@tocsin/core"
import { Duration, Effect, Redacted } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { catches } from "./catches.ts"
import { checks, post, type Spoils } from "./hook.ts"

const failing = (reason: (reason: DeliveryError["reason"]) => DeliveryError["reason"]): Spoils => ({
  channel: ({ deliver }) => ({
    deliver: (...of) => Effect.mapError(deliver(...of), (error) => new DeliveryError({ reason: reason(error.reason) }))
  })
})

/** A plugin that keeps this partial result of each failure, and that does not deliver from one that is broken. */
const partly = (data: string): Spoils => ({
  channel: ({ deliver }) => ({
    deliver: (settings, notification, options) =>
      options.partial?.data === "broken"
        ? Effect.fail(new DeliveryError({ reason: new Misconfigured({ detail: "broken" }) }))
        : Effect.mapError(
            deliver(settings, notification, options),
            ({ reason }) => new DeliveryError({ reason, partial: { data } })
          )
  })
})

/** A plugin that reads whole answers in its own way. */
const reading = <E>(
  read: (text: HttpClientResponse.HttpClientResponse["text"]) => Effect.Effect<string, E>
): Spoils => ({
  client: HttpClient.transformResponse(
    Effect.flatMap((response) =>
      Effect.map(Effect.orDie(read(response.text)), (text) =>
        // A status such as 204 allows no body at all.
        HttpClientResponse.fromWeb(
          response.request,
          new Response(text || null, { status: response.status, headers: { ...response.headers } })
        )
      )
    )
  )
})

const parsing = (isParsed: (status: number) => boolean): Spoils => ({
  http: {
    answer: ({ body, status }) => {
      if (body !== "" && isParsed(status)) JSON.parse(body)
      return undefined
    }
  },
  options: { accepted: () => new Response(`{"ok":true}`) }
})

catches<Spoils>("answers", checks, [
  [
    "ignores the status code, as GoAlert did (target/goalert#4558)",
    "calls HTTP 404 DestinationGone",
    { channel: ({ deliver }) => ({ deliver: (...of) => Effect.orElseSucceed(deliver(...of), () => ({})) }) },
    /^(calls|waits|understands|reads no more)/
  ],
  [
    "takes a refusal in a 200 for delivered",
    "calls refusal 1 DestinationGone",
    { options: { refused: [[() => new Response("no_service"), "DestinationGone"]] } }
  ],
  [
    "calls every failure Unavailable",
    "calls HTTP 401 Unauthorized",
    failing(({ detail }) => new Unavailable({ detail })),
    /^(calls HTTP|calls a refusal|waits|understands)/
  ],
  [
    "keeps a partial result of more than 4 KiB",
    "calls HTTP 503 Unavailable",
    partly("x".repeat(4096)),
    /^(calls|waits|understands|reads no more)/
  ],
  [
    "fails from its own partial result",
    "calls HTTP 503 Unavailable",
    partly("broken"),
    /^(calls|waits|understands|reads no more)/
  ],
  [
    "knows no status but the common ones",
    "calls no other status from 300 on delivered",
    { http: { answer: ({ status }) => (status === 307 || status === 451 ? {} : undefined) } }
  ],
  [
    "does not read Retry-After",
    "waits as long as Retry-After says",
    failing((reason) =>
      reason._tag === "RateLimited"
        ? new RateLimited({ detail: reason.detail, retryAfter: Duration.seconds(1) })
        : reason
    )
  ],
  [
    "does not read the answer to its second request",
    "fails where the service refuses a later request of a message",
    {
      http: {
        request: (settings, notification) => ({
          request: post(settings, notification),
          next: ({ status, unreadable }) =>
            status < 300 && unreadable === undefined
              ? { request: HttpClientRequest.get(Redacted.value(settings.url)), next: () => ({}) }
              : undefined
        })
      },
      options: { idempotent: () => true }
    },
    /^(previews|treats a truncated|sends|continues)/
  ],
  [
    "calls it an operator's fault when there is no connection",
    "calls a broken connection Unavailable",
    failing((reason) =>
      reason._tag === "Unavailable" && reason.detail === "The connection broke"
        ? new Misconfigured({ detail: reason.detail })
        : reason
    ),
    /truncated/
  ],
  [
    "takes an answer that breaks off for a whole one",
    "treats a truncated 2xx as delivered, unless a further request depends on it",
    reading((text) => Effect.orElseSucceed(text, () => "ok")),
    /reads no more/
  ],
  [
    "reads an answer to its end",
    "reads no more of an endless answer than it needs",
    reading((text) => text),
    /truncated/
  ],
  [
    "throws on a refusal that is not JSON",
    "understands malformed answers as well as empty ones",
    parsing((status) => status >= 300),
    /reads no more|^calls a refusal/
  ],
  [
    "throws on a success that is not JSON",
    "accepts or refuses a malformed answer that claims success, and never throws",
    parsing((status) => status < 300)
  ]
])
