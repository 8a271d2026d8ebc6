import { assert, describe, it } from "@effect/vitest"
import { HttpClient, type HttpClientRequest, type Notification, RateLimited, showRequest } from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { Discord } from "@tocsin/plugin-discord"
import { FakeDiscord, see, validate } from "@tocsin/plugin-discord/testing"
import { Duration, Effect, Exit, Result, Schema } from "effect"

const url = "https://discord.com/api/webhooks/123456789012345678/s3cr3t-T0ken_of-the-hook?thread_id=42"

const { notifications } = samples

const payload = (request: HttpClientRequest.HttpClientRequest): unknown =>
  JSON.parse(showRequest(request, {}).body ?? "null")

const refusal =
  (status: number, code: number, message: string, more: object = {}) =>
  () =>
    Response.json({ message, code, ...more }, { status })

const limited = (seconds: number) => new RateLimited({ detail: "", retryAfter: Duration.seconds(seconds) })

ChannelPluginTest.suite(Discord, {
  layer: Discord.layer,
  settings: { url, onClear: "both" },
  secrets: ["s3cr3t-T0ken_of-the-hook"],
  accepted: () => Response.json({ id: "1", channel_id: "2" }),
  refused: [
    [refusal(404, 10_015, "Unknown Webhook"), "DestinationGone"],
    [refusal(404, 10_003, "Unknown Channel"), "DestinationGone"],
    [refusal(404, 10_008, "Unknown Message"), "MessageGone"],
    [refusal(429, 30_046, "Maximum number of edits to messages older than 1 hour reached"), "MessageGone"],
    [refusal(401, 50_027, "Invalid Webhook Token"), "Unauthorized"],
    [refusal(400, 50_035, "Invalid Form Body"), "PayloadRejected"],
    [refusal(400, 50_006, "Cannot send an empty message"), "PayloadRejected"],
    [refusal(400, 220_001, "Webhooks posted to forum channels must have a thread_name or thread_id"), "Misconfigured"],
    [refusal(429, 0, "You are being rate limited.", { retry_after: 64.57 }), limited(64.57)],
    [refusal(429, 0, "You are being rate limited.", { retry_after: -1 }), new RateLimited({ detail: "" })],
    [() => Response.json({ retry_after: 1.5 }, { status: 429, headers: { "retry-after": "2" } }), limited(2)],
    [() => Response.json({ ok: true }), "Misconfigured"],
    [() => new Response("<html>Sign in to the proxy</html>"), "Misconfigured"],
    [() => new Response("", { status: 201 }), "Misconfigured"],
    [() => new Response("error code: 1015", { status: 403 }), "Unauthorized"]
  ],
  idempotent: ({ method }) => method === "PATCH",
  validate: (request) => [
    ...validate(payload(request)),
    ...(new URL(request.url).searchParams.get("thread_id") ===
    (request.url.includes("123456789012345678") ? "42" : null)
      ? []
      : ["The thread is lost"])
  ],
  read: (request) => see(payload(request)),
  fake: () => new FakeDiscord()
})

const deliver = Effect.fnUntraced(function* (
  fake: FakeDiscord,
  notification: Notification,
  {
    messages = [],
    onClear,
    form = "rich"
  }: {
    readonly messages?: ReadonlyArray<any>
    readonly onClear?: "edit" | "reply" | "both"
    readonly form?: "rich" | "plain"
  } = {}
) {
  return yield* Effect.gen(function* () {
    const discord = yield* Discord
    const settings = { ...fake.settings("https://discord.example"), ...(onClear && { onClear }) }
    const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(Discord.settings))(settings)
    return yield* discord.deliver(decoded, notification, { form, deliveryId: "d", conversation: { id: "c", messages } })
  }).pipe(Effect.provide(Discord.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))
})

/** An alert that was raised and escalated, and what a clear of it does. */
const cleared = Effect.fnUntraced(function* (
  fake: FakeDiscord,
  onClear: "edit" | "reply" | "both" | undefined,
  forget?: string
) {
  const raised = yield* deliver(fake, notifications.Raised)
  const escalated = yield* deliver(fake, notifications.Escalated)
  if (forget !== undefined) fake.delete(forget)
  const messages = [
    { kind: "Raised", receipt: raised },
    { kind: "Escalated", receipt: escalated }
  ]
  return yield* Effect.exit(deliver(fake, notifications.Cleared, { messages, ...(onClear && { onClear }) }))
})

const titles = (fake: FakeDiscord) =>
  [...fake.posted().values()].map((message) => JSON.stringify(see(message).blocks[0]))

describe("Discord", () => {
  it.effect.each([
    [undefined, ["Cleared", "Cleared", "Cleared"]],
    ["both", ["Cleared", "Cleared", "Cleared"]],
    ["edit", ["Cleared", "Cleared"]],
    ["reply", ["Raised", "Escalated", "Cleared"]]
  ] as const)("on clear, %s leaves %j", ([onClear, expected]) =>
    Effect.gen(function* () {
      const fake = new FakeDiscord()
      const exit = yield* cleared(fake, onClear)
      assert.isTrue(Exit.isSuccess(exit), String(exit))
      const seen = titles(fake)
      assert.lengthOf(seen, expected.length)
      for (const [n, begin] of expected.entries()) assert.include(seen[n], `"${begin}`)
      const edits = fake.channels()[0]?.messages.filter(({ as }) => as === "edit")
      assert.lengthOf(edits ?? [], onClear === "reply" ? 0 : 2)
    })
  )

  it.effect("posts the clear where nothing is known of what was posted before", () =>
    Effect.gen(function* () {
      const fake = new FakeDiscord()
      yield* deliver(fake, notifications.Cleared, { onClear: "edit" })
      assert.lengthOf(titles(fake), 1)
    })
  )

  it.effect("asks for a new message where a person deleted one", () =>
    Effect.gen(function* () {
      const exit = yield* cleared(new FakeDiscord(), "both", "2")
      assert.include(String(exit), "MessageGone")
    })
  )

  it.effect("changes a message that was posted in the other form", () =>
    Effect.gen(function* () {
      const fake = new FakeDiscord()
      const receipt = yield* deliver(fake, notifications.Raised, { form: "plain" })
      yield* deliver(fake, notifications.Cleared, { messages: [{ kind: "Raised", receipt }], onClear: "edit" })
      const [message] = fake.posted().values()
      assert.deepInclude(message, { content: "", flags: 0 })
    })
  )

  it.effect("tells the rate limiter what is left, and waits as Discord asks", () =>
    Effect.gen(function* () {
      const fake = new FakeDiscord({ limited: true })
      const first = yield* deliver(fake, notifications.Raised)
      const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(Discord.settings))(
        fake.settings("https://x.example")
      )
      const [limit] = Discord.rateLimits(decoded)
      assert.deepInclude(first.rateLimits?.[0], { remaining: 4 })
      assert.isTrue(first.rateLimits?.[0]?.key === limit?.key, "the hint is of no declared limit")
      for (let n = 0; n < 4; n++) yield* deliver(fake, notifications.Raised)
      const refused = yield* Effect.flip(deliver(fake, notifications.Raised))
      assert.deepInclude(refused, { reason: limited(1) })
    })
  )

  it.effect("links in the plain form to where the alert is seen", () =>
    Effect.gen(function* () {
      const fake = new FakeDiscord()
      const view = new URL("https://app.example.com/_view_/a*b*?x=`1`")
      const alert = { ...samples.raised, links: { started: view } }
      yield* deliver(fake, { _tag: "Raised", alert }, { form: "plain" })
      assert.include(JSON.stringify([...fake.posted().values()]), view.href)
    })
  )

  it.effect("shows no escape in the text of a link, where Discord reads none", () =>
    Effect.gen(function* () {
      const fake = new FakeDiscord()
      const text = "checkout-eu (v1.2): node_load_avg __x__ [y](https://evil.example) :tada: \\"
      const link = new URL("https://app.example.com/")
      const alert = {
        ...samples.raised,
        observations: [{ name: text, link }]
      }
      yield* deliver(fake, { _tag: "Raised", alert })
      const posted = JSON.stringify([...fake.posted().values()])
      const seen = "checkout-eu (v1.2): node_load_avg ˍˍxˍˍ ［y］(https∶//evil.example) ∶tada: ∖"
      assert.include(posted, `[${seen}](<https://app.example.com/>)`)
    })
  )

  it.effect("shows foreign text as it was written", () =>
    Effect.gen(function* () {
      const fake = new FakeDiscord()
      const text = "@everyone <@1> [x](https://evil.example) **b** :tada: 1. - + > # `c` ||d|| \\* https://evil.example"
      yield* deliver(fake, { _tag: "Raised", alert: { ...samples.raised, summary: text, rule: { name: text } } })
      const [message] = fake.posted().values()
      const seen = see(message)
      assert.include(JSON.stringify(seen.blocks[0]), JSON.stringify(text).slice(1, -1))
      assert.include(JSON.stringify(seen.blocks[1]), JSON.stringify(text).slice(1, -1))
      assert.deepInclude(message, { allowed_mentions: { parse: [] } })
    })
  )

  it.each([
    ["https://discord.com/api/webhooks/123456789012345678"],
    ["https://discord.com/channels/1/2"],
    ["ftp://discord.com/api/webhooks/1/s3cr3t"],
    ["s3cr3t"]
  ])("refuses a URL that is none of a webhook, without saying it: %s", (url) => {
    const result = Schema.decodeUnknownResult(Schema.toCodecJson(Discord.settings))({ url })
    const message = Result.isFailure(result) ? String(result.failure) : ""
    assert.include(message, "a webhook's URL")
    assert.notInclude(message, "s3cr3t")
  })
})
