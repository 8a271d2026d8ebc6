import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin, withoutSecrets } from "@tocsin/core"
import { settingsTable } from "@tocsin/core/testing"
import { Redacted, Schema, SchemaGetter } from "effect"

const declared = (settings: Schema.Codec<any, any>) =>
  class Declared extends ChannelPlugin.Service<Declared>()("declared", {
    title: "Declared",
    settings,
    settingsVersion: 1,
    example: {},
    setup: [],
    rateLimits: () => [],
    sizes: { text: 100 },
    capabilities: {}
  }) {}

const Key = (title: string) => ({ title, description: `What ${title} is` })
const token = Schema.Redacted(Schema.NonEmptyString).annotateKey(Key("Token"))
const Group = Schema.Struct({ token })
const shownToken = { type: "string", minLength: 1, ...Key("Token"), writeOnly: true }
const shownGroup = {
  type: "object",
  additionalProperties: false,
  required: ["token"],
  properties: { token: shownToken }
}

class Classy extends Schema.Class<Classy>("Classy")({ token }) {}

const trimmed = Schema.String.pipe(
  Schema.decode({ decode: SchemaGetter.transform((text) => text.trim()), encode: SchemaGetter.passthrough() })
)

interface Hop {
  readonly name: string
  readonly next?: Hop
}
const Hop: Schema.Codec<Hop, any> = Schema.Struct({
  name: Schema.String.annotateKey(Key("Name")),
  next: Schema.optionalKey(Schema.suspend((): Schema.Codec<Hop, any> => Hop)).annotateKey(Key("Next"))
}).annotate({ identifier: "Hop" })

describe("settingsSchema", () => {
  it.each([
    ["a class", Classy],
    ["what has an identifier", Group.annotate({ identifier: "Group" })]
  ] as const)("marks the secrets of %s", (_, settings) => {
    assert.deepStrictEqual(ChannelPlugin.settingsSchema(declared(settings)), shownGroup)
  })

  it("marks the secrets in each form of settings and groups", () => {
    const either = Schema.Union([Group, Schema.Struct({ url: Schema.URL.annotateKey(Key("URL")) })])
    const shown = {
      anyOf: [
        shownGroup,
        {
          type: "object",
          additionalProperties: false,
          required: ["url"],
          properties: { url: { type: "string", ...Key("URL") } }
        }
      ]
    }
    assert.deepStrictEqual(ChannelPlugin.settingsSchema(declared(either)), shown)
    const grouped = declared(Schema.Struct({ group: either.annotateKey(Key("Group")) }))
    assert.deepStrictEqual(ChannelPlugin.settingsSchema(grouped)["properties"], {
      group: { ...Key("Group"), ...shown }
    })
    assert.include(settingsTable(grouped), "| `group.token` | Token | required, secret | What Token is |")
  })

  it("marks a secret by its encoded name", () => {
    const renamed = declared(Group.pipe(Schema.encodeKeys({ token: "api_token" })))
    assert.deepStrictEqual(ChannelPlugin.settingsSchema(renamed)["properties"], { api_token: shownToken })
    assert.deepStrictEqual(ChannelPlugin.secretPointers(renamed), ["/api_token"])
  })

  it("marks a setting that is secret only once it is decoded", () => {
    const late = Schema.Struct({ token: Schema.RedactedFromValue(Schema.String), room: Schema.String })
    assert.deepStrictEqual(ChannelPlugin.secretPointers(declared(late)), ["/token"])
    const parsed = Schema.Struct({ login: Schema.String }).pipe(
      Schema.decodeTo(Schema.Struct({ user: Schema.String, password: Schema.Redacted(Schema.String) }), {
        decode: SchemaGetter.transform(({ login }) => ({ user: login, password: Redacted.make(login) })),
        encode: SchemaGetter.transform(({ password }) => ({ login: Redacted.value(password) }))
      })
    )
    assert.deepStrictEqual(ChannelPlugin.secretPointers(declared(Schema.Struct({ parsed }))), ["/parsed"])
  })

  it("keeps the annotations of a transformed setting", () => {
    const schema = ChannelPlugin.settingsSchema(
      declared(Schema.Struct({ room: Schema.optionalKey(trimmed).annotateKey(Key("Room")) }))
    )
    assert.deepStrictEqual(schema["properties"], { room: { type: "string", ...Key("Room") } })
  })

  it("defines recursive schemas", () => {
    const { $defs, properties } = ChannelPlugin.settingsSchema(declared(Schema.Struct({ first: Hop })))
    assert.include(JSON.stringify(properties), `"next":{"$ref":"#/$defs/Hop"`)
    assert.hasAllKeys($defs, ["Hop"])
  })
})

describe("withoutSecrets", () => {
  it("removes secrets from classes, groups and lists, and leaves values without secrets unchanged", () => {
    const secret = Redacted.make("s3cr3t")
    const url = new URL("https://example.com")
    assert.deepStrictEqual(withoutSecrets(new Classy({ token: secret })), {})
    assert.deepStrictEqual<unknown>(
      withoutSecrets({ url, list: ["a"], tokens: [secret], group: { secret, inner: { users: [{ secret }] } } }),
      { url, list: ["a"], group: { inner: {} } }
    )
  })
})
