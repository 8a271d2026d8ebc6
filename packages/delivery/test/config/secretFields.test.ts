import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin } from "@tocsin/core"
import { Schema } from "effect"
import { keptSecrets, originOf, pointerTo, hideSecrets, withStoredSecrets } from "../../src/config/secretFields.ts"
import { Fake } from "../harness/FakeChannel.ts"

const Secret = Schema.Redacted(Schema.String)

class Odd extends ChannelPlugin.Service<Odd>()("odd", {
  title: "Odd",
  settings: Schema.Struct({
    "a/b~c": Secret,
    url: Schema.Redacted(Schema.URL),
    either: Schema.Union([
      Schema.Struct({ kind: Schema.Literal("basic"), password: Secret }),
      Schema.Struct({ kind: Schema.Literal("token"), token: Secret })
    ]),
    deep: Schema.optionalKey(Schema.Struct({ deeper: Schema.Struct({ key: Schema.optionalKey(Secret) }) })),
    name: Schema.String
  }),
  settingsVersion: 1,
  example: {},
  setup: [],
  rateLimits: () => [],
  sizes: { text: 100 },
  capabilities: {}
}) {}

describe("ChannelPlugin.secretPointers", () => {
  it("finds every secret of a schema, at any depth", () => {
    assert.deepStrictEqual(ChannelPlugin.secretPointers(Fake), ["/token", "/proxy/password"])
    assert.deepStrictEqual(ChannelPlugin.secretPointers(Odd), [
      "/a~1b~0c",
      "/url",
      "/either/password",
      "/either/token",
      "/deep/deeper/key"
    ])
  })
})

/** Secrets to which no pointer leads that holds for all settings: they stand in lists, by free names, or in a secret group. */
class Many extends ChannelPlugin.Service<Many>()("many", {
  title: "Many",
  settings: Schema.Struct({
    tokens: Schema.Array(Secret),
    pair: Schema.Tuple([Schema.String, Secret]),
    headers: Schema.Record(Schema.String, Secret),
    users: Schema.optionalKey(Schema.Array(Schema.Struct({ name: Schema.String, password: Secret }))),
    perhaps: Schema.Option(Secret),
    group: Schema.Redacted(Schema.Struct({ user: Schema.String, password: Schema.String })),
    channels: Schema.Array(Schema.String)
  }),
  settingsVersion: 1,
  example: {},
  setup: [],
  rateLimits: () => [],
  sizes: { text: 100 },
  capabilities: {}
}) {}

const shape = {
  title: "",
  settingsVersion: 1,
  example: {},
  setup: [],
  rateLimits: () => [],
  sizes: { text: 100 },
  capabilities: {}
}

class Free extends ChannelPlugin.Service<Free>()("free", {
  ...shape,
  settings: Schema.Record(Schema.String, Secret)
}) {}

interface Hop {
  readonly token: typeof Secret.Type
  readonly next?: Hop
}
const Hop: Schema.Codec<Hop, any> = Schema.Struct({
  token: Secret,
  next: Schema.optionalKey(Schema.suspend((): Schema.Codec<Hop, any> => Hop))
})

class ClassySettings extends Schema.Class<ClassySettings>("ClassySettings")({
  token: Secret,
  next: Schema.optionalKey(Schema.suspend(() => Hop))
}) {}

class Classy extends ChannelPlugin.Service<Classy>()("classy", { ...shape, settings: ClassySettings }) {}

describe("Lists and groups that hold secrets", () => {
  const stored = { tokens: ["t1"], headers: { auth: "h1" }, group: { user: "u", password: "p1" }, channels: ["r"] }

  it("are secret as a whole", () => {
    assert.deepStrictEqual(ChannelPlugin.secretPointers(Many), [
      "/tokens",
      "/pair",
      "/headers",
      "/users",
      "/perhaps",
      "/group"
    ])
    assert.deepStrictEqual(hideSecrets(Many, stored), {
      settings: { channels: ["r"] },
      secretsSet: ["/tokens", "/headers", "/group"]
    })
  })

  it("may be the only settings, or the fields of a class", () => {
    const settings = { a: "1" }
    assert.deepStrictEqual(hideSecrets(Free, settings), { settings: {}, secretsSet: [""] })
    assert.deepStrictEqual(ChannelPlugin.secretPointers(Classy), ["/token", "/next"])
  })

  it("are kept as a whole, and reported as kept", () => {
    const entered = { channels: ["s"], headers: { auth: "h2" } }
    const kept = withStoredSecrets(Many, entered, stored)
    assert.deepStrictEqual(kept, { ...stored, ...entered })
    // As they come back from being decoded and encoded: equal, but not the same objects.
    const settings = structuredClone(kept)
    assert.deepStrictEqual(keptSecrets(Many, { entered, settings, stored }), ["/tokens", "/group"])
  })
})

describe("hideSecrets", () => {
  it("leaves out the secrets and reports which are set", () => {
    const settings = { "a/b~c": "1", url: "https://x.example/s", either: { kind: "token", token: "2" }, name: "n" }
    assert.deepStrictEqual(hideSecrets(Odd, settings), {
      settings: { either: { kind: "token" }, name: "n" },
      secretsSet: ["/a~1b~0c", "/url", "/either/token"]
    })
  })
})

describe("withStoredSecrets", () => {
  const stored = { channel: "old", token: "t1", proxy: { name: "p", password: "pass1" } }

  it("keeps omitted secrets, and no other omitted setting", () => {
    assert.deepStrictEqual(withStoredSecrets(Fake, { channel: "new", proxy: { name: "q" } }, stored), {
      channel: "new",
      token: "t1",
      proxy: { name: "q", password: "pass1" }
    })
  })

  it("removes a group that is omitted as a whole", () => {
    assert.deepStrictEqual(withStoredSecrets(Fake, { channel: "r" }, stored), { channel: "r", token: "t1" })
    assert.deepStrictEqual(withStoredSecrets(Fake, { channel: "r", proxy: {} }, stored)["proxy"], { password: "pass1" })
  })

  it("uses entered values, also null, which the schema refuses", () => {
    assert.deepStrictEqual(withStoredSecrets(Fake, { channel: "r", token: "t2" }, stored)["token"], "t2")
    assert.isNull(withStoredSecrets(Fake, { channel: "r", token: null }, stored)["token"])
  })

  it("reports which secrets were not entered", () => {
    const entered = { channel: "r", proxy: { name: "p", password: "pass2" } }
    const settings = withStoredSecrets(Fake, entered, stored)
    assert.deepStrictEqual(keptSecrets(Fake, { entered, settings, stored }), ["/token"])
  })
})

describe("pointerTo", () => {
  it("finds the setting that is a URL of an origin, of any scheme", () => {
    const settings = { a: "https://x.example/1", b: { "c/d": "tls://irc.example.net:6697" }, e: "irc.example.net" }
    const at = (url: string) => pointerTo(settings, originOf(new URL(url)))
    assert.strictEqual(at("https://x.example/2?q=1#f"), "/a")
    assert.strictEqual(at("tls://irc.example.net:6697"), "/b/c~1d")
    assert.isUndefined(at("tls://irc.example.net:6698"))
  })
})
