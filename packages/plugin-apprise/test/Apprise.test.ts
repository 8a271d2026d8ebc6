import { assert, describe, it } from "@effect/vitest"
import { HttpClient, type HttpClientRequest, type Notification, RateLimited, showRequest } from "@tocsin/core"
import { client } from "@tocsin/core/fakes"
import { ChannelPluginTest, samples } from "@tocsin/core/testing"
import { Apprise } from "@tocsin/plugin-apprise"
import { FakeApprise, see, validate } from "@tocsin/plugin-apprise/testing"
import { Duration, Effect, Result, Schema } from "effect"

const key = "s3cr3t-key-of-the-config"
const service = "slack://s3cr3t-T0ken-A/s3cr3t-T0ken-B"
const urls = `${service}, mailto://ops:s3cr3t-Passw0rd@mail.example.com`

const withKey = { use: "key", url: "https://apprise.example.com/base/", key, tag: "ops, admin" }
const withUrls = { use: "urls", url: "https://apprise.example.com", urls }

const { notifications } = samples

const payload = (request: HttpClientRequest.HttpClientRequest): unknown =>
  JSON.parse(showRequest(request, {}).body ?? "null")

const log = (level: string, message: string) => [level, "2026-01-15 02:00:00,000", message]

for (const [settings, secrets] of [
  [withKey, [key]],
  [withUrls, [urls, service, "s3cr3t-T0ken-A", "s3cr3t-Passw0rd"]]
] as const) {
  describe(`with ${settings.use}`, () => {
    ChannelPluginTest.suite(Apprise, {
      layer: Apprise.layer,
      settings,
      secrets,
      accepted: () => Response.json({ error: null, details: [log("INFO", "Sent")], urls: [{}] }),
      refused: [
        [() => new Response(null, { status: 204 }), "Misconfigured"],
        [() => Response.json({ error: "The payload lacks minimum requirements" }, { status: 400 }), "PayloadRejected"],
        [() => Response.json({ error: "The recursion limit has been reached" }, { status: 406 }), "Misconfigured"],
        [() => Response.json({ error: "JSON payload too large" }, { status: 431 }), "Misconfigured"],
        [() => Response.json({ error: "There was no configuration found" }, { status: 500 }), "Unavailable"],
        [
          () => new Response("", { status: 429, headers: { "retry-after": "3" } }),
          new RateLimited({ detail: "", retryAfter: Duration.seconds(3) })
        ],
        [() => Response.json({ error: "Failed" }), "Misconfigured"],
        [() => new Response("<html>Sign in to the proxy</html>"), "Misconfigured"]
      ],
      statuses: { 424: "delivered" },
      validate: (request) => validate(payload(request)),
      read: (request) => see(payload(request)),
      fake: () => new FakeApprise()
    })
  })
}

const deliver = Effect.fnUntraced(function* (fake: FakeApprise, settings: Schema.Json, notification: Notification) {
  return yield* Effect.gen(function* () {
    const apprise = yield* Apprise
    const decoded = yield* Effect.orDie(Schema.decodeUnknownEffect(Schema.toCodecJson(Apprise.settings))(settings))
    return yield* apprise.deliver(decoded, notification, { form: "rich", deliveryId: "d" })
  }).pipe(Effect.provide(Apprise.layer), Effect.provideService(HttpClient.HttpClient, client(fake)))
})

describe("Apprise", () => {
  it.effect("posts to the key, or sends the URLs", () =>
    Effect.gen(function* () {
      const fake = new FakeApprise()
      yield* deliver(fake, fake.settings("https://apprise.example"), notifications.Raised)
      yield* deliver(fake, { ...withUrls, tag: "ops" }, notifications.Cleared)
      assert.deepStrictEqual(
        fake.messages.map(({ url }) => new URL(url, "https://x").pathname),
        ["/notify/fake-key", "/notify/"]
      )
      assert.deepInclude(fake.messages[1]?.payload, { urls, tag: "ops", type: "success", format: "text" })
      // Otherwise the server would leave out the services that have tags.
      assert.deepInclude(fake.messages[0]?.payload, { tag: "all" })
    })
  )

  it.effect("is delivered where some of the services failed, and says which", () =>
    Effect.gen(function* () {
      const fake = new FakeApprise()
      const details = [
        log("INFO", "Notifying 2 service(s) with threads."),
        log("INFO", "Sent Discord notification."),
        log("WARNING", `Failed to send to ${service}/: Unauthorized`)
      ]
      fake.script(
        { status: 424, body: JSON.stringify({ error: "One or more notification could not be sent", details }) },
        { status: 424, body: "" }
      )
      const receipt = yield* deliver(fake, withUrls, notifications.Raised)
      assert.deepStrictEqual(receipt.recipients, [
        {
          recipient: "One or more services",
          status: "failed",
          detail: "Failed to send to <redacted>/: Unauthorized"
        }
      ])
      const mute = yield* deliver(fake, withUrls, notifications.Raised)
      assert.strictEqual(mute.recipients?.[0]?.detail, "The server does not say which")
    })
  )

  it.effect("is not delivered where all of the services failed, whatever else the server logs", () =>
    Effect.gen(function* () {
      const fake = new FakeApprise()
      const details = [
        log("INFO", "Loaded 3 entries from memory://"),
        log("INFO", "Notifying 3 service(s) with threads."),
        log("INFO", "Optional service 'Syslog' failed; ignoring failure."),
        log("WARNING", `Failed to send to ${service}/: Unauthorized`),
        log("WARNING", "No route to host")
      ]
      fake.script({
        status: 424,
        body: JSON.stringify({ error: "One or more notification could not be sent", details })
      })
      const { reason } = yield* Effect.flip(deliver(fake, withUrls, notifications.Raised))
      assert.strictEqual(reason._tag, "Unavailable")
      assert.strictEqual(
        reason.detail,
        "HTTP 424: no service was notified: Failed to send to <redacted>/: Unauthorized; No route to host"
      )
    })
  )

  it.effect.each([
    ["no service has the tag", "ops", []],
    ["no service has the tag", "ops", [log("INFO", "Loaded 3 entries from memory://")]],
    [
      "the server keeps no services under the key",
      undefined,
      [
        log("WARNING", "Failed to load Apprise configuration from memory://"),
        log("ERROR", "There are no service(s) to notify")
      ]
    ]
  ] as const)("is not delivered where %s", ([expected, tag, details]) =>
    Effect.gen(function* () {
      const fake = new FakeApprise()
      const error = "One or more notification could not be sent"
      fake.script({ status: 424, body: JSON.stringify({ error, details }) })
      const settings = { ...fake.settings("https://apprise.example"), ...(tag && { tag }) }
      const failed = yield* Effect.flip(deliver(fake, settings, notifications.Raised))
      assert.strictEqual(failed.reason._tag, "Misconfigured")
      assert.include(failed.message, expected)
    })
  )

  it.effect("verifies a key and its tag without notifying, and cannot verify URLs", () =>
    Effect.gen(function* () {
      const fake = new FakeApprise()
      const verify = Effect.fnUntraced(
        function* (settings: Schema.Json) {
          const apprise = yield* Apprise
          const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(Apprise.settings))(settings)
          const check = apprise.verify?.(decoded)
          return check === undefined ? "nothing" : String(yield* Effect.exit(check))
        },
        Effect.provide(Apprise.layer),
        Effect.provideService(HttpClient.HttpClient, client(fake))
      )
      const known = fake.settings("https://apprise.example")
      assert.include(yield* verify(known), "Success")
      assert.include(yield* verify({ ...known, key: "another" }), "keeps no services under the key")
      fake.script({ status: 200, body: `{"tags":[],"urls":[]}` })
      assert.include(yield* verify({ ...known, tag: "nobody" }), "no service has the tag")
      assert.strictEqual(yield* verify(withUrls), "nothing")
      assert.lengthOf(fake.messages, 0)
    })
  )

  it.effect("shows foreign text as it was written, and mentions nobody", () =>
    Effect.gen(function* () {
      const text = "@everyone <!channel> <@U1> https://evil.example a@evil.example <b>&amp;</b>"
      const fake = new FakeApprise()
      const alert = { ...samples.raised, summary: text, rule: { name: text } }
      yield* deliver(fake, withUrls, { _tag: "Raised", alert })
      const seen = JSON.stringify(see(fake.messages[0]?.payload))
      assert.include(seen.replaceAll("\u200B", ""), JSON.stringify(text).slice(1, -1))
      assert.notMatch(seen, /@everyone|<!channel|<@U1|:\/\/evil/)
    })
  )

  it.each([
    [{ ...withKey, key: "s3cr3t/../x" }, "letters, digits"],
    [{ ...withKey, tag: "" }, "tags"],
    [{ ...withKey, url: "https://u:s3cr3t@x.example" }, "without a user"],
    [{ ...withUrls, urls: "s3cr3t" }, "Apprise URLs"]
  ])("says which setting is wrong, and not what it holds", (wrong, expected) => {
    const result = Schema.decodeUnknownResult(Schema.toCodecJson(Apprise.settings))(wrong)
    const message = Result.isFailure(result) ? String(result.failure) : ""
    assert.include(message, expected)
    assert.notInclude(message, "s3cr3t")
  })
})
