/**
 * A plugin in the way of Telegram: it edits its message when the alert clears or becomes more severe, and posts a new one
 * where the message was deleted.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  ChannelPlugin,
  HttpChannel,
  HttpClient,
  HttpClientRequest,
  Message,
  MessageGone,
  Misconfigured,
  type Notification
} from "@tocsin/core"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { Effect, Layer, Redacted, Schema } from "effect"
import { HttpClientResponse } from "effect/http"

const Sent = Schema.fromJsonString(Schema.Struct({ message_id: Schema.Int }))
const Kept = Schema.Struct({ messageId: Schema.Int })

class Bot extends ChannelPlugin.Service<Bot>()("bot", {
  title: "Bot",
  settings: Schema.Struct({
    token: Schema.Redacted(Schema.String).annotateKey({ title: "Token", description: "The bot's token" }),
    chat: Schema.String.annotateKey({ title: "Chat", description: "Where to post" })
  }),
  settingsVersion: 1,
  example: { token: "example", chat: "-100" },
  setup: ["Create a bot."],
  rateLimits: ({ chat, token }) => [
    { key: Redacted.make(`${Redacted.value(token)} ${chat}`), messages: 20, perSeconds: 60, burst: 1 }
  ],
  sizes: { text: 4096 },
  capabilities: { update: true }
}) {
  static readonly layer = HttpChannel.layer(Bot, {
    request: ({ chat, token }, notification, { conversation }) => {
      const call = (method: string, fields: object) =>
        HttpClientRequest.post(`https://bot.example.com/bot${Redacted.value(token)}/${method}`).pipe(
          HttpClientRequest.bodyJsonUnsafe({ chat, text: textOf(notification), ...fields })
        )
      const sent = (conversation?.messages ?? []).flatMap(({ receipt }) => {
        const kept = Schema.decodeUnknownOption(Kept)(receipt.data)
        return kept._tag === "Some" ? [kept.value.messageId] : []
      })
      const post: HttpChannel.Step<unknown> = {
        request: call("sendMessage", {}),
        next: ({ body, status }) => {
          if (status !== 200) return undefined
          const sent = Schema.decodeUnknownOption(Sent)(body)
          return sent._tag === "Some" ? { data: { messageId: sent.value.message_id } } : {}
        }
      }
      // Every message about the alert shows what is true now; a new one calls people.
      return sent.reduceRight<HttpChannel.Step<unknown>>(
        (then, messageId) => ({
          request: call("editMessage", { messageId }),
          next: ({ body, status }) => {
            if (status === 200) return then
            return body.includes("not found") ? new MessageGone({ detail: "HTTP 400: message not found" }) : undefined
          }
        }),
        post
      )
    }
  })
}

const textOf = (notification: Notification) => Message.plainText(Message.fromNotification(notification), Bot.sizes.text)

ChannelPluginTest.suite(Bot, {
  layer: Bot.layer,
  settings: { token: "s3cr3t-bot-token", chat: "-42" },
  secrets: ["s3cr3t-bot-token"],
  accepted: () => Response.json({ message_id: 7 }),
  idempotent: ({ url }) => url.endsWith("/editMessage")
})

describe("A step of a plugin", () => {
  /** A service that knows these messages, and the calls that it got. */
  const served = (known: ReadonlyArray<number>) => {
    const calls: Array<string> = []
    const client = HttpClient.make((request) =>
      Effect.sync(() => {
        const method = request.url.split("/").at(-1) ?? ""
        const { body } = request
        const { messageId } = JSON.parse(body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : "{}")
        calls.push(messageId === undefined ? method : `${method} ${messageId}`)
        const response =
          messageId === undefined || known.includes(messageId)
            ? Response.json({ message_id: known.length + 1 })
            : new Response("message to edit not found", { status: 400 })
        return HttpClientResponse.fromWeb(request, response)
      })
    )
    return { calls, layer: Bot.layer.pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client))) }
  }

  const settings = { token: Redacted.make("s3cr3t-bot-token"), chat: "-42" }

  const messages = [1, 2].map((messageId) => ({ kind: "Raised" as const, receipt: { data: { messageId } } }))

  const clear = (conversation: ChannelPlugin.Conversation) =>
    Effect.flatMap(Bot, (bot) =>
      bot.deliver(settings, samples.notifications.Cleared, { form: "rich", deliveryId: "d", conversation })
    )

  it.effect("edits every message of the conversation, then posts, and keeps the receipt of what it posted", () => {
    const { calls, layer } = served([1, 2])
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* clear({ id: "c", messages }), { data: { messageId: 3 } })
      assert.deepStrictEqual(calls, ["editMessage 1", "editMessage 2", "sendMessage"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("reports that a message is gone, and posts a new one where the conversation has none", () => {
    const { calls, layer } = served([1])
    return Effect.gen(function* () {
      const { reason } = yield* Effect.flip(clear({ id: "c", messages }))
      assert.strictEqual(reason._tag, "MessageGone")
      yield* clear({ id: "c", messages: [] })
      assert.deepStrictEqual(calls, ["editMessage 1", "editMessage 2", "sendMessage"])
    }).pipe(Effect.provide(layer))
  })

  it.effect.each<readonly [next: string, follows: ReturnType<HttpChannel.Step<unknown>["next"]>, outcome: object]>([
    ["nothing", undefined, { unreadable: "It broke off" }],
    ["a receipt", { data: 1 }, { data: 1, unreadable: "It broke off" }],
    ["a request", HttpClientRequest.get("https://bot.example.com/whole"), { data: "whole" }],
    [
      "a reason",
      new Misconfigured({ detail: "no token" }),
      { _tag: "Unavailable", detail: "HTTP 200, answer unreadable: It broke off" }
    ]
  ])("reads a 2xx that breaks off, where the step gives %s", ([, follows, outcome]) => {
    class One extends ChannelPlugin.Service<One>()("one", Bot) {
      static readonly layer = HttpChannel.layer(One, {
        request: () => ({ request: HttpClientRequest.get("https://bot.example.com/broken"), next: () => follows }),
        answer: ({ body }) => ({ data: body })
      })
    }
    const broken = () =>
      new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) }))
    const client = HttpClient.make((request) =>
      Effect.sync(() =>
        HttpClientResponse.fromWeb(request, request.url.endsWith("/broken") ? broken() : new Response("whole"))
      )
    )
    return Effect.gen(function* () {
      const one = yield* One
      const found = yield* one.deliver(settings, samples.notifications.Raised, { form: "rich", deliveryId: "d" }).pipe(
        Effect.match({
          onFailure: ({ reason: { _tag, detail } }): object => ({ _tag, detail }),
          onSuccess: (receipt) => receipt
        })
      )
      assert.deepStrictEqual(found, outcome)
    }).pipe(Effect.provide(One.layer.pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))))
  })

  it.effect("ends a plugin that loops", () => {
    const step: HttpChannel.Step<unknown> = {
      request: HttpClientRequest.get("https://bot.example.com/"),
      next: () => step
    }
    class Loop extends ChannelPlugin.Service<Loop>()("loop", Bot) {
      static readonly layer = HttpChannel.layer(Loop, { request: () => step })
    }
    const { calls, layer } = served([])
    return Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const loop = yield* Effect.provide(
        Loop,
        Loop.layer.pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client)))
      )
      const { reason } = yield* Effect.flip(
        loop.deliver(settings, samples.notifications.Raised, { form: "rich", deliveryId: "d" })
      )
      assert.strictEqual(reason._tag, "Misconfigured")
      assert.isAtMost(calls.length, 10)
    }).pipe(
      Effect.provideService(
        HttpClient.HttpClient,
        HttpClient.make((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, new Response("{}"))))
      ),
      Effect.provide(layer)
    )
  })
})
