/**
 * The services at the other end: they do what the script says, and write down what they got.
 */
import {
  type AlertId,
  ChannelPlugin,
  DeliveryError,
  DestinationGone,
  IntegrationId,
  type Kind,
  Message,
  Misconfigured,
  type Notification,
  PayloadRejected,
  RateLimited,
  type Reason,
  type Severity,
  Unauthorized,
  Unavailable
} from "@tocsin/core"
import { PluginRegistry } from "@tocsin/delivery"
import { DateTime, Duration, Effect, Layer, Redacted, Schema } from "effect"
import type { Life } from "./Life.ts"
import type { Action, Behaviour, ScriptedIntegration } from "./Script.ts"
import type { VirtualClock } from "./VirtualClock.ts"

/** Whom operators are told by, in the runs that have it. */
export const operators = IntegrationId.make("d")

/** Whether the integration's plugin can find out without posting whether its service works. */
export const verifies = (integration: string) => integration === "b" || integration === "d"

/** The integration's own id is among its settings, so that its service knows who calls. */
const Settings = Schema.Struct({
  integration: Schema.String,
  place: Schema.Int,
  key: Schema.String,
  messages: Schema.Int,
  perSeconds: Schema.Int,
  burst: Schema.Int,
  token: Schema.Redacted(Schema.String)
})

const options: ChannelPlugin.Options<typeof Settings> = {
  title: "Simulated",
  settings: Settings,
  settingsVersion: 1,
  example: {},
  setup: [],
  rateLimits: ({ burst, key, messages, perSeconds }) => [{ key, messages, perSeconds, burst }],
  sizes: { text: 4000 },
  capabilities: {}
}

class Simulated extends ChannelPlugin.Service<Simulated>()("simulated", options) {}
class Verified extends ChannelPlugin.Service<Verified>()("verified", {
  ...options,
  capabilities: { verify: true }
}) {}

/** Secrets begin with it, and nothing else does. */
export const secretMark = "s3cr3t-"

export const settingsOf = ({ id, key, place, rate }: ScriptedIntegration) => ({
  integration: id,
  place,
  key,
  ...rate,
  token: `${secretMark}${id}`
})

/** One attempt, as the service saw it. */
export interface Call {
  readonly at: number
  readonly wall: number
  readonly integration: string
  readonly key: string
  readonly kind: Kind
  readonly alert: AlertId | undefined
  readonly severity: Severity | undefined
  readonly flaps: number
  readonly form: ChannelPlugin.Form
  /** The message in plain words, as history keeps it. */
  readonly text: string
  readonly place: number
  /** The call of which it was given the receipt. */
  readonly receipt: unknown
  /** How many alerts a digest says are raised, and cleared. */
  readonly digest: { readonly raised: number; readonly cleared: number } | undefined
  /** Whether the message is in the channel. */
  claimed: boolean
  /** `cut off`: the gateway died meanwhile. `unanswered`: the gateway gave up waiting, or was told that nobody knows. */
  outcome: "cut off" | "unanswered" | "acknowledged" | "failed"
}

type Order = Extract<Action, { readonly _tag: "Service" }>

export class Services {
  readonly calls: Array<Call> = []
  /** When each rate limit's key was asked to be left alone. */
  readonly pauses: Array<{ readonly key: string; readonly at: number }> = []
  readonly #clock: VirtualClock
  #orders: Array<{ readonly order: Order; times: number; readonly until: number }> = []

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  obey(order: Order) {
    const { lasts } = order
    this.#orders.push({
      order,
      times: "times" in lasts ? lasts.times : Infinity,
      until: "milliseconds" in lasts ? this.#clock.elapsed + lasts.milliseconds : Infinity
    })
  }

  /** All is well from now on. */
  heal() {
    this.#orders = []
  }

  readonly channels = (life: Life): Layer.Layer<PluginRegistry> =>
    PluginRegistry.layer([Simulated, Verified]).pipe(
      Layer.provide([
        Layer.sync(Simulated, () => Simulated.of(this.#channel(life))),
        Layer.sync(Verified, () =>
          Verified.of({
            ...this.#channel(life),
            verify: ({ integration }) => Effect.suspend(() => this.#verify(integration))
          })
        )
      ])
    )

  #channel(life: Life): ChannelPlugin.Channel<typeof Settings.Type> {
    return {
      deliver: (settings, notification, { conversation, form }) => {
        const call = this.#note(settings, notification, form, conversation?.messages[0]?.receipt.data)
        const behaviour = this.#behaviour(settings.integration)
        if (behaviour?.does === "throws in the plugin") {
          call.outcome = "failed"
          throw new Error(Redacted.value(settings.token))
        }
        return this.#act(behaviour, call, life, settings).pipe(
          Effect.onInterrupt(() =>
            Effect.sync(() => {
              call.outcome = "unanswered"
            })
          )
        )
      },
      destination: () => "https://example.com"
    }
  }

  #verify(integration: string): Effect.Effect<void, DeliveryError> {
    const behaviour = this.#behaviour(integration)
    switch (behaviour?.does) {
      case undefined:
        return Effect.void
      case "answers late":
        return Effect.sleep(behaviour.after)
      case "hangs":
        return Effect.never
      case "throws in the plugin":
        throw new Error(secretMark)
      case "breaks the plugin":
        return Effect.die(new Error(secretMark))
      case "breaks the plugin off":
        return Effect.interrupt
      default:
        return Effect.fail(new DeliveryError({ reason: new Unauthorized({ detail: "HTTP 403" }) }))
    }
  }

  #note(
    { integration, key, place }: typeof Settings.Type,
    notification: Notification,
    form: ChannelPlugin.Form,
    receipt: unknown
  ): Call {
    const alert = "alert" in notification ? notification.alert : undefined
    const call: Call = {
      at: this.#clock.elapsed,
      wall: this.#clock.wall,
      integration,
      key,
      kind: notification._tag,
      alert: alert?.id,
      severity: alert?.severity,
      flaps: "flaps" in notification ? (notification.flaps ?? 0) : 0,
      form,
      text: Message.plainText(Message.fromNotification(notification), 4096),
      place,
      receipt,
      digest:
        notification._tag === "Digest" ? { raised: notification.raised, cleared: notification.cleared } : undefined,
      claimed: false,
      outcome: "cut off"
    }
    this.calls.push(call)
    return call
  }

  #behaviour(integration: string): Behaviour | undefined {
    const next = this.#orders.find(
      ({ order, times, until }) => order.integration === integration && times > 0 && until > this.#clock.elapsed
    )
    if (next !== undefined) next.times--
    return next?.order.behaviour
  }

  #act(
    behaviour: Behaviour | undefined,
    call: Call,
    life: Life,
    { key, token }: { readonly key: string; readonly token: Redacted.Redacted }
  ): Effect.Effect<ChannelPlugin.Receipt, DeliveryError> {
    const secret = Redacted.value(token)
    const take = Effect.sync(() => {
      call.claimed = true
    })
    const acknowledge = Effect.sync((): ChannelPlugin.Receipt => {
      call.claimed = true
      call.outcome = "acknowledged"
      return { data: this.calls.indexOf(call) }
    })
    const fail = (reason: Reason, rateLimits?: DeliveryError["rateLimits"]) =>
      Effect.suspend(() => {
        call.outcome = reason._tag === "Unavailable" && reason.unanswered === true ? "unanswered" : "failed"
        return new DeliveryError({ reason, ...(rateLimits && { rateLimits }) })
      })
    const usual = Effect.andThen(Effect.sleep("300 millis"), acknowledge)
    switch (behaviour?.does) {
      case undefined:
      case "throws in the plugin":
        return usual
      case "answers late":
        return Effect.andThen(Effect.sleep(behaviour.after), acknowledge)
      case "asks to wait":
        this.pauses.push({ key, at: call.at })
        return fail(new RateLimited({ detail: "HTTP 429", retryAfter: Duration.millis(behaviour.milliseconds) }))
      case "has none left":
        this.pauses.push({ key, at: call.at })
        return Effect.map(acknowledge, (receipt) => ({
          ...receipt,
          rateLimits: [{ key, remaining: 0, resetAt: DateTime.makeUnsafe(this.#clock.wall + behaviour.milliseconds) }]
        }))
      case "hangs":
        return Effect.never
      case "takes it and hangs":
        return Effect.andThen(take, Effect.never)
      case "takes it and cuts the line":
        return Effect.andThen(take, fail(new Unavailable({ detail: "ECONNRESET", unanswered: true })))
      case "cuts the line":
        return fail(new Unavailable({ detail: "ECONNRESET", unanswered: true }))
      case "is busy":
        return fail(new Unavailable({ detail: "HTTP 503", retryAfter: Duration.millis(behaviour.milliseconds) }))
      case "is down":
        return fail(new Unavailable({ detail: "HTTP 503" }))
      case "refuses rich":
        return call.form === "rich" ? fail(new PayloadRejected({ detail: "HTTP 400" })) : usual
      case "refuses all":
        return fail(new PayloadRejected({ detail: "HTTP 400" }))
      case "denies":
        return fail(new Unauthorized({ detail: "HTTP 403" }))
      case "is gone":
        return fail(new DestinationGone({ detail: "HTTP 404" }))
      case "says something else":
        return fail(new Misconfigured({ detail: "HTTP 302" }))
      case "breaks the plugin":
        call.outcome = "failed"
        return Effect.die(new Error(secret))
      case "breaks the plugin off":
        return Effect.interrupt
      case "gives a bad receipt":
        // A plugin in JavaScript can give back anything.
        return Effect.map(acknowledge, () => JSON.parse('{ "link": "not a url" }'))
      case "takes it and the gateway dies":
        return Effect.andThen(
          take,
          Effect.suspend(() => {
            if (!life.canDie) return fail(new Unavailable({ detail: "ECONNRESET", unanswered: true }))
            life.die()
            return Effect.succeed({})
          })
        )
      case "answers and the gateway dies":
        return Effect.tap(acknowledge, () => Effect.sync(() => life.dieAfter(behaviour.operations)))
    }
  }
}
