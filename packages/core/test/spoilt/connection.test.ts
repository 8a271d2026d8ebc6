import {
  ChannelPlugin,
  Connector,
  DeliveryError,
  Message,
  PayloadRejected,
  redactText,
  Unavailable
} from "@tocsin/core"
import { ChannelPluginTest } from "@tocsin/core/testing"
import { Effect, Layer, Option, Redacted, Schedule, Schema, Scope, Stream } from "effect"
import { Socket } from "effect/socket"
import { catches, findsNothing } from "./catches.ts"

const Settings = Schema.Struct({
  host: Schema.String.annotateKey({ title: "Host", description: "The server's host name" }),
  token: Schema.Redacted(Schema.String).annotateKey({ title: "Token", description: "Who may speak" })
})
type Settings = typeof Settings.Type
type Channel = ChannelPlugin.Channel<Settings>
type Deliver = Channel["deliver"]
type Connect = Connector["Service"]["connect"]

interface Spoils {
  /** What an answer of the server means, none where the connection ended without one. */
  readonly read?: (answer: Option.Option<string>, settings: Settings) => DeliveryError | undefined
  readonly broken?: DeliveryError
  /** How much it reads of an answer. */
  readonly pieces?: number
  readonly connect?: (connect: Connect) => Connect
  readonly channel?: (sound: Channel, connect: Connect) => Partial<Channel>
  readonly declared?: Partial<ChannelPlugin.Options<typeof Settings>>
}

const ended = new DeliveryError({ reason: new Unavailable({ detail: "The connection ended", unanswered: true }) })
const failed = new DeliveryError({ reason: new Unavailable({ detail: "It failed" }) })

const soundRead: NonNullable<Spoils["read"]> = (answer, settings) =>
  Option.match(answer, {
    onNone: () => ended,
    onSome: (line) =>
      line === "ok"
        ? undefined
        : new DeliveryError({ reason: new PayloadRejected({ detail: redactText(line, settings) }) })
  })

/** All checks of a plugin that writes a line and reads one, in which something is spoilt. */
const checks = ({
  broken = ended,
  channel,
  connect: dial = (connect) => connect,
  declared,
  pieces = 16,
  read = soundRead
}: Spoils) => {
  class Line extends ChannelPlugin.Service<Line>()("line", {
    title: "Line",
    settings: Settings,
    settingsVersion: 1,
    example: { host: "line.example.com", token: "xxx" },
    setup: ["Ask for a token."],
    rateLimits: ({ token }) => [{ key: token, messages: 1, perSeconds: 1, burst: 1 }],
    sizes: { text: 1000 },
    capabilities: {},
    ...declared
  }) {}
  const layer = Layer.effect(
    Line,
    Effect.gen(function* () {
      const connector = yield* Connector
      const connect = dial(connector.connect)
      const sound: Channel = {
        deliver: Effect.fnUntraced(function* (settings, notification) {
          const socket = yield* connect({ host: settings.host, port: 7000, tls: true })
          const pull = yield* Effect.mapError(Socket.readerString(socket), () => broken)
          const { write } = yield* socket.writer
          const text = Message.plainText(Message.fromNotification(notification), 1000).replaceAll("\n", " ")
          yield* Effect.mapError(write(`${Redacted.value(settings.token)} ${text}\n`), () => broken)
          const answer = yield* Stream.fromPull(Effect.succeed(pull)).pipe(
            Stream.take(pieces),
            Stream.splitLines,
            Stream.runHead,
            Effect.mapError(() => broken)
          )
          const error = read(answer, settings)
          if (error !== undefined) return yield* error
          return {}
        }, Effect.scoped),
        destination: ({ host }) => `tls://${host}:7000`
      }
      return Line.of({ ...sound, ...channel?.(sound, connect) })
    })
  )
  return ChannelPluginTest.checks(Line, {
    layer,
    settings: { host: "line.test", token: "s3cr3t-token" },
    secrets: ["s3cr3t-token"],
    peer: () => ({ answer: () => "ok\n" }),
    refused: [[() => ({ answer: () => "no\n" }), "PayloadRejected"]],
    validate: (written) => (/^\S+ [^\n]+\n$/.test(new TextDecoder().decode(written)) ? [] : ["is not one line"])
  })
}

const delivering = (spoil: (deliver: Deliver, ...of: Parameters<Deliver>) => ReturnType<Deliver>): Spoils => ({
  channel: ({ deliver }) => ({ deliver: (...of) => spoil(deliver, ...of) })
})

/** Opens a connection, writes, and reads nothing. */
const writing = (connect: Connect, text: string) =>
  Effect.gen(function* () {
    const socket = yield* connect({ host: "line.test", port: 7000, tls: true })
    const { write } = yield* socket.writer
    yield* Effect.ignore(write(text))
  }).pipe(Effect.scoped)

findsNothing("by a connection", checks({}))

catches<Spoils>("connections", checks, [
  [
    "calls a message delivered that was only written",
    "calls refusal 1 PayloadRejected",
    { read: () => undefined },
    /malformed|endless/
  ],
  [
    "takes the end of a connection for an answer",
    "calls a connection that ends early Unavailable",
    delivering((deliver, ...of) =>
      Effect.catchIf(
        deliver(...of),
        ({ reason }) => reason._tag === "Unavailable" && reason.unanswered === true,
        () => Effect.succeed({})
      )
    ),
    /malformed/
  ],
  [
    "does not say that a message was perhaps taken",
    "reports an unknown outcome where the connection ends after the message",
    { broken: failed, read: (answer, settings) => (Option.isNone(answer) ? failed : soundRead(answer, settings)) }
  ],
  [
    "throws on what it does not know",
    "understands malformed answers",
    {
      read: (answer, settings) => {
        if (Option.isSome(answer) && !/^(ok|no)$/.test(answer.value)) throw new Error("What is that?")
        return soundRead(answer, settings)
      }
    },
    /endless|^ends every attempt/
  ],
  ["reads a line to its end", "reads no more of an endless answer than it needs", { pieces: Number.POSITIVE_INFINITY }],
  [
    "calls every failure to connect Unavailable",
    "reports why there is no connection",
    { connect: (connect) => (endpoint) => Effect.mapError(connect(endpoint), () => failed) }
  ],
  [
    "connects until it can",
    "makes one attempt, whatever happens",
    {
      connect: (connect) => (endpoint) =>
        Effect.retry(connect(endpoint), { times: 2, schedule: Schedule.spaced("10 seconds") })
    }
  ],
  [
    "writes each line of a message as one of its own",
    "sends what the service accepts for a Raised",
    {
      channel: (_, connect) => ({
        deliver: (_, notification) => {
          const text = Message.plainText(Message.fromNotification(notification), 1000)
          return Effect.as(writing(connect, text), {})
        }
      })
    },
    /./
  ],
  [
    "keeps its connections",
    "leaves no connection open",
    {
      connect: (connect) => (endpoint) =>
        Effect.flatMap(Scope.make(), (scope) => Effect.provideService(connect(endpoint), Scope.Scope, scope))
    },
    /^can be interrupted/
  ],
  [
    "cannot be interrupted",
    "can be interrupted while the service hangs",
    delivering((deliver, ...of) => Effect.uninterruptible(deliver(...of)))
  ],
  [
    "gives up after a time of its own",
    "has no timeout of its own",
    delivering((deliver, ...of) =>
      Effect.timeoutOrElse(deliver(...of), { duration: "10 seconds", orElse: () => Effect.fail(failed) })
    )
  ],
  [
    "says what the service says, with the secret in it",
    "prints no secret, whatever the service answers",
    {
      read: (answer, settings) => {
        const error = soundRead(answer, settings)
        if (error?.reason._tag !== "PayloadRejected") return error
        return new DeliveryError({ reason: new PayloadRejected({ detail: Option.getOrElse(answer, () => "") }) })
      }
    }
  ],
  [
    "says that it sends in the clear",
    "names its destination",
    { channel: () => ({ destination: ({ host }) => `tcp://${host}:7000` }) }
  ],
  [
    "speaks to verify",
    "posts nothing to verify, and makes one attempt",
    {
      declared: { capabilities: { verify: true } },
      channel: (_, connect) => ({ verify: () => writing(connect, "s3cr3t-token test\n") })
    }
  ]
])
