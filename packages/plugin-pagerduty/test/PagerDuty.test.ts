import { assert, describe, it } from "@effect/vitest"
import { HttpClient, type HttpClientRequest, type Notification, RateLimited, showRequest } from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { PagerDuty } from "@tocsin/plugin-pagerduty"
import { FakePagerDuty, see, validate } from "@tocsin/plugin-pagerduty/testing"
import { Duration, Effect, Result, Schema } from "effect"

const routingKey = "S3CR3Ts3cr3tS3CR3Ts3cr3tS3CR3T01"

const settings = { routingKey, url: "https://events.eu.pagerduty.com/" }

const bodyOf = (request: HttpClientRequest.HttpClientRequest): string => showRequest(request, {}).body ?? ""

const refusal =
  (status: number, ...errors: ReadonlyArray<string>) =>
  () =>
    Response.json({ status: "invalid event", message: "Event object is invalid", errors }, { status })

ChannelPluginTest.suite(PagerDuty, {
  layer: PagerDuty.layer,
  settings,
  secrets: [routingKey],
  accepted: () => Response.json({ status: "success", message: "Event processed", dedup_key: "one" }, { status: 202 }),
  refused: [
    [refusal(400, "Length of 'routing_key' is incorrect (should be 32 characters)"), "Unauthorized"],
    [refusal(400, "Invalid routing key"), "Unauthorized"],
    [refusal(400, "'payload.severity' is invalid"), "PayloadRejected"],
    [refusal(202, "'payload.severity' is invalid"), "Misconfigured"],
    [() => Response.json({ status: "success" }), "Misconfigured"],
    [() => new Response("<html>Sign in to the proxy</html>"), "Misconfigured"],
    [() => Response.json({}, { status: 429 }), new RateLimited({ detail: "" })],
    [
      () => Response.json({}, { status: 429, headers: { "retry-after": "90" } }),
      new RateLimited({ detail: "", retryAfter: Duration.seconds(90) })
    ]
  ],
  validate: (request) => [
    ...validate(bodyOf(request)),
    ...(request.url === "https://events.eu.pagerduty.com/v2/enqueue" ||
    request.url.startsWith("https://events.pagerduty.com/")
      ? []
      : [`posted to ${request.url}`])
  ],
  read: (request) => see(JSON.parse(bodyOf(request))),
  fake: () => new FakePagerDuty()
})

const conversation = { id: "01966d2c-6d00-7000-8000-0000000000c1", messages: [] }

const deliver = Effect.fnUntraced(function* (
  fake: FakePagerDuty,
  notification: Notification,
  {
    about = conversation,
    deliveryId = "delivery-1"
  }: { readonly about?: typeof conversation | null; readonly deliveryId?: string } = {}
) {
  return yield* Effect.gen(function* () {
    const pagerDuty = yield* PagerDuty
    const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(PagerDuty.settings))(
      fake.settings("https://x.example")
    )
    return yield* pagerDuty.deliver(decoded, notification, {
      form: "rich",
      deliveryId,
      ...(about && { conversation: about })
    })
  }).pipe(Effect.provide(PagerDuty.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))
})

const { notifications } = samples

describe("PagerDuty", () => {
  it.effect("opens one incident for an alert, adds its escalation, and resolves it with its clear", () =>
    Effect.gen(function* () {
      const fake = new FakePagerDuty()
      yield* deliver(fake, notifications.Raised)
      yield* deliver(fake, notifications.Escalated)
      assert.deepStrictEqual(fake.incidents(), [{ key: conversation.id, status: "triggered", triggers: 2 }])
      yield* deliver(fake, notifications.Cleared)
      assert.deepStrictEqual(fake.incidents(), [{ key: conversation.id, status: "resolved", triggers: 2 }])
    })
  )

  it.effect("opens no second incident when an attempt whose answer was lost is made again", () =>
    Effect.gen(function* () {
      const fake = new FakePagerDuty()
      yield* deliver(fake, notifications.Raised)
      yield* deliver(fake, notifications.Raised)
      assert.lengthOf(fake.incidents(), 1)
      yield* deliver(fake, notifications.Notice, { about: null })
      yield* deliver(fake, notifications.Notice, { about: null })
      assert.lengthOf(fake.incidents(), 2)
    })
  )

  it.effect("gives each notice a key of its own", () =>
    Effect.gen(function* () {
      const fake = new FakePagerDuty()
      yield* deliver(fake, notifications.Notice, { about: null, deliveryId: "one" })
      yield* deliver(fake, notifications.Notice, { about: null, deliveryId: "two" })
      assert.deepStrictEqual(
        fake.incidents().map(({ key }) => key),
        ["one", "two"]
      )
    })
  )

  it.effect("resolves what a test triggers", () =>
    Effect.gen(function* () {
      const fake = new FakePagerDuty()
      const about = { id: "test-1", messages: [] }
      yield* deliver(fake, notifications.Test, { about })
      yield* deliver(fake, { ...notifications.Test, of: "Cleared" }, { about, deliveryId: "delivery-2" })
      assert.deepStrictEqual(fake.incidents(), [{ key: "test-1", status: "resolved", triggers: 1 }])
    })
  )

  it.effect("pages nobody for a problem that is over", () =>
    Effect.gen(function* () {
      const fake = new FakePagerDuty()
      yield* deliver(fake, notifications.RaisedAndCleared)
      assert.lengthOf(fake.incidents(), 0)
      assert.deepStrictEqual(PagerDuty.capabilities.skips, ["RaisedAndCleared"])
      assert.isFalse(PagerDuty.capabilities.digest)
    })
  )

  it.effect("says what is wrong, where, since when, and where to look", () =>
    Effect.gen(function* () {
      const fake = new FakePagerDuty()
      yield* deliver(fake, notifications.Raised)
      const [{ payload } = assert.fail("nothing was sent")] = fake.messages
      assert.deepStrictEqual(payload, {
        routing_key: "FAKE0000000000000000000000000000",
        event_action: "trigger",
        dedup_key: conversation.id,
        client: "Tocsin",
        links: [
          { href: "https://app.example.com/view?test=2800817&at=1650925080", text: "View" },
          { href: "https://app.example.com/alerts?alertId=118039164", text: "Alert" }
        ],
        payload: {
          summary: "Raised: HTTP errors on checkout-eu",
          source: "http://shop.example.com:5012/",
          severity: "error",
          timestamp: "2022-04-25T22:18:00.000Z",
          group: "thousandeyes",
          class: "HTTP errors",
          component: "checkout-eu",
          custom_details: {
            Severity: "major",
            Condition: "Response Code is any error (≥ 400 or no response)",
            Target: "http://shop.example.com:5012/",
            Started: "2022-04-25 22:18:00 UTC",
            "Observed by": [
              "New York, NY (Cogent): Response Code: 402",
              "Seattle, WA (Verizon): Response Code: 401",
              "Dallas, TX (AT&T): Response Code: 404"
            ],
            Notes: ["thousandeyes alert 118039164"]
          }
        }
      })
    })
  )

  it.effect.each([
    ["critical", "critical"],
    ["major", "error"],
    ["minor", "warning"],
    ["info", "info"]
  ] as const)("%s is %s to PagerDuty", ([severity, theirs]) =>
    Effect.gen(function* () {
      const fake = new FakePagerDuty()
      yield* deliver(fake, { _tag: "Raised", alert: { ...samples.raised, severity } })
      assert.include(JSON.stringify(fake.messages[0]?.payload), `"severity":"${theirs}"`)
    })
  )

  it.each([
    [{ routingKey: "s3cr3t" }, "an integration key of 32"],
    [{ routingKey: "" }, "an integration key of 32"],
    [{ url: "ftp://events.example" }, "http or https"]
  ])("says which setting is wrong, and not what it holds: %j", (wrong, expected) => {
    const result = Schema.decodeUnknownResult(Schema.toCodecJson(PagerDuty.settings))({ ...settings, ...wrong })
    const message = Result.isFailure(result) ? String(result.failure) : ""
    assert.include(message, expected)
    assert.notInclude(message, "s3cr3t")
  })
})
