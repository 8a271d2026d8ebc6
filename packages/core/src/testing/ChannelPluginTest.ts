/**
 * What every channel plugin must do, as tests: call `suite` in the plugin's own
 * test file.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, type Layer, Schema, Tracer } from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"
import type * as ChannelPlugin from "../ChannelPlugin.ts"
import { DeliveryError, type Reason } from "../DeliveryError.ts"
import { Notification } from "../Notification.ts"
import { notifications } from "./samples.ts"

/** What the suite must know of a plugin. */
export interface Options<Self> {
  /** The plugin, in need of an HTTP client only. */
  readonly layer: Layer.Layer<Self, never, HttpClient.HttpClient>
  /** Valid settings, as the JSON of an integration carries them. */
  readonly settings: Schema.Json
  /** The parts of those settings that must never be printed. */
  readonly secrets: ReadonlyArray<string>
  /** The service's answer to a message that it takes. */
  readonly accepted: () => Response
  /** Answers of the service that are refusals, each with the reason that it stands for. */
  readonly refused?: ReadonlyArray<readonly [answer: () => Response, reason: Reason["_tag"]]>
  /** Statuses that this service uses in another way than others do. */
  readonly statuses?: { readonly [status: number]: Reason["_tag"] }
}

const statuses: { readonly [status: number]: Reason["_tag"] } = {
  302: "Misconfigured",
  400: "PayloadRejected",
  401: "Unauthorized",
  403: "Unauthorized",
  404: "DestinationGone",
  405: "Misconfigured",
  408: "Unavailable",
  410: "DestinationGone",
  413: "PayloadRejected",
  429: "RateLimited",
  500: "Unavailable",
  503: "Unavailable"
}

/** Registers the tests that every channel plugin must pass. */
export const suite = <Self>(
  plugin: ChannelPlugin.ChannelPlugin<Self, string, Schema.Codec<any, any>>,
  { accepted, layer, refused = [], secrets, settings, statuses: own = {} }: Options<Self>
) => {
  const json = Schema.toCodecJson(plugin.settings)
  const forms = ["rich", "plain"] as const

  /** Delivers one notification to a service that gives the same answer to every request. */
  const deliver = Effect.fnUntraced(function* (
    notification: Notification,
    answer: Answer,
    form: ChannelPlugin.Form = "rich"
  ) {
    const requests: Array<HttpClientRequest.HttpClientRequest> = []
    const spans: Array<Tracer.Span> = []
    const exit = yield* Effect.gen(function* () {
      const channel = yield* plugin
      const decoded = yield* Schema.decodeEffect(json)(settings)
      yield* channel.deliver(decoded, notification, { form })
      return channel.destination(decoded)
    }).pipe(
      Effect.provide(layer),
      Effect.provideService(
        HttpClient.HttpClient,
        HttpClient.make((request) => Effect.suspend(() => (requests.push(request), answer(request))))
      ),
      Effect.withTracer(
        Tracer.make({
          span: (options) => {
            const span = new Tracer.NativeSpan(options)
            spans.push(span)
            return span
          }
        })
      ),
      Effect.exit
    )
    return { exit, requests, spans }
  })

  /** Delivers one notification to a service that does not take it. */
  const fail = Effect.fnUntraced(function* (answer: Answer) {
    const { exit, requests } = yield* deliver(notifications.Raised, answer)
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    assert.instanceOf(error, DeliveryError)
    assert.lengthOf(requests, 1, "the engine retries, not the plugin")
    return error
  })

  const assertNoSecret = (text: string) => {
    for (const secret of secrets) assert.notInclude(text, secret)
  }

  describe(`ChannelPlugin (${plugin.type})`, () => {
    it("has a lowercase type", () => {
      assert.match(plugin.type, /^[a-z][a-z0-9-]*$/)
    })

    it("gives every setting a title and a description", () => {
      const { schema } = Schema.toJsonSchemaDocument(plugin.settings)
      for (const [name, setting] of Object.entries(schema["properties"] ?? {})) {
        assert.include(JSON.stringify(setting), `"title"`, name)
        assert.include(JSON.stringify(setting), `"description"`, name)
      }
    })

    it.effect("keeps its settings through JSON", () =>
      Effect.gen(function* () {
        const decoded = yield* Schema.decodeEffect(json)(settings)
        const again = yield* Schema.decodeEffect(json)(yield* Schema.encodeEffect(json)(decoded))
        assert.deepStrictEqual(again, decoded)
      })
    )

    it.effect("prints no secret of its settings", () =>
      Effect.gen(function* () {
        assertNoSecret(JSON.stringify(yield* Schema.decodeEffect(json)(settings)))
      })
    )

    it.effect("declares budgets that can be spent", () =>
      Effect.gen(function* () {
        const budgets = plugin.budgets(yield* Schema.decodeEffect(json)(settings))
        assert.isAbove(budgets.length, 0)
        for (const { burst, messages, perSeconds } of budgets) {
          assert.isTrue(messages >= 1 && perSeconds >= 1 && burst >= 1 && burst <= messages)
        }
      })
    )

    it.effect("tells where it sends", () =>
      Effect.gen(function* () {
        const { exit, requests } = yield* deliver(notifications.Raised, respond(accepted))
        assert.deepStrictEqual(exit, Exit.succeed(new URL(requests[0]!.url).origin))
      })
    )

    it.effect.prop("delivers any notification in one request, in both forms", [Notification], ([notification]) =>
      Effect.gen(function* () {
        for (const form of forms) {
          const { exit, requests } = yield* deliver(notification, respond(accepted), form)
          assert.isTrue(Exit.isSuccess(exit), String(exit))
          assert.lengthOf(requests, 1)
        }
      })
    )

    it.effect.each(
      Object.entries({ ...statuses, ...own }).map(([status, reason]) => ({ status: Number(status), reason }))
    )("calls HTTP $status $reason", ({ reason, status }) =>
      Effect.gen(function* () {
        const error = yield* fail(respond(() => new Response("", { status })))
        assert.strictEqual(error.reason._tag, reason)
      })
    )

    it.effect.each(refused)("calls a refusal by its reason (%#)", ([answer, reason]) =>
      Effect.gen(function* () {
        const error = yield* fail(respond(answer))
        assert.strictEqual(error.reason._tag, reason)
      })
    )

    it.effect("waits as long as Retry-After says", () =>
      Effect.gen(function* () {
        const error = yield* fail(respond(() => new Response("", { status: 429, headers: { "retry-after": "17" } })))
        assert.strictEqual(error.reason._tag === "RateLimited" && Duration.toSeconds(error.reason.retryAfter), 17)
      })
    )

    it.effect("calls a broken connection Unavailable", () =>
      Effect.gen(function* () {
        const error = yield* fail(disconnect)
        assert.strictEqual(error.reason._tag, "Unavailable")
      })
    )

    it.effect("prints no secret when it fails, even if the service echoes them all", () =>
      Effect.gen(function* () {
        const echo = () => new Response(secrets.join(" "), { status: 400 })
        for (const answer of [disconnect, respond(() => new Response("", { status: 500 })), respond(echo)]) {
          const { exit, spans } = yield* deliver(notifications.Raised, answer)
          assert.isTrue(Exit.isFailure(exit))
          if (Exit.isFailure(exit)) assertNoSecret(Cause.pretty(exit.cause))
          assertNoSecret(JSON.stringify(exit))
          assertNoSecret(JSON.stringify(spans.map((span) => [...span.attributes])))
        }
      })
    )
  })
}

type Answer = (
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

const respond =
  (response: () => Response): Answer =>
  (request) =>
    Effect.sync(() => HttpClientResponse.fromWeb(request, response()))

const disconnect: Answer = (request) =>
  Effect.fail(
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, cause: new Error(`connect ECONNREFUSED ${request.url}`) })
    })
  )
