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
import { Mattermost } from "@tocsin/plugin-mattermost"
import { FakeMattermost, see, validate } from "@tocsin/plugin-mattermost/testing"
import { Duration, Effect, Result, Schema } from "effect"

const url = "https://chat.example.com/hooks/s3cr3t-of-the-hook"

const settings = { url, channel: "town-square", username: "Tocsin" }

const payload = (request: HttpClientRequest.HttpClientRequest): unknown =>
  JSON.parse(showRequest(request, {}).body ?? "null")

const refusal = (status: number, id: string) => () =>
  Response.json({ id, message: id, status_code: status }, { status })

ChannelPluginTest.suite(Mattermost, {
  layer: Mattermost.layer,
  settings,
  secrets: ["s3cr3t-of-the-hook"],
  accepted: () => new Response("ok"),
  refused: [
    [refusal(400, "web.incoming_webhook.invalid.app_error"), "DestinationGone"],
    [refusal(404, "web.incoming_webhook.channel.app_error"), "DestinationGone"],
    [refusal(400, "api.post.create_post.can_not_post_to_deleted.error"), "DestinationGone"],
    [refusal(501, "web.incoming_webhook.disabled.app_error"), "Misconfigured"],
    [refusal(403, "web.incoming_webhook.channel_locked.app_error"), "Misconfigured"],
    [refusal(400, "web.incoming_webhook.parse.app_error"), "PayloadRejected"],
    [refusal(400, "web.incoming_webhook.general.app_error"), "PayloadRejected"],
    [refusal(403, "web.incoming_webhook.general.app_error"), "Misconfigured"],
    [refusal(404, "web.incoming_webhook.general.app_error"), "DestinationGone"],
    [refusal(500, "web.incoming_webhook.general.app_error"), "Unavailable"],
    [refusal(501, "web.incoming_webhook.general.app_error"), "Misconfigured"],
    [() => Response.json({ success: false, error: "invalid-channel" }, { status: 400 }), "DestinationGone"],
    [
      () => Response.json({ success: false, error: "Invalid integration id or token provided." }, { status: 404 }),
      "DestinationGone"
    ],
    [() => Response.json({ success: false }), "Misconfigured"],
    [() => new Response("<html>Sign in to the proxy</html>"), "Misconfigured"],
    [
      () => new Response("limit exceeded", { status: 429, headers: { "retry-after": "3" } }),
      new RateLimited({ detail: "", retryAfter: Duration.seconds(3) })
    ]
  ],
  validate: (request) => validate(payload(request)),
  read: (request) => see(payload(request)),
  fake: () => new FakeMattermost()
})

const Post = Schema.Struct({
  attachments: Schema.Array(Schema.Struct({ footer: Schema.String, title: Schema.String }))
})

const deliver = Effect.fnUntraced(function* (
  settings: Schema.Json,
  notification: Notification,
  form: ChannelPlugin.Form = "rich"
) {
  const mattermost = yield* Mattermost
  const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(Mattermost.settings))(settings)
  return yield* mattermost.deliver(decoded, notification, { form, deliveryId: "d" })
}, Effect.provide(Mattermost.layer))

describe("Mattermost", () => {
  it.effect("posts to the channel and by the name of the settings", () =>
    Effect.gen(function* () {
      const fake = new FakeMattermost()
      yield* deliver(settings, samples.notifications.Raised).pipe(
        Effect.provideService(HttpClient.HttpClient, client(fake))
      )
      assert.deepInclude(fake.messages[0]?.payload, { channel: "town-square", username: "Tocsin" })
      assert.deepStrictEqual(
        fake.channels().map(({ name }) => name),
        ["town-square"]
      )
    })
  )

  it.effect("shows foreign text as it was written, and nothing of it mentions, links or formats", () =>
    Effect.gen(function* () {
      const fake = new FakeMattermost()
      const text =
        "@channel <!channel> [x](https://evil.example) **b** :tada: #tag ~town-square `c` | > \\* https://evil.example"
      const alert = {
        ...samples.raised,
        sourceId: text,
        summary: `- ${text}\n1. ${text}\n> ${text}`,
        rule: { name: text }
      }
      yield* deliver(fake.settings("https://x.example"), { _tag: "Raised", alert }).pipe(
        Effect.provideService(HttpClient.HttpClient, client(fake))
      )
      const [{ payload } = assert.fail("nothing was posted")] = fake.messages
      const [heading, body] = see(payload).blocks
      for (const block of [heading, body]) assert.include(JSON.stringify(block), JSON.stringify(text).slice(1, -1))
      assert.notMatch(JSON.stringify(payload), /@channel|<!|:tada:|#tag/)
      // Neither a title with a link nor a footer is formatted, so nothing in them is escaped.
      const { attachments } = Schema.decodeUnknownSync(Post)(payload)
      for (const plain of attachments.flatMap(({ footer, title }) => [footer, title])) {
        assert.include(plain.replaceAll("\u200B", ""), text)
      }
    })
  )

  it.effect("takes the webhook for removed where Mattermost handles not even a plain text", () =>
    Effect.gen(function* () {
      const fake = new FakeMattermost()
      const body = JSON.stringify({ id: "web.incoming_webhook.general.app_error", message: "Failed to handle it." })
      for (const [form, expected] of [
        ["rich", "PayloadRejected"],
        ["plain", "DestinationGone"]
      ] as const) {
        fake.script({ status: 400, body })
        const refused = yield* Effect.flip(
          deliver(fake.settings("https://x.example"), samples.notifications.Raised, form).pipe(
            Effect.provideService(HttpClient.HttpClient, client(fake))
          )
        )
        assert.include(String(refused), expected)
      }
    })
  )

  it.effect("links in the plain form to where the alert is seen", () =>
    Effect.gen(function* () {
      const fake = new FakeMattermost()
      const view = new URL("https://app.example.com/_view_/a*b*?x=`1`")
      const alert = { ...samples.raised, links: { started: view } }
      yield* deliver(fake.settings("https://x.example"), { _tag: "Raised", alert }, "plain").pipe(
        Effect.provideService(HttpClient.HttpClient, client(fake))
      )
      assert.include(JSON.stringify(fake.messages[0]?.payload), view.href)
    })
  )

  it.effect("is delivered by Rocket.Chat's answer, too", () =>
    Effect.gen(function* () {
      const fake = new FakeMattermost()
      fake.script({ status: 200, body: `{"success":true}` })
      yield* deliver(fake.settings("https://x.example"), samples.notifications.Raised).pipe(
        Effect.provideService(HttpClient.HttpClient, client(fake))
      )
    })
  )

  it.each([
    [{ url: "ftp://s3cr3t.example.com/" }, "an http or https URL"],
    [{ channel: "" }, "channel"],
    [{ username: "" }, "username"]
  ])("says which setting is wrong, and not what it holds: %j", (wrong, expected) => {
    const result = Schema.decodeUnknownResult(Schema.toCodecJson(Mattermost.settings))({ ...settings, ...wrong })
    const message = Result.isFailure(result) ? String(result.failure) : ""
    assert.include(message, expected)
    assert.notInclude(message, "s3cr3t")
  })
})
