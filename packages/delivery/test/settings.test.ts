import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin } from "@tocsin/core"
import { secretPointers } from "@tocsin/delivery"
import { Schema } from "effect"
import { keptSecrets, withoutSecrets, withStoredSecrets } from "../src/settings.ts"
import { Fake } from "./FakeChannel.ts"

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
  budgets: () => [],
  sizes: { text: 100 },
  capabilities: {}
}) {}

describe("secretPointers", () => {
  it("finds every secret of a schema, wherever it stands", () => {
    assert.deepStrictEqual(secretPointers(Fake), ["/token", "/proxy/password"])
    assert.deepStrictEqual(secretPointers(Odd), [
      "/a~1b~0c",
      "/url",
      "/either/password",
      "/either/token",
      "/deep/deeper/key"
    ])
  })
})

describe("withoutSecrets", () => {
  it("leaves out the secrets and says which are set", () => {
    const settings = { "a/b~c": "1", url: "https://x.example/s", either: { kind: "token", token: "2" }, name: "n" }
    assert.deepStrictEqual(withoutSecrets(Odd, settings), {
      settings: { either: { kind: "token" }, name: "n" },
      secretsSet: ["/a~1b~0c", "/url", "/either/token"]
    })
  })
})

describe("withStoredSecrets", () => {
  const stored = { room: "old", token: "t1", proxy: { name: "p", password: "pass1" } }

  it("keeps what is left out, and nothing but secrets", () => {
    assert.deepStrictEqual(withStoredSecrets(Fake, { room: "new", proxy: { name: "q" } }, stored), {
      room: "new",
      token: "t1",
      proxy: { name: "q", password: "pass1" }
    })
  })

  it("lets a group go that is left out as a whole", () => {
    assert.deepStrictEqual(withStoredSecrets(Fake, { room: "r" }, stored), { room: "r", token: "t1" })
    assert.deepStrictEqual(withStoredSecrets(Fake, { room: "r", proxy: {} }, stored)["proxy"], { password: "pass1" })
  })

  it("takes what is entered, also null, which the schema then refuses", () => {
    assert.deepStrictEqual(withStoredSecrets(Fake, { room: "r", token: "t2" }, stored)["token"], "t2")
    assert.isNull(withStoredSecrets(Fake, { room: "r", token: null }, stored)["token"])
  })

  it("says which secrets nobody entered", () => {
    const entered = { room: "r", proxy: { name: "p", password: "pass2" } }
    const settings = withStoredSecrets(Fake, entered, stored)
    assert.deepStrictEqual(keptSecrets(Fake, { entered, settings, stored }), ["/token"])
  })
})
