/**
 * A channel that does what a script says, and writes down what it was asked to send.
 */
import { ChannelPlugin, DeliveryError, HttpChannel, type Notification, type Reason, Unavailable } from "@tocsin/core"
import { Clock, type DateTime, Deferred, Effect, Layer, Redacted, Schema } from "effect"

/** One attempt, as the channel saw it. */
export interface Sent {
  readonly at: number
  readonly channel: string
  readonly kind: Notification["_tag"]
  readonly form: ChannelPlugin.Form
  readonly notification: Notification
  readonly receipt: unknown
  readonly conversation: string | undefined
}

/** What the channel does with one attempt. */
export type Answer =
  | "ok"
  | "hang"
  | "die"
  | "interrupt"
  | { readonly give: unknown }
  | "throw"
  | { readonly fail: Reason }
  | { readonly left: number; readonly until: DateTime.Utc }
  | { readonly connected: Deferred.Deferred<void> }
  | { readonly gate: Deferred.Deferred<void>; readonly after?: Exclude<Answer, "throw"> }

/** Settings: the channel is the rate limit's key, unless `shared` names one. */
export class Fake extends ChannelPlugin.Service<Fake>()("fake", {
  title: "Fake",
  settings: Schema.Struct({
    channel: Schema.String,
    host: Schema.optionalKey(Schema.URL),
    token: Schema.optionalKey(Schema.Redacted(Schema.String)),
    proxy: Schema.optionalKey(
      Schema.Struct({
        name: Schema.String,
        password: Schema.optionalKey(Schema.Redacted(Schema.String.check(Schema.isMinLength(4))))
      })
    ),
    shared: Schema.optionalKey(Schema.String),
    messages: Schema.optionalKey(Schema.Int),
    burst: Schema.optionalKey(Schema.Int)
  }),
  settingsVersion: 1,
  example: {},
  setup: [],
  rateLimits: ({ burst = 100_000, messages = 100_000, channel, shared }) => [
    { key: shared ?? channel, messages, perSeconds: 60, burst }
  ],
  sizes: { text: 4000 },
  capabilities: {}
}) {}

/** What is to be answered, and what was sent. */
export class Script {
  readonly sent: Array<Sent> = []
  /** The source's ids of alerts at which the channel throws a `RangeError`. */
  readonly poisonous = new Set<string>()
  readonly tokens: Array<string | undefined> = []
  readonly #answers = new Map<string, Array<Answer>>()
  readonly #always = new Map<string, Answer>()

  /** The next answers to the channel's attempts; after them, what `always` says. */
  next(channel: string, ...answers: ReadonlyArray<Answer>) {
    this.#answers.set(channel, [...(this.#answers.get(channel) ?? []), ...answers])
  }

  always(channel: string, answer: Answer) {
    this.#always.set(channel, answer)
  }

  /** The kinds that were sent to the channel, in order. */
  kinds(channel: string) {
    return this.to(channel).map(({ kind }) => kind)
  }

  to(channel: string) {
    return this.sent.filter((sent) => sent.channel === channel)
  }

  answer(channel: string): Answer {
    return this.#answers.get(channel)?.shift() ?? this.#always.get(channel) ?? "ok"
  }

  get layer(): Layer.Layer<Fake> {
    const act = (answer: Answer): Effect.Effect<ChannelPlugin.Receipt, DeliveryError> => {
      if (answer === "ok") return Effect.succeed({ data: this.sent.length })
      if (answer === "hang") return Effect.never
      if (answer === "die") return Effect.die(new Error("a bug of the plugin"))
      if (answer === "interrupt") return Effect.interrupt
      if (answer === "throw") throw new Error("a bug of the plugin, outside of any effect")
      // A plugin in JavaScript can give back anything.
      if ("give" in answer) return Effect.sync(() => JSON.parse(JSON.stringify(answer.give)))
      if ("fail" in answer) return Effect.fail(new DeliveryError({ reason: answer.fail }))
      if ("connected" in answer) {
        return Effect.andThen(Deferred.await(answer.connected), HttpChannel.MaySend).pipe(
          Effect.flatMap((maySend) => (maySend() ? act("ok") : act({ fail: new Unavailable({ detail: "refused" }) })))
        )
      }
      if ("gate" in answer) return Effect.andThen(Deferred.await(answer.gate), act(answer.after ?? "ok"))
      return Effect.map(Effect.void, () => ({
        rateLimits: [{ key: "shared", remaining: answer.left, resetAt: answer.until }]
      }))
    }
    return Layer.effect(
      Fake,
      Effect.map(Clock.Clock, (clock) =>
        Fake.of({
          deliver: ({ channel, token }, notification, { conversation, form }) => {
            this.sent.push({
              at: clock.currentTimeMillisUnsafe(),
              channel,
              form,
              notification,
              kind: notification._tag,
              receipt: conversation?.messages[0]?.receipt.data,
              conversation: conversation?.id
            })
            this.tokens.push(token && Redacted.value(token))
            if ("alert" in notification && this.poisonous.has(notification.alert.sourceId)) {
              throw new RangeError(`cannot send ${notification.alert.sourceId}`)
            }
            return act(this.answer(channel))
          },
          destination: ({ host }) => host?.href ?? "https://fake.example.com"
        })
      )
    )
  }
}
