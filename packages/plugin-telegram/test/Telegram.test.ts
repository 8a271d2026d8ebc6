import { assert, describe, it } from "@effect/vitest"
import { HttpClient, type HttpClientRequest, type Notification, RateLimited, showRequest } from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { Telegram } from "@tocsin/plugin-telegram"
import { FakeTelegram, see, validate } from "@tocsin/plugin-telegram/testing"
import { Duration, Effect, Exit, Result, Schema } from "effect"

const token = "123456:s3cr3t-T0ken_of-the-bot"

const settings = {
  token,
  chatId: "-1001234567890",
  messageThreadId: 7,
  onClear: "both",
  apiUrl: "https://bot-api.example.com/telegram/"
}

const { notifications } = samples

const payload = (request: HttpClientRequest.HttpClientRequest): unknown =>
  JSON.parse(showRequest(request, {}).body ?? "null")

const refusal = (error_code: number, description: string, parameters?: object) => () =>
  Response.json({ ok: false, error_code, description, ...(parameters && { parameters }) }, { status: error_code })

ChannelPluginTest.suite(Telegram, {
  layer: Telegram.layer,
  settings,
  secrets: [token],
  accepted: () => Response.json({ ok: true, result: { message_id: 5, chat: { id: -1_001_234_567_890 } } }),
  refused: [
    [refusal(400, "Bad Request: chat not found"), "DestinationGone"],
    [refusal(403, "Forbidden: bot was kicked from the supergroup chat"), "DestinationGone"],
    [refusal(403, "Forbidden: bot was blocked by the user"), "DestinationGone"],
    [refusal(403, "Forbidden: bot is not a member of the channel chat"), "DestinationGone"],
    [refusal(400, "Bad Request: message thread not found"), "DestinationGone"],
    [refusal(400, "Bad Request: TOPIC_CLOSED"), "DestinationGone"],
    [refusal(400, "Bad Request: message to edit not found"), "MessageGone"],
    [refusal(400, "Bad Request: message can't be edited"), "MessageGone"],
    [refusal(400, "Bad Request: message to be replied not found"), "MessageGone"],
    [refusal(401, "Unauthorized"), "Unauthorized"],
    [refusal(404, "Not Found"), "Unauthorized"],
    [refusal(400, "Bad Request: not enough rights to send text messages to the chat"), "Misconfigured"],
    [
      refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", { migrate_to_chat_id: -1005 }),
      "Misconfigured"
    ],
    [refusal(400, "Bad Request: can't parse entities: Unsupported start tag"), "PayloadRejected"],
    [refusal(400, "Bad Request: message is too long"), "PayloadRejected"],
    [
      refusal(429, "Too Many Requests: retry after 8", { retry_after: 8 }),
      new RateLimited({ detail: "", retryAfter: Duration.seconds(8) })
    ],
    [refusal(429, "Too Many Requests"), new RateLimited({ detail: "" })],
    [() => Response.json({ ok: false, description: "Bad Request: chat not found" }), "Misconfigured"],
    [() => Response.json({ ok: true, result: true }), "Misconfigured"],
    [() => new Response("<html>Sign in to the proxy</html>"), "Misconfigured"]
  ],
  idempotent: ({ url }) => url.endsWith("/editMessageText"),
  validate: (request) => [
    ...validate(payload(request)),
    ...(/\/bot\d+:[\w-]+\/(?:sendMessage|editMessageText)$/.test(request.url) ? [] : [`posted to ${request.url}`])
  ],
  read: (request) => see(payload(request)),
  fake: () => new FakeTelegram()
})

const deliver = Effect.fnUntraced(function* (
  fake: FakeTelegram,
  notification: Notification,
  {
    messages = [],
    onClear
  }: { readonly messages?: ReadonlyArray<any>; readonly onClear?: "edit" | "reply" | "both" } = {}
) {
  return yield* Effect.gen(function* () {
    const telegram = yield* Telegram
    const settings = { ...fake.settings("https://telegram.example"), ...(onClear && { onClear }) }
    const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(Telegram.settings))(settings)
    return yield* telegram.deliver(decoded, notification, {
      form: "rich",
      deliveryId: "d",
      conversation: { id: "c", messages }
    })
  }).pipe(Effect.provide(Telegram.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))
})

/** An alert that was raised and escalated, and what a clear of it does. */
const cleared = Effect.fnUntraced(function* (
  fake: FakeTelegram,
  onClear?: "edit" | "reply" | "both",
  { forget, times = 1 }: { readonly forget?: number; readonly times?: number } = {}
) {
  const raised = yield* deliver(fake, notifications.Raised)
  const before = [{ kind: "Raised", receipt: raised }]
  const escalated = yield* deliver(fake, notifications.Escalated, { messages: before })
  if (forget !== undefined) fake.delete(forget)
  const messages = [...before, { kind: "Escalated", receipt: escalated }]
  const clear = deliver(fake, notifications.Cleared, { messages, ...(onClear && { onClear }) })
  for (let n = 1; n < times; n++) yield* Effect.exit(clear)
  return yield* Effect.exit(clear)
})

const shown = (fake: FakeTelegram) =>
  [...fake.posted().values()].map(({ body, replyTo }) => [
    /"text":"(\w+)/.exec(JSON.stringify(see(body)))?.[1],
    replyTo
  ])

describe("Telegram", () => {
  it.effect.each([
    [
      undefined,
      [
        ["Cleared", undefined],
        ["Cleared", 1],
        ["Cleared", 1]
      ]
    ],
    [
      "both",
      [
        ["Cleared", undefined],
        ["Cleared", 1],
        ["Cleared", 1]
      ]
    ],
    [
      "edit",
      [
        ["Cleared", undefined],
        ["Cleared", 1]
      ]
    ],
    [
      "reply",
      [
        ["Raised", undefined],
        ["Escalated", 1],
        ["Cleared", 1]
      ]
    ]
  ] as const)("on clear, %s leaves %j", ([onClear, expected]) =>
    Effect.gen(function* () {
      const fake = new FakeTelegram()
      const exit = yield* cleared(fake, onClear)
      assert.isTrue(Exit.isSuccess(exit), String(exit))
      assert.deepStrictEqual<unknown>(shown(fake), expected)
      const edits = fake.channels()[0]?.messages.filter(({ as }) => as === "edit")
      assert.lengthOf(edits ?? [], onClear === "reply" ? 0 : 2)
    })
  )

  it.effect("takes an edit that an earlier attempt made for made", () =>
    Effect.gen(function* () {
      const fake = new FakeTelegram()
      const exit = yield* cleared(fake, "edit", { times: 2 })
      assert.isTrue(Exit.isSuccess(exit), String(exit))
      assert.lengthOf(shown(fake), 2)
    })
  )

  it.effect("posts the clear where nothing is known of what was posted before", () =>
    Effect.gen(function* () {
      const fake = new FakeTelegram()
      yield* deliver(fake, notifications.Cleared, { onClear: "edit" })
      assert.deepStrictEqual(shown(fake), [["Cleared", undefined]])
    })
  )

  it.effect("asks for a new message where a person deleted one that it would edit, and replies to what is left", () =>
    Effect.gen(function* () {
      assert.include(String(yield* cleared(new FakeTelegram(), "both", { forget: 1 })), "MessageGone")
      const fake = new FakeTelegram()
      assert.isTrue(Exit.isSuccess(yield* cleared(fake, "reply", { forget: 1 })))
      assert.deepStrictEqual(shown(fake), [
        ["Escalated", 1],
        ["Cleared", undefined]
      ])
    })
  )

  it.effect("links to the message where it has an address, and names the chat that a group became", () =>
    Effect.gen(function* () {
      const fake = new FakeTelegram()
      const answers = (result: object) =>
        fake.script({ status: 200, body: JSON.stringify({ ok: true, result: { message_id: 9, ...result } }) })
      const link = Effect.map(deliver(fake, notifications.Raised), ({ link }) => link?.href)
      answers({ chat: { id: -1_001_234 } })
      assert.strictEqual(yield* link, "https://t.me/c/1234/9")
      answers({ chat: { id: -1_001_234, username: "ops" } })
      assert.strictEqual(yield* link, "https://t.me/ops/9")
      answers({ chat: { id: 1234, username: "ada" } })
      assert.isUndefined(yield* link)
      fake.script({
        status: 400,
        body: JSON.stringify({ ok: false, description: "upgraded", parameters: { migrate_to_chat_id: -1005 } })
      })
      assert.include(String(yield* Effect.flip(deliver(fake, notifications.Raised))), "Enter -1005 as the chat id")
    })
  )

  it.effect("shows foreign text as it was written, and nothing of it opens or mentions anything", () =>
    Effect.gen(function* () {
      const fake = new FakeTelegram()
      const text = `@all_of_us #tag /stop https://evil.example <b>&amp;</b> "q" 'q' a@evil.example $USD`
      yield* deliver(fake, { _tag: "Raised", alert: { ...samples.raised, summary: text, rule: { name: text } } })
      const [{ body }] = [...fake.posted().values()] as [{ readonly body: unknown }]
      const seen = JSON.stringify(see(body)).replaceAll("\u2060", "")
      assert.include(seen, JSON.stringify(text).slice(1, -1))
      assert.deepStrictEqual(validate(body), [])
    })
  )

  it.effect("keeps to 20 messages a minute in a group, and to 60 in a chat with one person", () =>
    Effect.gen(function* () {
      const perMinute = (chatId: string) =>
        Effect.map(
          Schema.decodeUnknownEffect(Schema.toCodecJson(Telegram.settings))({ token, chatId }),
          (decoded) => Telegram.rateLimits(decoded)[0]?.messages
        )
      assert.strictEqual(yield* perMinute("-1001"), 20)
      assert.strictEqual(yield* perMinute("@channel"), 20)
      assert.strictEqual(yield* perMinute("1001"), 60)
    })
  )

  it.each([
    [{ token: "s3cr3t" }, "a bot's token"],
    [{ token: "1:s3cr3t/../x" }, "a bot's token"],
    [{ chatId: "ops" }, "a chat's number"],
    [{ messageThreadId: -1 }, "messageThreadId"],
    [{ apiUrl: "ftp://api.telegram.org" }, "http or https"]
  ])("says which setting is wrong, and not what it holds: %j", (wrong, expected) => {
    const result = Schema.decodeUnknownResult(Schema.toCodecJson(Telegram.settings))({ ...settings, ...wrong })
    const message = Result.isFailure(result) ? String(result.failure) : ""
    assert.include(message, expected)
    assert.notInclude(message, "s3cr3t")
  })
})
