import { assert, describe, it } from "@effect/vitest"
import { HttpClient, type HttpClientRequest, type Notification, RateLimited, showRequest } from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { Ntfy } from "@tocsin/plugin-ntfy"
import { FakeNtfy, see, validate } from "@tocsin/plugin-ntfy/testing"
import { Duration, Effect, Result, Schema } from "effect"

const settings = {
  url: "https://push.example.com/ntfy",
  topic: "tocsin-test",
  token: "tk_s3cr3t-of-the-topic",
  priorities: { info: 1, critical: 4 }
}

const { notifications, raised } = samples

const payload = (request: HttpClientRequest.HttpClientRequest): unknown =>
  JSON.parse(showRequest(request, {}).body ?? "null")

const refusal = (http: number, code: number, error: string) => () =>
  Response.json({ code, http, error }, { status: http })

ChannelPluginTest.suite(Ntfy, {
  layer: Ntfy.layer,
  settings,
  secrets: ["tk_s3cr3t-of-the-topic"],
  accepted: () => Response.json({ id: "1", event: "message", topic: "tocsin-test" }),
  refused: [
    [refusal(401, 40_101, "unauthorized"), "Unauthorized"],
    [refusal(403, 40_301, "forbidden"), "Unauthorized"],
    [refusal(400, 40_009, "invalid request: topic invalid"), "Misconfigured"],
    [refusal(400, 40_024, "invalid request: request body must be message JSON"), "PayloadRejected"],
    [refusal(413, 41_301, "attachment too large"), "PayloadRejected"],
    [refusal(429, 42_901, "limit reached: too many requests"), new RateLimited({ detail: "" })],
    [
      () => Response.json({ code: 42_901 }, { status: 429, headers: { "retry-after": "5" } }),
      new RateLimited({ detail: "", retryAfter: Duration.seconds(5) })
    ],
    [refusal(507, 50_701, "cannot publish to UnifiedPush topic"), "Unavailable"],
    [() => Response.json({ error: "no" }), "Misconfigured"],
    [() => new Response("<html>Sign in to the proxy</html>"), "Misconfigured"]
  ],
  validate: (request) => [
    ...validate(payload(request)),
    ...(new URL(request.url).pathname.endsWith("/") ? [] : [`posted to ${request.url}`])
  ],
  read: (request) => see(payload(request)),
  fake: () => new FakeNtfy()
})

const publish = Effect.fnUntraced(function* (notification: Notification, more: object = {}) {
  const fake = new FakeNtfy()
  yield* Effect.gen(function* () {
    const ntfy = yield* Ntfy
    const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(Ntfy.settings))({
      ...fake.settings("https://ntfy.example"),
      ...more
    })
    return yield* ntfy.deliver(decoded, notification, { form: "rich", deliveryId: "d" })
  }).pipe(Effect.provide(Ntfy.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))
  return fake.messages[0]?.payload
})

describe("ntfy", () => {
  it.effect("has the headline as its title, a tap that opens the view, and a button for the alert", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* publish(notifications.Raised), {
        topic: "fake",
        title: "Raised: HTTP errors on checkout-eu",
        priority: 4,
        tags: ["warning"],
        click: "https://app.example.com/view?test=2800817&at=1650925080",
        actions: [{ action: "view", label: "Alert", url: "https://app.example.com/alerts?alertId=118039164" }]
      })
      assert.deepInclude(yield* publish(notifications.Cleared), { priority: 3, tags: ["white_check_mark"] })
    })
  )

  it.effect("interrupts as its severity does, or as the settings say", () =>
    Effect.gen(function* () {
      const priority = Effect.fnUntraced(function* (severity: "info" | "minor" | "major" | "critical", more?: object) {
        const message = yield* publish({ _tag: "Raised", alert: { ...raised, severity } }, more)
        return Schema.decodeUnknownSync(Schema.Struct({ priority: Schema.Int }))(message).priority
      })
      assert.deepStrictEqual(
        [yield* priority("info"), yield* priority("minor"), yield* priority("major"), yield* priority("critical")],
        [2, 3, 4, 5]
      )
      const priorities = { info: 1, critical: 4 }
      assert.strictEqual(yield* priority("info", { priorities }), 1)
      assert.strictEqual(yield* priority("minor", { priorities }), 3)
      assert.strictEqual(yield* priority("critical", { priorities }), 4)
    })
  )

  it.effect("cuts by bytes, so that no message becomes an attachment", () =>
    Effect.gen(function* () {
      const rule = { name: "漢".repeat(4000) }
      const message = yield* publish({ _tag: "Raised", alert: { ...raised, rule, summary: "é/".repeat(2000) } })
      assert.deepStrictEqual(validate(message), [])
      assert.include(JSON.stringify(message), "…")
    })
  )

  it.effect("sends a request that the server reads, with the longest texts and links", () =>
    Effect.gen(function* () {
      const link = new URL(`https://app.example.com/?${"a".repeat(725)}`)
      const long = '"\\'.repeat(3000)
      const more = Array.from({ length: 4 }, () => ({ label: long, link }))
      const observations = Array.from({ length: 50 }, () => ({ name: long.slice(0, 100) }))
      const message = yield* publish({
        _tag: "Raised",
        alert: { ...raised, observations, rule: { name: long }, links: { started: link, alert: link, more } }
      })
      assert.deepStrictEqual(validate(message), [])
      const { actions } = Schema.decodeUnknownSync(Schema.Struct({ actions: Schema.Array(Schema.Unknown) }))(message)
      assert.lengthOf(actions, 3)
    })
  )

  it.each([
    [{ topic: "a b" }, "1 to 64 letters"],
    [{ topic: "../s3cr3t" }, "1 to 64 letters"],
    [{ token: "s3cr3t s3cr3t" }, "an access token"],
    [{ url: "ftp://ntfy.sh" }, "http or https"],
    [{ priorities: { info: 6 } }, "info"]
  ])("says which setting is wrong, and not what it holds: %j", (wrong, expected) => {
    const result = Schema.decodeUnknownResult(Schema.toCodecJson(Ntfy.settings))({ ...settings, ...wrong })
    const message = Result.isFailure(result) ? String(result.failure) : ""
    assert.include(message, expected)
    if ("token" in wrong) assert.notInclude(message, "s3cr3t")
  })
})
