import { assert, describe, it } from "@effect/vitest"
import {
  ChannelPlugin,
  DeliveryError,
  HttpChannel,
  Message,
  type Notification,
  type Preview,
  Unavailable
} from "@tocsin/core"
import { ChannelPluginTest } from "@tocsin/core/testing"
import { Clock, Config, Effect, Exit, Layer, Redacted, Schedule, Schema } from "effect"
import { HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"

const url = "https://hooks.example.com/s3cr3t-of-the-hook"
const described = { title: "URL", description: "Where to post" }
const Settings = Schema.Struct({ url: Schema.Redacted(Schema.String).annotateKey(described) })
type Settings = typeof Settings.Type

type Send = (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  settings: Settings
) => Effect.Effect<ChannelPlugin.Receipt, DeliveryError>

interface Spoils {
  readonly declared?: Partial<ChannelPlugin.Options<typeof Settings>>
  readonly http?: Partial<HttpChannel.Options<Settings>>
  readonly send?: Send
  readonly options?: Omit<Partial<ChannelPluginTest.Options<never>>, "layer">
  readonly unread?: true
}

const text = (notification: Notification) => Message.plainText(Message.fromNotification(notification), 1000)

const blocks = (text: string): ReadonlyArray<Preview.Block> => [{ _tag: "Text", spans: [{ _tag: "Plain", text }] }]

const post = ({ url }: Settings, notification: Notification) =>
  HttpClientRequest.post(Redacted.value(url)).pipe(HttpClientRequest.bodyText(text(notification)))

const bodyOf = ({ body }: HttpClientRequest.HttpClientRequest): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

/** The checks of a sound plugin, with what is spoilt in it. */
const checks = ({ declared, http, options, send, unread }: Spoils) => {
  class Hook extends ChannelPlugin.Service<Hook>()("hook", {
    title: "Hook",
    settings: Settings,
    settingsVersion: 1,
    example: { url: "https://hooks.example.com/xxx" },
    setup: ["Make a hook."],
    budgets: () => [{ key: "hook", messages: 1, perSeconds: 1, burst: 1 }],
    sizes: { text: 1000 },
    capabilities: {},
    preview: (_, notification) => ({ blocks: blocks(text(notification)) }),
    ...declared
  }) {}
  const layer =
    send === undefined
      ? HttpChannel.layer(Hook, { request: post, ...http })
      : Layer.effect(
          Hook,
          Effect.gen(function* () {
            const client = yield* HttpClient.HttpClient
            return Hook.of({
              deliver: (settings, notification) => send(client, post(settings, notification), settings),
              destination: ({ url }) => new URL(Redacted.value(url)).origin
            })
          })
        )
  return ChannelPluginTest.checks(Hook, {
    layer,
    settings: { url },
    secrets: ["s3cr3t-of-the-hook"],
    accepted: () => new Response("ok"),
    validate: ({ body }) =>
      body._tag === "Uint8Array" && body.body.length > 0 && body.body.length <= 4000 ? [] : ["has no fitting text"],
    ...(unread !== true && {
      read: (request) => ({ blocks: blocks(bodyOf(request)) })
    }),
    ...options
  })
}

const unavailable = new DeliveryError({ reason: new Unavailable({ detail: "no connection" }) })

const execute: Send = (client, request) =>
  client.execute(request).pipe(
    Effect.mapError(() => unavailable),
    Effect.flatMap(byStatus)
  )

const byStatus = ({ status }: HttpClientResponse.HttpClientResponse) =>
  status < 300 ? Effect.succeed({}) : Effect.fail(unavailable)

let told = 0

const readChannel = Effect.gen(function* () {
  return yield* Config.String("HOOK_CHANNEL")
}).pipe(Effect.orDie)

const spoilt: ReadonlyArray<readonly [fault: string, caughtBy: string, Spoils]> = [
  [
    "ignores the status code, as GoAlert did (target/goalert#4558)",
    "calls HTTP 404 DestinationGone",
    {
      send: (client, request) =>
        Effect.as(
          Effect.mapError(client.execute(request), () => unavailable),
          {}
        )
    }
  ],
  [
    "takes a refusal in a 200 for delivered",
    "calls refusal 1 DestinationGone",
    { options: { refused: [[() => new Response("no_service"), "DestinationGone"]] } }
  ],
  ["calls every failure Unavailable", "calls HTTP 401 Unauthorized", { send: execute }],
  ["does not read Retry-After", "waits as long as Retry-After says", { send: execute }],
  [
    "retries",
    "makes one attempt, whatever happens",
    { send: (...call) => Effect.retry(execute(...call), { times: 2, schedule: Schedule.spaced("10 seconds") }) }
  ],
  [
    "gives up after a time of its own",
    "has no timeout of its own",
    {
      send: (...call) =>
        Effect.timeoutOrElse(execute(...call), { duration: "10 seconds", orElse: () => Effect.fail(unavailable) })
    }
  ],
  [
    "cannot be interrupted",
    "can be interrupted while the service hangs",
    { send: (...call) => Effect.uninterruptible(execute(...call)) }
  ],
  [
    "logs",
    "writes no logs, and no secret into spans or receipts",
    { send: (...call) => Effect.tap(execute(...call), () => Effect.log("delivered")) }
  ],
  [
    "gives its URL back in the receipt",
    "writes no logs, and no secret into spans or receipts",
    { send: (...call) => Effect.as(execute(...call), { data: { url } }) }
  ],
  [
    "writes its URL into a span",
    "writes no logs, and no secret into spans or receipts",
    { send: (...call) => Effect.withSpan(execute(...call), "deliver", { attributes: { url } }) }
  ],
  [
    "says its URL in an error",
    "prints no secret when it fails, even if the service echoes them all",
    {
      send: (client, request) =>
        Effect.mapError(
          client.execute(request),
          (error) => new DeliveryError({ reason: new Unavailable({ detail: error.message }) })
        ).pipe(Effect.flatMap(byStatus))
    }
  ],
  [
    "reads configuration",
    "reads no configuration",
    { send: (...call) => Effect.flatMap(readChannel, () => execute(...call)) }
  ],
  [
    "counts its messages in a variable",
    "makes the same requests for the same input, whatever was sent before and whatever the time is",
    { http: { request: (settings, of) => HttpClientRequest.setHeader(post(settings, of), "x-count", String(told++)) } }
  ],
  [
    "writes the time into its message",
    "makes the same requests for the same input, whatever was sent before and whatever the time is",
    {
      send: (client, request, settings) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          execute(client, HttpClientRequest.setHeader(request, "x-now", String(now)), settings)
        )
    }
  ],
  [
    "posts twice",
    "gives what the service takes for a Raised",
    { http: { request: (settings, of) => [post(settings, of), post(settings, of)] } }
  ],
  [
    "throws on a kind that it does not know",
    "gives what the service takes for a Notice",
    {
      http: {
        request: (settings, of) => {
          if (!("alert" in of)) throw new Error("no alert")
          return post(settings, of)
        }
      }
    }
  ],
  [
    "does not cut long names",
    "gives what the service takes for names at their limits",
    {
      http: {
        request: (settings, of) =>
          HttpClientRequest.bodyText(post(settings, of), Message.fromNotification(of).headline.padEnd(1))
      }
    }
  ],
  [
    "lists all observations",
    "gives what the service takes for 5,000 observations",
    { http: { request: (settings, of) => HttpClientRequest.bodyText(post(settings, of), JSON.stringify(of)) } }
  ],
  [
    "sends more plain text than it declares",
    "keeps its plain form within the size that it declares",
    { declared: { sizes: { text: 900 } } }
  ],
  [
    "gives a page back in its receipt",
    "gives a receipt of at most 4 KiB",
    { http: { answer: () => ({ data: "x".repeat(4095) }) } }
  ],
  [
    "leaves a text out of its preview",
    "previews what it sends for a Cleared",
    {
      declared: {
        preview: (_, notification) => ({ blocks: blocks(Message.fromNotification(notification).headline) })
      }
    }
  ],
  [
    "previews a link that is not sent",
    "previews what it sends for a Raised",
    {
      declared: {
        preview: (_, notification) => ({
          blocks: [
            ...blocks(text(notification)),
            { _tag: "Footer", spans: [{ _tag: "Link", text: "More", link: new URL("https://more.example.com/") }] }
          ]
        })
      }
    }
  ],
  [
    "previews facts in another order",
    "previews what it sends for a Notice",
    {
      declared: {
        preview: (_, notification) => ({ blocks: text(notification).split("\n").toReversed().flatMap(blocks) })
      }
    }
  ],
  [
    "previews a colour that is not sent",
    "previews what it sends for a Test",
    { declared: { preview: (_, notification) => ({ accent: "#C62828", blocks: blocks(text(notification)) }) } }
  ],
  [
    "previews a colour that is none",
    "previews what it sends for a Digest",
    {
      declared: { preview: (_, notification) => ({ accent: "red", blocks: blocks(text(notification)) }) },
      options: { read: (request) => ({ accent: "red", blocks: blocks(bodyOf(request)) }) }
    }
  ],
  ["previews what nobody reads", "previews what it sends for any notification", { unread: true }],
  [
    "posts to verify",
    "verifies only if it says so, and with one request that posts nothing",
    {
      declared: { capabilities: { verify: true } },
      http: { verify: ({ url }) => HttpClientRequest.post(Redacted.value(url)) }
    }
  ],
  [
    "claims that it can verify",
    "verifies only if it says so, and with one request that posts nothing",
    { declared: { capabilities: { verify: true } } }
  ],
  ["has an example that does not decode", "gives an example that decodes", { declared: { example: {} } }],
  ["says nothing of how to set it up", "says how to set it up", { declared: { setup: [] } }],
  [
    "bursts above its own limit",
    "declares budgets that can be spent",
    { declared: { budgets: () => [{ key: "hook", messages: 1, perSeconds: 1, burst: 2 }] } }
  ],
  [
    "reads an answer to its end",
    "reads no more of an endless answer than it needs",
    {
      send: (client, request) =>
        client.execute(request).pipe(
          Effect.tap((response) => response.text),
          Effect.mapError(() => unavailable),
          Effect.flatMap(byStatus)
        )
    }
  ]
]

const failing = Effect.fnUntraced(function* (all: ReadonlyArray<ChannelPluginTest.Check>) {
  const names: Array<string> = []
  for (const { name, run } of all) if (Exit.isFailure(yield* Effect.exit(run))) names.push(name)
  return names
})

describe("ChannelPluginTest", () => {
  it.effect("finds nothing wrong with a sound plugin", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* failing(checks({})), [])
    })
  )

  it.effect.each(spoilt)("catches a plugin that %s", ([, caughtBy, spoils]) =>
    Effect.gen(function* () {
      const named = checks(spoils).filter(({ name }) => name === caughtBy)
      assert.deepStrictEqual(yield* failing(named), [caughtBy])
    })
  )
})
