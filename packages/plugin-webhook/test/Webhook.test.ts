import { assert, describe, it } from "@effect/vitest"
import { HttpClient, type HttpClientRequest, type Notification, RateLimited, showRequest } from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { bodySchema, Webhook } from "@tocsin/plugin-webhook"
import { FakeWebhook, see } from "@tocsin/plugin-webhook/testing"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Duration, Effect, Result, Schema } from "effect"
import { HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { Webhook as Receiver } from "standardwebhooks"

const url = "https://hooks.example.com/in/s3cr3t-of-the-url"
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
const previousSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

const settings = {
  url,
  secret,
  previousSecret,
  headers: { authorization: "Bearer t0ken-in-a-header", "X-Team": "0ps-team-header" }
}

const isBody = new Ajv2020({ strict: false }).compile(
  Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Json))(bodySchema())
)

const bodyOf = (request: HttpClientRequest.HttpClientRequest): string => showRequest(request, {}).body ?? ""

ChannelPluginTest.suite(Webhook, {
  layer: Webhook.layer,
  settings,
  secrets: ["s3cr3t-of-the-url", secret, previousSecret, "t0ken-in-a-header", "0ps-team-header"],
  accepted: () => new Response(null, { status: 204 }),
  refused: [
    [() => new Response("unsubscribed", { status: 410 }), "DestinationGone"],
    [
      () => new Response("", { status: 429, headers: { "retry-after": "5" } }),
      new RateLimited({ detail: "", retryAfter: Duration.seconds(5) })
    ],
    [() => new Response("", { status: 504 }), "Unavailable"],
    [() => new Response("", { status: 302, headers: { location: "https://example.com/sign-in" } }), "Misconfigured"]
  ],
  timed: ["webhook-timestamp", "webhook-signature"],
  validate: (request) =>
    isBody(JSON.parse(bodyOf(request)))
      ? []
      : (isBody.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`),
  read: (request) => see(JSON.parse(bodyOf(request))),
  fake: () => new FakeWebhook()
})

/** The requests for a notification: what a server receives. */
const sent = Effect.fnUntraced(function* (
  settings: Schema.Json,
  notification: Notification = samples.notifications.Raised,
  deliveryId = "01966d2c-6d00-7000-8000-0000000000d1"
) {
  const requests: Array<HttpClientRequest.HttpClientRequest> = []
  yield* Effect.gen(function* () {
    const webhook = yield* Webhook
    const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(Webhook.settings))(settings)
    return yield* webhook.deliver(decoded, notification, {
      form: "rich",
      deliveryId,
      conversation: { id: "one", messages: [] }
    })
  }).pipe(
    Effect.provide(Webhook.layer),
    Effect.provideService(
      HttpClient.HttpClient,
      HttpClient.make((request) => {
        requests.push(request)
        return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(null, { status: 204 })))
      })
    )
  )
  const [request] = requests
  if (request === undefined || requests.length > 1) return assert.fail(`${requests.length} requests`)
  return { body: bodyOf(request), headers: { ...request.headers } }
})

describe("Webhook", () => {
  it.effect("is verified by the official library, with the secret and, during a rotation, with the previous one", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.now())
      const { body, headers } = yield* sent(settings)
      for (const one of [secret, previousSecret]) {
        assert.deepStrictEqual(new Receiver(one).verify(body, headers), JSON.parse(body))
      }
      assert.lengthOf(headers["webhook-signature"]?.split(" ") ?? [], 2)
      assert.throws(() => new Receiver(secret).verify(body.replace("major", "minor"), headers), /signature/)
      assert.throws(() => new Receiver(secret).verify(body, { ...headers, "webhook-id": "other" }), /signature/)
      assert.throws(() => new Receiver("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").verify(body, headers), /signature/)
    })
  )

  it.effect("signs as the specification's test vector says", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_614_265_330_000)
      const { body, headers } = yield* sent(
        { url, secret },
        samples.notifications.Raised,
        "msg_p5jXN8AQM9LWM0D4loKWxJek"
      )
      const signature = new Receiver(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", new Date(1_614_265_330_000), body)
      assert.strictEqual(headers["webhook-signature"], signature)
      assert.strictEqual(headers["webhook-timestamp"], "1614265330")
    })
  )

  it.effect("keeps the webhook-id and the body when it tries again, and signs the new time", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.now() - 60_000)
      const first = yield* sent(settings)
      yield* TestClock.adjust("1 minute")
      const again = yield* sent(settings)
      assert.strictEqual(again.headers["webhook-id"], first.headers["webhook-id"])
      assert.strictEqual(again.body, first.body)
      assert.notStrictEqual(again.headers["webhook-timestamp"], first.headers["webhook-timestamp"])
      new Receiver(secret).verify(again.body, again.headers)
    })
  )

  it.effect("signs nothing without a secret", () =>
    Effect.gen(function* () {
      const { headers } = yield* sent({ url })
      assert.notProperty(headers, "webhook-signature")
      assert.property(headers, "webhook-id")
      assert.strictEqual(headers["content-type"], "application/json")
    })
  )

  it.effect("sends the headers of the settings", () =>
    Effect.gen(function* () {
      const { headers } = yield* sent(settings)
      assert.strictEqual(headers["authorization"], "Bearer t0ken-in-a-header")
      assert.strictEqual(headers["x-team"], "0ps-team-header")
    })
  )

  it.effect("keeps 50 of many observations, and counts the others", () =>
    Effect.gen(function* () {
      const { body } = yield* sent(settings, { _tag: "Raised", alert: samples.crowded })
      const { data } = JSON.parse(body)
      assert.lengthOf(data.alert.observations, 50)
      assert.strictEqual(data.alert.observationsOmitted, 500 + 1950)
      assert.isBelow(Buffer.byteLength(body), 20_000)
    })
  )

  it.effect("is taken once by a receiver that knows its id", () =>
    Effect.gen(function* () {
      const fake = new FakeWebhook()
      const deliver = Effect.fnUntraced(
        function* (deliveryId: string) {
          const webhook = yield* Webhook
          const decoded = yield* Schema.decodeEffect(Schema.toCodecJson(Webhook.settings))(
            fake.settings("https://x.example")
          )
          return yield* webhook.deliver(decoded, samples.notifications.Raised, { form: "rich", deliveryId })
        },
        Effect.provide(Webhook.layer),
        Effect.provideService(HttpClient.HttpClient, client(fake))
      )
      yield* deliver("one")
      yield* deliver("one")
      assert.lengthOf(fake.messages, 1)
      yield* deliver("two")
      assert.lengthOf(fake.messages, 2)
    })
  )

  it.effect.each([
    ["Raised", samples.notifications.Raised, "alert.raised", "2022-04-25T22:18:00.000Z"],
    ["Escalated", samples.notifications.Escalated, "alert.escalated", "2022-04-25T22:18:00.000Z"],
    ["Cleared", samples.notifications.Cleared, "alert.cleared", "2022-04-25T22:31:00.000Z"],
    [
      "RaisedAndCleared",
      samples.notifications.RaisedAndCleared,
      "alert.raised_and_cleared",
      "2022-04-25T22:31:00.000Z"
    ],
    ["Digest", samples.notifications.Digest, "digest", undefined],
    ["Notice", samples.notifications.Notice, "notice", undefined],
    ["Test", samples.notifications.Test, "test.raised", "2022-04-25T22:18:00.000Z"]
  ] as const)("names the type and the time of a %s", ([, notification, type, timestamp]) =>
    Effect.gen(function* () {
      const body = JSON.parse((yield* sent(settings, notification)).body)
      assert.strictEqual(body.type, type)
      // Later versions may add types and fields.
      assert.isTrue(isBody({ ...body, type: "later", later: 1, data: { ...body.data, later: 1 } }))
      assert.strictEqual(body.timestamp, timestamp)
      assert.strictEqual(body.data.conversation, "one")
    })
  )

  it.each([
    [{ secret: "s3cr3t" }, "whsec_"],
    [{ secret: `whsec_${Buffer.alloc(23).toString("base64")}` }, "whsec_"],
    [{ secret: `whsec_${Buffer.alloc(65).toString("base64")}` }, "whsec_"],
    [{ url: "ftp://s3cr3t.example.com/" }, "an http or https URL"],
    [{ headers: { "webhook-id": "s3cr3t" } }, "does not set itself"],
    [{ headers: { "Content-Type": "s3cr3t" } }, "does not set itself"],
    [{ headers: { "X Y": "s3cr3t" } }, "does not set itself"],
    [{ headers: { "X-Y": "s3cr3t\nX-Z: 1" } }, "a header's value"]
  ])("says which setting is wrong, and not what it holds: %j", (wrong, expected) => {
    const result = Schema.decodeUnknownResult(Schema.toCodecJson(Webhook.settings))({ ...settings, ...wrong })
    const message = Result.isFailure(result) ? String(result.failure) : ""
    assert.include(message, expected)
    assert.notInclude(message, "s3cr3t")
  })
})
