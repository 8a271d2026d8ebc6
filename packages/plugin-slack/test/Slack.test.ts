import { assert, describe, it, layer } from "@effect/vitest"
import { RateLimited, showRequest } from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { Slack } from "@tocsin/plugin-slack"
import { FakeSlack, see, validate } from "@tocsin/plugin-slack/testing"
import { Duration, Effect, Layer, Redacted, Result, Schema } from "effect"
import { HttpClient, type HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"

const url = "https://hooks.slack.com/services/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"

const settings = {
  url,
  channel: "#ops",
  authenticate: "webhook",
  mention: { critical: "channel", major: "S012AB3CD", minor: "U012AB3CD" }
}

const limited = new RateLimited({ detail: "" })

const answers: ReadonlyArray<readonly [status: number, body: string, reason: ChannelPluginTest.Expected]> = [
  [400, "invalid_payload", "PayloadRejected"],
  [400, "no_text", "PayloadRejected"],
  [500, "no_text", "PayloadRejected"],
  [500, "missing_text_or_fallback_or_attachments", "PayloadRejected"],
  [400, "invalid_blocks", "PayloadRejected"],
  [400, "invalid_blocks_format", "PayloadRejected"],
  [400, "invalid_attachments", "PayloadRejected"],
  [400, "too_many_attachments", "PayloadRejected"],
  [400, "msg_too_long", "PayloadRejected"],
  [403, "msg_blocks_too_long\n", "PayloadRejected"],
  [200, "invalid_blocks", "PayloadRejected"],
  [400, "user_not_found", "Misconfigured"],
  [403, "posting_to_general_channel_denied", "Misconfigured"],
  [403, "action_prohibited", "Misconfigured"],
  [403, "invalid_token", "Unauthorized"],
  [404, "invalid_token", "Unauthorized"],
  [404, "no_team", "Unauthorized"],
  [403, "team_disabled", "Unauthorized"],
  [400, "invalid_team", "Unauthorized"],
  [404, "channel_not_found", "DestinationGone"],
  [410, "channel_is_archived", "DestinationGone"],
  [200, "channel_is_archived", "DestinationGone"],
  [200, "no_service", "DestinationGone"],
  [404, "no_service", "DestinationGone"],
  [403, "no_service_id", "DestinationGone"],
  [404, "no_active_hooks", "DestinationGone"],
  [500, "rollup_error", "Unavailable"],
  [200, `{"ok":false,"error":"channel_not_found"}`, "DestinationGone"],
  [404, `{"ok":false,"error":"no_team"}`, "Unauthorized"],
  [200, `{"ok":false,"error":"something_new"}`, "Misconfigured"],
  [200, `{"ok":true}`, "Misconfigured"],
  [200, "", "Misconfigured"],
  [200, "OK", "Misconfigured"],
  [200, "<html>Sign in to the proxy</html>", "Misconfigured"],
  [201, "ok", "Misconfigured"],
  [204, "", "Misconfigured"],
  [400, "something_new", "PayloadRejected"],
  [403, "<html>Forbidden by the proxy</html>", "Unauthorized"],
  [404, "<html>Not found</html>", "DestinationGone"],
  [429, `{"ok":false,"count_hour_ago":400,"count_minute_ago":100,"count_second_ago":5}`, limited],
  [429, "no_service", limited],
  [502, "<html>Bad gateway</html>", "Unavailable"]
]

const payload = (request: HttpClientRequest.HttpClientRequest): unknown =>
  JSON.parse(showRequest(request, {}).body ?? "null")

ChannelPluginTest.suite(Slack, {
  layer: Slack.layer,
  settings,
  secrets: [url, "s3cr3ts3cr3ts3cr3ts3cr3t"],
  accepted: () => new Response("ok\n"),
  fake: () => new FakeSlack(),
  validate: (request) =>
    validate(payload(request), { mentions: ["<!channel>", "<!subteam^S012AB3CD>", "<@U012AB3CD>"] }),
  read: (request) => see(payload(request)),
  refused: answers.map(([status, body, reason]) => [
    () => new Response(status === 204 ? null : body, { status }),
    reason
  ])
})

const decode = Schema.decodeUnknownResult(Schema.toCodecJson(Slack.settings), { errors: "all" })

describe("Slack", () => {
  const slack = new FakeSlack({ mentions: ["<!subteam^S012AB3CD>", "<!channel>"] })

  layer(Slack.layer.pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client(slack)))))((it) => {
    it.effect("posts what a strict Slack accepts, to the channel, with the configured mentions", () =>
      Effect.gen(function* () {
        const channel = yield* Slack
        const decoded = yield* Schema.decodeEffect(Schema.toCodecJson(Slack.settings))(settings)
        for (const notification of Object.values(samples.notifications)) {
          for (const form of ["rich", "plain"] as const) {
            assert.deepStrictEqual(
              yield* channel.deliver(decoded, notification, { form, deliveryId: "delivery-1" }),
              {}
            )
          }
        }
        assert.lengthOf(slack.messages, 2 * Object.keys(samples.notifications).length)
        for (const message of slack.messages) {
          assert.strictEqual(message.url, url)
          assert.propertyVal(message.payload, "channel", "#ops")
        }
        assert.match(JSON.stringify(slack.messages[0]), /"text":"<!subteam\^S012AB3CD> \*</)
      })
    )
  })

  it("needs no more than a URL", () => {
    assert.isTrue(Result.isSuccess(decode({ url: "http://bridge.example.com:8080/any/path?x=1" })))
  })

  it.each([
    [{}, "url", "Missing key"],
    [{ url: "ftp://s3cr3t.example.com/" }, "url", "an http or https URL"],
    [{ url: "https://" }, "url", "an http or https URL"],
    [{ url: "s3cr3t" }, "url", "an http or https URL"],
    [{ url, channel: "" }, "channel", "at least 1"],
    [{ url, authenticate: "s3cr3t" }, "authenticate", `"webhook"`],
    [{ url, mention: { major: "@s3cr3t" } }, "major", "a user group's id"]
  ])("says which setting is wrong, and not what it holds: %j", (settings, field, expected) => {
    const result = decode(settings)
    assert.isTrue(Result.isFailure(result))
    const message = Result.isFailure(result) ? String(result.failure) : ""
    assert.include(message, `["${field}"]`)
    assert.include(message, expected)
    assert.notInclude(message, "s3cr3t")
  })

  it.effect("spends one message a second of the hook's rate limit", () =>
    Effect.gen(function* () {
      const decoded = yield* Schema.decodeEffect(Schema.toCodecJson(Slack.settings))(settings)
      const [rateLimit] = Slack.rateLimits(decoded)
      assert.deepStrictEqual(rateLimit?.key, Redacted.make(url))
      assert.strictEqual((rateLimit?.messages ?? 0) / (rateLimit?.perSeconds ?? 1), 1)
      assert.strictEqual(rateLimit?.burst, 5)
    })
  )
})

describe("Slack's limit", () => {
  const attempt = (fake: FakeSlack) =>
    Effect.gen(function* () {
      const slack = yield* Slack
      const decoded = yield* Schema.decodeEffect(Schema.toCodecJson(Slack.settings))(fake.settings("https://x.example"))
      return yield* slack.deliver(decoded, samples.notifications.Raised, { form: "rich", deliveryId: "delivery-1" })
    }).pipe(Effect.provide(Slack.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))

  it.effect("limits messages above its rate limit, and accepts no more than that", () =>
    Effect.gen(function* () {
      const fake = new FakeSlack({ limited: true })
      for (let n = 0; n < 5; n++) yield* attempt(fake)
      const error = yield* Effect.flip(attempt(fake))
      assert.deepInclude(error, {
        reason: new RateLimited({ detail: refusedByLimit, retryAfter: Duration.seconds(1) })
      })
      yield* TestClock.adjust("1 second")
      yield* attempt(fake)
      assert.lengthOf(fake.messages, 6)
    })
  )
})

const refusedByLimit = `HTTP 429: {"ok":false,"error":"ratelimited"}`
