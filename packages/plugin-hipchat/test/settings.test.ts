import { assert, describe, it } from "@effect/vitest"
import { HipChat } from "@tocsin/plugin-hipchat"
import { Effect, Redacted, Schema } from "effect"

const json = Schema.toCodecJson(HipChat.settings)
const decode = Schema.decodeUnknownEffect(json)
const room = "https://acme.hipchat.example/v2/room/42/notification"

describe("the settings of HipChat", () => {
  it.effect.each([
    { given: `${room}?auth_token=s3cr3t`, url: room },
    { given: `${room}?auth_token=s3cr3t&a=b%20c&d`, url: `${room}?a=b%20c&d` },
    { given: `${room}?a=1&auth_token=s3cr3t&b=2`, url: `${room}?a=1&b=2` },
    { given: `${room}?a=1&auth%5Ftoken=s3cr3t`, url: `${room}?a=1` },
    { given: `${room}?AUTH_TOKEN=s3cr3t`, url: room },
    {
      given: `${room}?Auth_Token=s3cr3t&monkey=1&passage=2&author=3&zipcode=4`,
      url: `${room}?monkey=1&passage=2&author=3&zipcode=4`
    },
    { given: `${room}?auth_token=s3cr3t&auth_token=s3cr3t2`, url: room }
  ])("take the token out of $given", ({ given, url }) =>
    Effect.gen(function* () {
      const settings = yield* decode({ url: given })
      assert.strictEqual(settings.url.href, url)
      assert.strictEqual(Redacted.value(settings.authToken), "s3cr3t")
      assert.notInclude(String(settings.url), "s3cr3t")
      assert.notInclude(JSON.stringify(settings), "s3cr3t")
      const encoded = yield* Schema.encodeEffect(json)(settings)
      assert.deepStrictEqual(encoded, { url, authToken: "s3cr3t" })
      assert.deepStrictEqual(yield* decode(encoded), settings)
    })
  )

  it.effect("use the URL's token if both are given", () =>
    Effect.gen(function* () {
      const settings = yield* decode({ url: `${room}?auth_token=new`, authToken: "old" })
      assert.strictEqual(Redacted.value(settings.authToken), "new")
    })
  )

  it.effect("accept any http or https URL", () =>
    Effect.gen(function* () {
      for (const url of ["http://10.0.0.5:8080/hooks/hipchat?room=1", `${room}?auth_token=`]) {
        yield* decode({ url, authToken: "s3cr3t" })
      }
    })
  )

  it.effect.each([
    { given: { url: room }, at: ["authToken"], says: "Expected the room's auth token" },
    { given: { url: `${room}?auth_token=` }, at: ["authToken"], says: "Expected the room's auth token" },
    { given: { url: room, authToken: "" }, at: ["authToken"], says: "Expected a token, without spaces" },
    { given: { url: room, authToken: "s3cr3t two" }, at: ["authToken"], says: "Expected a token, without spaces" },
    { given: { url: `${room}?auth_token=s3cr3t%0A` }, at: ["url"], says: "Expected an auth_token without spaces" },
    { given: { url: "ftp://s3cr3t.example", authToken: "x" }, at: ["url"], says: "Expected an http or https URL" },
    { given: { url: "s3cr3t", authToken: "x" }, at: ["url"], says: "Expected a valid URL string" },
    { given: { url: "https://u:s3cr3t@acme.example/", authToken: "x" }, at: ["url"], says: "without a user" },
    { given: { authToken: "s3cr3t" }, at: ["url"], says: "Missing key" }
  ])("name what is wrong, and echo nothing (%#)", ({ at, given, says }) =>
    Effect.gen(function* () {
      const error = String(yield* Effect.flip(decode(given)))
      assert.include(error, says)
      assert.include(error, JSON.stringify(at))
      assert.notInclude(error, "s3cr3t")
    })
  )

  it.effect.each([
    "token",
    "TOKEN",
    "%74oken",
    "access_token",
    "authToken",
    "auth",
    "key",
    "api_key",
    "apiKey",
    "X-API-KEY",
    "password",
    "passwd",
    "pwd",
    "secret",
    "client_secret",
    "sig",
    "X-Amz-Signature",
    "code",
    "jwt",
    "credentials",
    "bearer",
    "session",
    "pw",
    "tok=s3cr3t-tok&x",
    "k=s3cr3ts3cr3t&x",
    "x=1;token"
  ])("refuse a URL with ?%s=, because answers show it", (name) =>
    Effect.gen(function* () {
      for (const given of [`${room}?${name}=s3cr3t`, `${room}?a=1&auth_token=x&${name}=s3cr3t`]) {
        const error = String(yield* Effect.flip(decode({ url: given, authToken: "x" })))
        assert.include(error, "no credential except auth_token")
        assert.include(error, `["url"]`)
        assert.notInclude(error, "s3cr3t")
      }
    })
  )

  it.effect.each([
    "#token=s3cr3t",
    "#a=1&api_key=s3cr3t",
    "#auth_token=s3cr3t",
    "#/room?token=s3cr3t",
    "?a=1#%74oken=s3cr3t"
  ])("refuse a URL with a credential in its fragment: %s", (end) =>
    Effect.gen(function* () {
      const error = String(yield* Effect.flip(decode({ url: `${room}${end}`, authToken: "x" })))
      assert.include(error, "whose fragment contains none")
      assert.notInclude(error, "s3cr3t")
    })
  )

  it.effect("take a fragment that is a remark", () =>
    Effect.gen(function* () {
      const { url } = yield* decode({ url: `${room}#the-night-shift`, authToken: "x" })
      assert.strictEqual(url.href, `${room}#the-night-shift`)
    })
  )

  it("describe in their JSON Schema what to enter", () => {
    assert.deepStrictEqual(Schema.toJsonSchemaDocument(HipChat.settings).schema["required"], ["url"])
    const properties = JSON.stringify(Schema.toJsonSchemaDocument(HipChat.settings).schema["properties"])
    for (const title of [`"title":"URL"`, `"title":"Auth token"`]) assert.include(properties, title)
  })

  it("keep the token redacted and described once decoded", () => {
    const decoded = Schema.toType(HipChat.settings)
    assert.strictEqual(Schema.isSchema(decoded), true)
    const { ast } = decoded
    assert.deepStrictEqual(
      ast.propertySignatures.map(({ name, type }) => [
        name,
        type.annotations?.["expected"],
        typeof type.context?.annotations?.["description"]
      ]),
      [
        ["url", "URL", "string"],
        ["authToken", "Redacted", "string"]
      ]
    )
  })
})
