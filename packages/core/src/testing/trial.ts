/**
 * Calls a plugin once and observes everything that is visible from outside.
 */
import { assert } from "@effect/vitest"
import { Cause, ConfigProvider, Effect, Exit, Fiber, Layer, Logger, Predicate, Redacted, Schema, Tracer } from "effect"
import { TestClock } from "effect/testing"
import type * as ChannelPlugin from "../ChannelPlugin.ts"
import { DeliveryError, type PartialDelivery, type Reason } from "../DeliveryError.ts"
import type { Notification } from "../Notification.ts"
import type { Common } from "./options.ts"
import { notifications } from "./samples.ts"
import type { Answer, Sent, Service } from "./service.ts"

/** The observations of a call. */
export interface Seen<A> {
  readonly exit: Exit.Exit<A, unknown>
  readonly sent: ReadonlyArray<Sent>
  /** The requests and connections that were still open when the call ended. */
  readonly left: ReadonlyArray<Sent>
  readonly logs: ReadonlyArray<string>
  /** The paths of the configuration that was read. */
  readonly configuration: ReadonlyArray<string>
  /** Names and attributes of the spans. */
  readonly spans: string
  /** Everything that the outcome prints, in words and as JSON. */
  readonly printed: string
}

/**
 * How to deliver: by default to a service that accepts the message, in its rich form, with the settings of the test.
 */
interface How {
  readonly answer?: Answer
  readonly form?: ChannelPlugin.Form
  readonly conversation?: ChannelPlugin.Conversation
  readonly deliveryId?: string
  readonly partial?: PartialDelivery
  readonly settings?: Schema.Json
}

/** The most bytes of a partial result, as JSON. */
const maxPartialBytes = 4096

/** How the checks deliver if only the notification matters. */
export const rich: ChannelPlugin.DeliverOptions = { form: "rich", deliveryId: "01966d2c-6d00-7000-8000-0000000000d1" }

/** Makes the context of the checks: the plugin, its settings, its service, and calls of the plugin. */
export const make = <Self, Settings extends Schema.Codec<any, any>>(
  plugin: ChannelPlugin.ChannelPlugin<Self, string, Settings>,
  options: Common<Self>,
  service: Service
) => {
  type Use<A, E> = (channel: ChannelPlugin.Channel<Settings["Type"]>, settings: Settings["Type"]) => Effect.Effect<A, E>
  const json = Schema.toCodecJson(plugin.settings)
  const decode = (settings: Schema.Json) => Effect.orDie(Schema.decodeEffect(json)(settings))

  /**
   * Runs the plugin and records what it sends, logs, reads and traces; `use` is called with its channel and decoded
   * settings.
   */
  const within = <A, E>(answer: Answer, use: Use<A, E>, settings = options.settings) => {
    const sent: Array<Sent> = []
    const left: Array<Sent> = []
    const logs: Array<string> = []
    const configuration: Array<string> = []
    const spans: Array<Tracer.Span> = []
    const call = Effect.gen(function* () {
      const channel = yield* plugin
      return yield* Effect.onExit(use(channel, yield* decode(settings)), () =>
        Effect.sync(() => left.push(...sent.filter(({ isOpen }) => isOpen())))
      )
    }).pipe(
      Effect.provide(Layer.fresh(options.layer).pipe(Layer.provide(answer((one) => sent.push(one))))),
      Effect.provideService(
        Logger.CurrentLoggers,
        new Set([Logger.make(({ message }) => void logs.push(print(message)))])
      ),
      Effect.provideService(
        ConfigProvider.ConfigProvider,
        ConfigProvider.make((path) => Effect.sync(() => void configuration.push(path.join("."))))
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
      sent,
      seen: (exit: Exit.Exit<A, unknown>): Seen<A> => ({
        exit,
        sent,
        left,
        logs,
        configuration,
        spans: print(spans.map(({ attributes, name }) => [name, ...attributes])),
        printed:
          print(exit) + (exit._tag === "Failure" ? Cause.pretty(exit.cause) + String(Cause.squash(exit.cause)) : "")
      })
    }
  }

  /** Calls the plugin and lets hours pass until it ends, so that no timer of its own goes unnoticed. */
  const call = Effect.fnUntraced(function* <A, E>(answer: Answer, use: Use<A, E>, settings?: Schema.Json) {
    const { call, seen } = within(answer, use, settings)
    const fiber = yield* Effect.forkChild(call)
    for (let turns = 0; turns < 500 && fiber.pollUnsafe() === undefined; turns++) {
      yield* nextTurn
      if (turns < 50) continue
      yield* pause
      yield* TestClock.adjust("1 minute")
    }
    const exit = fiber.pollUnsafe()
    if (exit === undefined) {
      yield* Fiber.interrupt(fiber)
      return assert.fail("the call does not end, although the service answered")
    }
    return seen(exit)
  })

  const deliver = (
    notification: Notification,
    {
      answer = service.accepts,
      conversation,
      deliveryId = rich.deliveryId,
      form = "rich",
      partial,
      settings = options.settings
    }: How = {}
  ) =>
    call(
      answer,
      (channel, settings) =>
        channel.deliver(settings, notification, {
          form,
          deliveryId,
          ...(conversation !== undefined && { conversation }),
          ...(partial !== undefined && { partial })
        }),
      settings
    )

  /** Whether the plugin can verify these settings. */
  const canVerify = Effect.fnUntraced(function* (settings?: Schema.Json) {
    const { exit, printed } = yield* call(
      service.accepts,
      ({ verify }, settings) => Effect.sync(() => verify?.(settings) !== undefined),
      settings
    )
    return Exit.isSuccess(exit) ? exit.value : assert.fail(printed)
  })

  /** Verifies the settings of the test, if the plugin can. */
  const verify = (answer: Answer, settings?: Schema.Json) =>
    call(answer, ({ verify }, settings) => verify?.(settings) ?? Effect.void, settings)

  /** Fails the check unless the next attempt, which gets this partial result as it is stored, can complete the delivery. */
  const continues = Effect.fnUntraced(function* ({ data }: PartialDelivery, settings?: Schema.Json) {
    const stored = JSON.stringify(data)
    const bytes = new TextEncoder().encode(stored).length
    assert.isAtMost(bytes, maxPartialBytes, "`partial.data` is longer than 4 KiB")
    const partial = { data: JSON.parse(stored) }
    const { exit, printed } = yield* deliver(notifications.Raised, { partial, ...(settings && { settings }) })
    assert.isTrue(
      Exit.isSuccess(exit),
      `the service accepts the rest, but \`deliver\` fails from \`partial\`: ${printed}`
    )
  })

  /** Delivers, and returns the reason of a failure, or undefined on success. Fails the check on any other error. */
  const outcome = Effect.fnUntraced(function* (answer: Answer, settings?: Schema.Json) {
    const { exit, printed } = yield* deliver(notifications.Raised, { answer, ...(settings && { settings }) })
    if (Exit.isSuccess(exit)) return
    const error = Cause.squash(exit.cause)
    if (error instanceof DeliveryError) {
      if (error.partial !== undefined) yield* continues(error.partial, settings)
      return error.reason
    }
    return assert.fail(`\`deliver\` fails with something other than a DeliveryError: ${printed}`)
  })

  /** Delivers, and returns the reason of the failure, which must be the expected one if one is given. */
  const fails = Effect.fnUntraced(function* (
    answer: Answer,
    expected?: Reason["_tag"] | Reason,
    settings?: Schema.Json
  ) {
    const reason = yield* outcome(answer, settings)
    if (reason === undefined) return assert.fail("the service refused the message, but `deliver` succeeds")
    if (typeof expected === "string") assert.strictEqual(reason._tag, expected, `\`deliver\` failed: ${reason.detail}`)
    else if (expected !== undefined) {
      assert.deepStrictEqual(withoutDetail(reason), withoutDetail(expected), `\`deliver\` failed: ${reason.detail}`)
    }
    return reason
  })

  return {
    plugin,
    options,
    service,
    outcome,
    fails,
    json,
    decode,
    within,
    call,
    deliver,
    verify,
    canVerify,
    settings: decode(options.settings)
  }
}

/** A reason as the checks compare it, without the service's own words. */
const withoutDetail = (reason: Reason) => ({
  tag: reason._tag,
  retryAfter: "retryAfter" in reason ? reason.retryAfter : undefined,
  unanswered: "unanswered" in reason && reason.unanswered === true
})

export type Trial = ReturnType<typeof make<any, Schema.Codec<any, any>>>

/** Waits for the event loop, which may be reading a body. */
export const nextTurn = Effect.promise(() => new Promise<void>((resolve) => void setImmediate(resolve)))

/** Waits for other threads, which may be computing a signature. */
export const pause = Effect.promise(() => new Promise<void>((resolve) => void setTimeout(resolve)))

/** Prints a value as text, with everything that a careless printer would show. */
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
