import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { RateLimited, showRequest } from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { HipChat } from "@tocsin/plugin-hipchat"
import { FakeHipChat, see, validate } from "@tocsin/plugin-hipchat/testing"
import { DateTime, Duration, Effect, Redacted, Schema } from "effect"
import { HttpClient, type HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"

const token = "s3cr3tRoomToken"
const url = "https://acme.hipchat.example/v2/room/42/notification"
const fixture = (name: string) => readFileSync(new URL(`fixtures/hipchat-${name}.json`, import.meta.url), "utf8")
const refusal = (status: number) => () => new Response(fixture(`error-${status}`), { status })

const payload = (request: HttpClientRequest.HttpClientRequest): unknown =>
  JSON.parse(showRequest(request, {}).body ?? "null")

ChannelPluginTest.suite(HipChat, {
  layer: HipChat.layer,
  settings: { url, authToken: token },
  secrets: [token],
  accepted: () => new Response(null, { status: 204 }),
  fake: () => new FakeHipChat({ token }),
  validate: (request) => validate(payload(request)),
  read: (request) => see(payload(request)),
  // With auth_test HipChat looks at the token only.
  postsNothing: ({ urlParams }) => Object.fromEntries(urlParams)["auth_test"] === "true",
  refused: [
    [refusal(400), "PayloadRejected"],
    [refusal(401), "Unauthorized"],
    [refusal(403), "Misconfigured"],
    [() => new Response("<h1>Forbidden</h1>", { status: 403 }), "Unauthorized"],
    [refusal(404), "DestinationGone"],
    [refusal(429), new RateLimited({ detail: "", retryAfter: Duration.minutes(5) })],
    [() => new Response("<h1>Bad gateway</h1>", { status: 502 }), "Unavailable"],
    [() => new Response(`{"error":{"code":405,"message":"no"}}`, { status: 405 }), "Misconfigured"]
  ]
})

const decode = Schema.decodeUnknownEffect(Schema.toCodecJson(HipChat.settings))

/** A channel whose requests go to the fake. */
const withFake = <A, E>(fake: FakeHipChat, use: Effect.Effect<A, E, HipChat>) =>
  use.pipe(Effect.provide(HipChat.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))

const deliver = (fake: FakeHipChat, settings: unknown = { url, authToken: token }) =>
  withFake(
    fake,
    Effect.gen(function* () {
      const hipchat = yield* HipChat
      return yield* hipchat.deliver(yield* decode(settings), samples.notifications.Raised, {
        form: "rich",
        deliveryId: "delivery-1"
      })
    })
  )

const verify = (fake: FakeHipChat, authToken: string) =>
  withFake(
    fake,
    Effect.gen(function* () {
      const hipchat = yield* HipChat
      yield* hipchat.verify?.(yield* decode({ url: `${url}?room=1`, authToken })) ?? Effect.die("cannot verify")
    })
  )

describe("HipChat", () => {
  it.effect("sends the token as Bearer, and not in the URL", () =>
    Effect.gen(function* () {
      const fake = new FakeHipChat({ token })
      yield* deliver(fake, { url: `${url}?auth_token=${token}&room=1` })
      assert.lengthOf(fake.messages, 1)
      assert.strictEqual(fake.messages[0]?.url, `${url}?room=1`)
    })
  )

  it.effect("verifies a token without posting", () =>
    Effect.gen(function* () {
      const fake = new FakeHipChat({ token })
      yield* verify(fake, token)
      const error = yield* Effect.flip(verify(fake, "wrong"))
      assert.include(String(error), "Unauthorized: HTTP 401: Invalid OAuth session")
      assert.lengthOf(fake.messages, 0)
    })
  )

  it.effect("reports HipChat's own error message", () =>
    Effect.gen(function* () {
      const fake = new FakeHipChat({ token })
      fake.script({ status: 400, body: fixture("error-400") })
      const error = yield* Effect.flip(deliver(fake))
      assert.include(
        String(error),
        "PayloadRejected: HTTP 400: Value u'true' for field 'notify' is not of type 'boolean'"
      )
    })
  )

  const now = DateTime.toEpochMillis(DateTime.makeUnsafe("2022-04-25T22:18:00Z"))
  const at = (seconds: number) => String(now / 1000 + seconds)

  it.effect.each<{ readonly name: string; readonly headers: Record<string, string>; readonly seconds: number }>([
    { name: "no header", headers: {}, seconds: 300 },
    { name: "flood control", headers: { "X-FloodControl-Reset": at(42) }, seconds: 42 },
    { name: "the token's limit", headers: { "X-Ratelimit-Reset": at(200) }, seconds: 200 },
    { name: "a reset as seconds left", headers: { "X-FloodControl-Reset": "30" }, seconds: 30 },
    { name: "a reset that is over", headers: { "X-FloodControl-Reset": at(-3) }, seconds: 1 },
    { name: "a reset that makes no sense", headers: { "X-FloodControl-Reset": "soon" }, seconds: 300 },
    { name: "a clock that is a day ahead", headers: { "X-Ratelimit-Reset": at(86_400) }, seconds: 900 },
    { name: "both limits", headers: { "X-FloodControl-Reset": at(42), "X-Ratelimit-Reset": at(200) }, seconds: 200 },
    {
      name: "both limits, one of them spent",
      headers: {
        "X-FloodControl-Remaining": "0",
        "X-FloodControl-Reset": at(42),
        "X-Ratelimit-Remaining": "470",
        "X-Ratelimit-Reset": at(200)
      },
      seconds: 42
    },
    {
      name: "a longer Retry-After",
      headers: { "Retry-After": "60", "X-FloodControl-Reset": at(42) },
      seconds: 60
    },
    {
      name: "a shorter Retry-After",
      headers: { "Retry-After": "5", "X-FloodControl-Reset": at(42) },
      seconds: 42
    },
    { name: "Retry-After alone", headers: { "Retry-After": "17" }, seconds: 17 }
  ])("waits under 429 with $name", ({ headers, seconds }) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const fake = new FakeHipChat({ token })
      fake.script({ status: 429, headers, body: fixture("error-429") })
      const error = yield* Effect.flip(deliver(fake))
      assert.strictEqual(error._tag, "DeliveryError")
      assert.isTrue(error._tag === "DeliveryError" && error.reason._tag === "RateLimited")
      if (error._tag === "DeliveryError" && error.reason._tag === "RateLimited") {
        assert.deepStrictEqual(error.reason.retryAfter, Duration.seconds(seconds))
        assert.strictEqual(error.reason.detail, "HTTP 429: Rate limit exceeded")
      }
    })
  )

  it.effect("spends the room's rate limit and the token's", () =>
    Effect.gen(function* () {
      const rateLimits = HipChat.rateLimits(yield* decode({ url: `${url}?a=1&auth_token=${token}` }))
      assert.deepStrictEqual(rateLimits, [
        { key: url, messages: 30, perSeconds: 60, burst: 5 },
        { key: Redacted.make(`token:${token}`), messages: 500, perSeconds: 300, burst: 30 }
      ])
    })
  )
})

describe("HipChat's flood control", () => {
  const reason = (error: Effect.Error<ReturnType<typeof deliver>>) =>
    error._tag === "DeliveryError" ? error.reason : error

  it.effect("limits messages above its flood control, and the plugin waits", () =>
    Effect.gen(function* () {
      const fake = new FakeHipChat({ token, limited: true })
      for (let n = 0; n < 30; n++) yield* deliver(fake)
      const limited = reason(yield* Effect.flip(deliver(fake)))
      if (limited._tag !== "RateLimited") return assert.fail(limited._tag)
      yield* TestClock.adjust(limited.retryAfter ?? 0)
      yield* deliver(fake)
      assert.lengthOf(fake.messages, 31)
    })
  )
})
