/**
 * One call of a plugin, with all that can be seen of it from outside.
 */
import { assert } from "@effect/vitest"
import {
  Cause,
  ConfigProvider,
  Effect,
  type Exit,
  Fiber,
  Layer,
  Logger,
  Predicate,
  Redacted,
  Schema,
  Tracer
} from "effect"
import { HttpClient, HttpClientError, type HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import type * as ChannelPlugin from "../ChannelPlugin.ts"
import type { Notification } from "../Notification.ts"
import type { Options } from "./ChannelPluginTest.ts"

/** What the service does with a request. */
export type Answer = (
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

/** The service answers. */
export const respond =
  (response: () => Response): Answer =>
  (request) =>
    Effect.sync(() => HttpClientResponse.fromWeb(request, response()))

/** The connection breaks, with an error that names the URL, as those of real clients do. */
export const disconnect: Answer = (request) =>
  Effect.fail(
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, cause: new Error(`connect ECONNREFUSED ${request.url}`) })
    })
  )

/** What was seen of a call. */
export interface Seen<A> {
  readonly exit: Exit.Exit<A, unknown>
  readonly requests: ReadonlyArray<HttpClientRequest.HttpClientRequest>
  readonly logs: ReadonlyArray<string>
  /** Names and attributes of the spans. */
  readonly spans: string
  /** Everything that the outcome prints, in words and as JSON. */
  readonly printed: string
}

/** What the checks share: the plugin, its settings, and calls of it. */
export const make = <Self, Settings extends Schema.Codec<any, any>>(
  plugin: ChannelPlugin.ChannelPlugin<Self, string, Settings>,
  options: Options<Self>
) => {
  const json = Schema.toCodecJson(plugin.settings)
  const decode = (settings: Schema.Json) => Effect.orDie(Schema.decodeEffect(json)(settings))

  /** The plugin in a world that is watched; `use` is called with its channel and decoded settings. */
  const within = <A, E>(
    answer: Answer,
    use: (channel: ChannelPlugin.Channel<Settings["Type"]>, settings: Settings["Type"]) => Effect.Effect<A, E>
  ) => {
    const requests: Array<HttpClientRequest.HttpClientRequest> = []
    const logs: Array<string> = []
    const spans: Array<Tracer.Span> = []
    const client = HttpClient.make((request) => Effect.suspend(() => (requests.push(request), answer(request))))
    const call = Effect.gen(function* () {
      return yield* use(yield* plugin, yield* decode(options.settings))
    }).pipe(
      Effect.provide(Layer.fresh(options.layer).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))),
      Effect.provideService(
        Logger.CurrentLoggers,
        new Set([Logger.make(({ message }) => void logs.push(print(message)))])
      ),
      Effect.provideService(
        ConfigProvider.ConfigProvider,
        ConfigProvider.make(() => Effect.die(new Error("The plugin reads configuration")))
      ),
      Effect.withTracer(
        Tracer.make({
          span: (options) => {
            const span = new Tracer.NativeSpan(options)
            spans.push(span)
            return span
          }
        })
      )
    )
    return {
      call,
      requests,
      seen: (exit: Exit.Exit<A, unknown>): Seen<A> => ({
        exit,
        requests,
        logs,
        spans: print(spans.map(({ attributes, name }) => [name, ...attributes])),
        printed:
          print(exit) + (exit._tag === "Failure" ? Cause.pretty(exit.cause) + String(Cause.squash(exit.cause)) : "")
      })
    }
  }

  /** Calls the plugin and lets hours pass until it ends, so that nothing that it waits for hides. */
  const call = Effect.fnUntraced(function* <A, E>(
    answer: Answer,
    use: (channel: ChannelPlugin.Channel<Settings["Type"]>, settings: Settings["Type"]) => Effect.Effect<A, E>
  ) {
    const { call, seen } = within(answer, use)
    const fiber = yield* Effect.forkChild(call)
    for (let turns = 0; turns < 500 && fiber.pollUnsafe() === undefined; turns++) {
      yield* nextTurn
      if (turns >= 50) yield* TestClock.adjust("1 minute")
    }
    const exit = fiber.pollUnsafe()
    if (exit === undefined) {
      yield* Fiber.interrupt(fiber)
      return assert.fail("the call does not end by itself, though the service answered")
    }
    return seen(exit)
  })

  const deliver = (
    notification: Notification,
    { answer = respond(options.accepted), form = "rich" }: { answer?: Answer; form?: ChannelPlugin.Form } = {}
  ) => call(answer, (channel, settings) => channel.deliver(settings, notification, { form }))

  return { plugin, options, json, decode, within, call, deliver, settings: decode(options.settings) }
}

export type Trial = ReturnType<typeof make<any, Schema.Codec<any, any>>>

/** Lets what the platform does by itself, such as reading a body, go on. */
export const nextTurn = Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve)))

/** A value as text, with all that a careless printer would show of it. */
export const print = (value: unknown): string => {
  const seen = new Set<unknown>()
  return (
    JSON.stringify(value, (_, inner: unknown) => {
      if (Predicate.isBigInt(inner)) return String(inner)
      if (Redacted.isRedacted(inner)) return "<redacted>"
      if (!Predicate.isObject(inner)) return inner
      if (seen.has(inner)) return undefined
      seen.add(inner)
      return inner instanceof Error ? Object.assign({}, inner, { message: inner.message, stack: inner.stack }) : inner
    }) ?? String(value)
  )
}

/** A request as its service sees it. */
export const wire = (request: HttpClientRequest.HttpClientRequest): string => {
  const { body, headers, method } = request
  return JSON.stringify([method, urlOf(request), headers, bodyText(body)])
}

const urlOf = (request: HttpClientRequest.HttpClientRequest): string => {
  const url = new URL(request.url)
  for (const [key, value] of request.urlParams)
    url.searchParams.append(key, Redacted.isRedacted(value) ? String(Redacted.value(value)) : value)
  return url.href
}

const bodyText = (body: HttpClientRequest.HttpClientRequest["body"]): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : body._tag
