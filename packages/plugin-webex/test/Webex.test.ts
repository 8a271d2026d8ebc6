import { assert, describe, it } from "@effect/vitest"
import {
  HttpClient,
  type HttpClientRequest,
  type Notification,
  RateLimited,
  showRequest,
  Unavailable
} from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { Webex } from "@tocsin/plugin-webex"
import { FakeWebex, see, validate } from "@tocsin/plugin-webex/testing"
import { Duration, Effect, Result, Schema } from "effect"

const token = "s3cr3t-T0ken-of-the-bot"

const settings = { token, roomId: "Y2lzY29zcGFyazovL3VzL1JPT00vMQ", apiUrl: "https://webex.example.com/v1/" }

const { notifications } = samples

const payload = (request: HttpClientRequest.HttpClientRequest): unknown =>
  JSON.parse(showRequest(request, {}).body ?? "null")

const refusal =
  (status: number, message: string, headers: { readonly [name: string]: string } = {}) =>
  () =>
    Response.json({ message, errors: [{ description: message }], trackingId: "ROUTER_1" }, { status, headers })

ChannelPluginTest.suite(Webex, {
  layer: Webex.layer,
  settings,
  secrets: [token],
  accepted: () => Response.json({ id: "message-1", roomId: settings.roomId }),
  refused: [
    [refusal(400, "Message length limited to 7439 bytes"), "PayloadRejected"],
    [refusal(401, "The request requires a valid access token"), "Unauthorized"],
    [refusal(403, "You are not a member of the space"), "DestinationGone"],
    [refusal(404, "The requested resource could not be found."), "DestinationGone"],
    [refusal(429, "Too Many Requests"), new RateLimited({ detail: "" })],
    [
      refusal(429, "Too Many Requests", { "retry-after": "17" }),
      new RateLimited({ detail: "", retryAfter: Duration.seconds(17) })
    ],
    [
      refusal(423, "The requested resource is temporarily unavailable.", { "retry-after": "17" }),
      new Unavailable({ detail: "", retryAfter: Duration.seconds(17) })
    ],
    [() => Response.json({ message: "No." }), "Misconfigured"],
    [() => new Response("<html>Sign in to the proxy</html>"), "Misconfigured"]
  ],
  statuses: { 403: "DestinationGone", 423: "Unavailable" },
  validate: (request) => [
    ...validate(payload(request)),
    ...(request.url === "https://webex.example.com/v1/messages" ? [] : [`posted to ${request.url}`])
  ],
  read: (request) => see(payload(request)),
  fake: () => new FakeWebex()
})

const deliver = Effect.fnUntraced(function* (
  fake: FakeWebex,
  notification: Notification,
  { form = "rich", messages = [] }: { readonly form?: "rich" | "plain"; readonly messages?: ReadonlyArray<any> } = {}
) {
  return yield* Effect.gen(function* () {
    const webex = yield* Webex
    const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(Webex.settings))(
      fake.settings("https://webex.example")
    )
    return yield* webex.deliver(decoded, notification, {
      form,
      deliveryId: "d",
      conversation: { id: "c", messages }
    })
  }).pipe(Effect.provide(Webex.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))
})

const parents = (fake: FakeWebex) => [...fake.posted().values()].map(({ parentId }) => parentId)

describe("Webex", () => {
  it.effect("replies to the raise with an escalation and a clear, in either form", () =>
    Effect.gen(function* () {
      const fake = new FakeWebex()
      const raised = { kind: "Raised", receipt: yield* deliver(fake, notifications.Raised) }
      const receipt = yield* deliver(fake, notifications.Escalated, { form: "plain", messages: [raised] })
      yield* deliver(fake, notifications.Cleared, { messages: [raised, { kind: "Escalated", receipt }] })
      assert.deepStrictEqual(parents(fake), [undefined, "message-1", "message-1"])
      assert.deepStrictEqual(
        fake.channels()[0]?.messages.map(({ as }) => as),
        [undefined, "reply", "reply"]
      )
    })
  )

  it.effect("asks for a new message where a person deleted the raise", () =>
    Effect.gen(function* () {
      const fake = new FakeWebex()
      const messages = [{ kind: "Raised", receipt: yield* deliver(fake, notifications.Raised) }]
      fake.delete("message-1")
      const failed = yield* Effect.flip(deliver(fake, notifications.Cleared, { messages }))
      assert.strictEqual(failed.message.split(":", 1)[0], "MessageGone")
      yield* deliver(fake, notifications.Cleared)
      assert.deepStrictEqual(parents(fake), [undefined])
    })
  )

  it.effect("shows foreign text as it was written, and nothing of it formats, links or mentions anyone", () =>
    Effect.gen(function* () {
      const text =
        "<@all> <@personEmail:a@evil.example|x> [x](https://evil.example) **b** _i_ `c` # > ~s~ | <b>&amp;</b> www.evil.example \\*"
      const alert = { ...samples.raised, summary: `- ${text}\n1. ${text}\n> ${text}`, rule: { name: text } }
      for (const form of ["rich", "plain"] as const) {
        const fake = new FakeWebex()
        yield* deliver(fake, { _tag: "Raised", alert }, { form })
        const [{ payload } = assert.fail("nothing was posted")] = [...fake.posted().values()]
        const seen = JSON.stringify(see(payload))
        assert.include(seen.replaceAll("\u200B", ""), JSON.stringify(text).slice(1, -1))
        assert.notMatch(JSON.stringify(payload), /<@all|:\/\/evil|@personEmail|www\.evil/)
        assert.notInclude(seen, '"link":"https://evil.example')
      }
    })
  )

  it.effect.each([["👩‍👩‍👧‍👦"], ["\\"], ["&"], ["é\n"], ["*_"]])(
    "sends at most 7,439 bytes of the longest texts: %j",
    ([text]) =>
      Effect.gen(function* () {
        const long = text.repeat(2000)
        const link = new URL(`https://app.example.com/?${"a".repeat(205)}`)
        const alert = {
          ...samples.raised,
          rule: { name: long, expression: long },
          test: { id: "1", name: long, targets: [long] },
          summary: long,
          observations: Array.from({ length: 50 }, () => ({ name: long, atStart: long, link })),
          labels: { [long]: long },
          links: { started: link, alert: link, more: Array.from({ length: 4 }, () => ({ label: long, link })) }
        }
        const fake = new FakeWebex()
        yield* deliver(fake, { _tag: "Escalated", alert, from: "minor" })
        const { payload } = [...fake.posted().values()][0] ?? assert.fail("nothing was posted")
        const { markdown } = Schema.decodeUnknownSync(Schema.Struct({ markdown: Schema.String }))(payload)
        assert.isAbove(new TextEncoder().encode(markdown).length, 7439 / 2)
      })
  )

  it.each([
    [{ token: "s3cr3t with spaces" }, "an access token"],
    [{ roomId: "ops/../x" }, "the id of a space"],
    [{ apiUrl: "ftp://webexapis.com" }, "http or https"]
  ])("says which setting is wrong, and not what it holds: %j", (wrong, expected) => {
    const result = Schema.decodeUnknownResult(Schema.toCodecJson(Webex.settings))({ ...settings, ...wrong })
    const message = Result.isFailure(result) ? String(result.failure) : ""
    assert.include(message.replace("a bot's access", "an access"), expected)
    assert.notInclude(message, "s3cr3t")
  })
})
