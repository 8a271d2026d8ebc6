import { assert, describe, it } from "@effect/vitest"
import {
  type ChannelPlugin,
  HttpClient,
  type HttpClientRequest,
  type Notification,
  RateLimited,
  showRequest
} from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { GoogleChat } from "@tocsin/plugin-google-chat"
import { FakeGoogleChat, see, validate } from "@tocsin/plugin-google-chat/testing"
import { Duration, Effect, Result, Schema } from "effect"

const url = "https://chat.googleapis.com/v1/spaces/AAQA-b_1/messages?key=s3cr3t-key&token=s3cr3t-T0ken%3D"

const { notifications } = samples

const bodyOf = (request: HttpClientRequest.HttpClientRequest): string => showRequest(request, {}).body ?? ""

const refusal =
  (code: number, status: string, message = "No.", headers: { readonly [name: string]: string } = {}) =>
  () =>
    Response.json({ error: { code, message, status } }, { status: code, headers })

ChannelPluginTest.suite(GoogleChat, {
  layer: GoogleChat.layer,
  settings: { url },
  secrets: ["s3cr3t-key", "s3cr3t-T0ken%3D", "s3cr3t-T0ken="],
  accepted: () => Response.json({ name: "spaces/AAQA-b_1/messages/1.1" }),
  refused: [
    [refusal(400, "INVALID_ARGUMENT", 'Invalid JSON payload received. Unknown name "card"'), "PayloadRejected"],
    [refusal(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), "Unauthorized"],
    [refusal(401, "UNAUTHENTICATED"), "Unauthorized"],
    [refusal(403, "PERMISSION_DENIED", "The caller does not have permission"), "Unauthorized"],
    [refusal(404, "NOT_FOUND", "Space not found."), "DestinationGone"],
    [refusal(429, "RESOURCE_EXHAUSTED"), new RateLimited({ detail: "" })],
    [
      refusal(429, "RESOURCE_EXHAUSTED", "No.", { "retry-after": "3" }),
      new RateLimited({ detail: "", retryAfter: Duration.seconds(3) })
    ],
    [() => Response.json({}), "Misconfigured"],
    [() => new Response("<html>Sign in to the proxy</html>"), "Misconfigured"]
  ],
  validate: (request) => validate(bodyOf(request)),
  read: (request) => see(JSON.parse(bodyOf(request))),
  fake: () => new FakeGoogleChat()
})

const deliver = Effect.fnUntraced(function* (
  fake: FakeGoogleChat,
  notification: Notification,
  {
    conversation = "c",
    deliveryId = notification._tag,
    form = "rich",
    messages = []
  }: {
    readonly conversation?: string | null
    readonly deliveryId?: string
    readonly form?: "rich" | "plain"
    readonly messages?: ReadonlyArray<ChannelPlugin.DeliveredMessage>
  } = {}
) {
  return yield* Effect.gen(function* () {
    const googleChat = yield* GoogleChat
    const settings = fake.settings("https://chat.example")
    const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(GoogleChat.settings))(settings)
    return yield* googleChat.deliver(decoded, notification, {
      form,
      deliveryId,
      ...(conversation !== null && { conversation: { id: conversation, messages } })
    })
  }).pipe(Effect.provide(GoogleChat.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))
})

const threads = (fake: FakeGoogleChat) => fake.posted().map(({ thread }) => thread)

describe("Google Chat", () => {
  it.effect("posts an escalation and a clear into the thread of the raise, in either form", () =>
    Effect.gen(function* () {
      const fake = new FakeGoogleChat()
      yield* deliver(fake, notifications.Raised)
      yield* deliver(fake, notifications.Escalated, { form: "plain" })
      yield* deliver(fake, notifications.Raised, { conversation: "another", deliveryId: "another" })
      yield* deliver(fake, notifications.Cleared)
      assert.deepStrictEqual(threads(fake), ["c", "c", "another", "c"])
      assert.deepStrictEqual(
        fake.channels()[0]?.messages.map(({ as }) => as),
        [undefined, "reply", undefined, "reply"]
      )
    })
  )

  it.effect("begins a thread with each message that belongs to no alert", () =>
    Effect.gen(function* () {
      const fake = new FakeGoogleChat()
      yield* deliver(fake, notifications.Digest, { conversation: null })
      yield* deliver(fake, notifications.Notice, { conversation: null })
      assert.deepStrictEqual(threads(fake), ["spaces/FAKE/messages/1", "spaces/FAKE/messages/2"])
    })
  )

  it.effect("lists the alerts of a digest in its thread", () =>
    Effect.gen(function* () {
      const fake = new FakeGoogleChat()
      const receipt = yield* deliver(fake, notifications.Digest, { conversation: null })
      yield* deliver(fake, notifications.DigestList, { form: "plain", messages: [{ kind: "Digest", receipt }] })
      assert.deepStrictEqual(threads(fake), Array(2).fill("spaces/FAKE/messages/1"))
    })
  )

  it.effect("makes one message of a delivery whose first answer was lost", () =>
    Effect.gen(function* () {
      const fake = new FakeGoogleChat()
      yield* deliver(fake, notifications.Raised)
      yield* deliver(fake, notifications.Raised)
      assert.lengthOf(fake.posted(), 1)
    })
  )

  it.effect("shows foreign text as it was written, and nothing of it links, formats or mentions anyone", () =>
    Effect.gen(function* () {
      const text = "<users/all> <https://evil.example|x> *b* _i_ ~s~ `c` <b>&amp;</b> \"q\" 'q' https://evil.example"
      const alert = { ...samples.raised, summary: text, rule: { name: text } }
      for (const form of ["rich", "plain"] as const) {
        const fake = new FakeGoogleChat()
        yield* deliver(fake, { _tag: "Raised", alert }, { form })
        const [{ payload } = assert.fail("nothing was posted")] = fake.posted()
        const seen = JSON.stringify(see(payload))
        assert.include(seen.replaceAll("\u2060", ""), JSON.stringify(text).slice(1, -1))
        assert.notInclude(seen, '"link":"https://evil.example')
        if (form === "plain") assert.notMatch(seen, /<users|<https|\*b\*|https:\/\/evil/)
      }
    })
  )

  it.effect("links in the plain form to where the alert is seen", () =>
    Effect.gen(function* () {
      const fake = new FakeGoogleChat()
      const view = new URL("https://app.example.com/_view_/a*b*?x=`1`")
      const alert = { ...samples.raised, links: { started: view } }
      yield* deliver(fake, { _tag: "Raised", alert }, { form: "plain" })
      assert.include(JSON.stringify(fake.posted()[0]?.payload), view.href)
    })
  )

  it.effect("shares the limit of a space between its webhooks", () =>
    Effect.gen(function* () {
      const keys = (token: string) =>
        Effect.map(
          Schema.decodeUnknownEffect(Schema.toCodecJson(GoogleChat.settings))({
            url: `https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=${token}`
          }),
          (decoded) => GoogleChat.rateLimits(decoded).map(({ key }) => key)
        )
      const [one, two] = [yield* keys("one"), yield* keys("two")]
      assert.strictEqual(one[0], "spaces/A")
      assert.strictEqual(two[0], "spaces/A")
    })
  )

  it.effect.each([["👩‍👩‍👧‍👦"], ['"'], ["&"], ["é\n"]])("sends less than 32,000 bytes of the longest texts: %j", ([text]) =>
    Effect.gen(function* () {
      const long = text.repeat(2000)
      const link = new URL(`https://app.example.com/?${"a".repeat(320)}`)
      const alert = {
        ...samples.raised,
        rule: { name: long, expression: long },
        test: { id: "1", name: long, targets: [long] },
        summary: long,
        observations: Array.from({ length: 50 }, () => ({ name: long, atStart: long, link })),
        labels: { [long]: long },
        links: { started: link, alert: link, more: Array.from({ length: 4 }, () => ({ label: long, link })) }
      }
      for (const severity of ["critical", "info"] as const) {
        const fake = new FakeGoogleChat()
        yield* deliver(fake, { _tag: "Escalated", alert: { ...alert, severity }, from: "minor" })
        const sent = new TextEncoder().encode(JSON.stringify(fake.messages[0]?.payload))
        assert.isBelow(sent.length, 32_000)
        assert.isAbove(sent.length, 32_000 / 4)
      }
    })
  )

  it.each([
    ["https://chat.googleapis.com/v1/spaces/A/messages?key=s3cr3t"],
    ["https://chat.google.com/room/A?key=s3cr3t&token=s3cr3t"],
    ["ftp://chat.googleapis.com/v1/spaces/A/messages?key=k&token=s3cr3t"],
    ["s3cr3t"]
  ])("refuses a URL that is none of a webhook, without saying it: %s", (url) => {
    const result = Schema.decodeUnknownResult(Schema.toCodecJson(GoogleChat.settings))({ url })
    const message = Result.isFailure(result) ? String(result.failure) : ""
    assert.include(message, "a webhook's URL")
    assert.notInclude(message, "s3cr3t")
  })
})
