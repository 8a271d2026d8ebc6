import { assert, describe, it } from "@effect/vitest"
import { Integration, IntegrationPreview, Plugin, TestSend } from "@tocsin/client"
import { ChannelPlugin, HttpClientRequest } from "@tocsin/core"
import { Effect, Layer, Redacted, Schema } from "effect"
import { errorsOf } from "../harness/answers.ts"
import { make } from "../harness/gateway.ts"
import * as InProcess from "../harness/inProcess.ts"
import type { Plugins } from "../../src/startup/Plugins.ts"

const hook = "https://127.0.0.1/hooks/c4n4ry-hook"
const secret = (title: string) => Schema.Redacted(Schema.NonEmptyString).annotateKey({ title, description: title })
const tag = <Tag extends string>(value: Tag) =>
  Schema.Literal(value).annotateKey({ title: "Authenticate", description: `By a ${value}` })

const key = (fill: number) => Buffer.alloc(32, fill).toString("base64")

/** The secrets that messages were sent with, in order. */
const used: Array<string> = []

const declared = {
  title: "Either",
  example: {},
  setup: [],
  sizes: { text: 100 },
  capabilities: {}
}

/** As it was published first: webhooks only. */
class Hooks extends ChannelPlugin.Service<Hooks>()("either", {
  ...declared,
  settings: Schema.Struct({ url: secret("URL") }),
  settingsVersion: 1,
  rateLimits: ({ url }) => [{ key: url, messages: 1000, perSeconds: 1, burst: 1000 }]
}) {
  static readonly layer = Layer.succeed(
    Hooks,
    Hooks.of({ deliver: () => Effect.succeed({}), destination: ({ url }) => Redacted.value(url) })
  )
}

const Stored = Schema.Struct({ url: Schema.String })

/** Its second version: webhooks and bots, whose secret may have the name that webhooks' signing secret has. */
class Either extends ChannelPlugin.Service<Either>()("either", {
  ...declared,
  settings: Schema.Union([
    Schema.Struct({ authenticate: tag("webhook"), url: secret("URL"), secret: Schema.optionalKey(secret("Signing")) }),
    Schema.Struct({
      authenticate: tag("bot"),
      channel: Schema.NonEmptyString.annotateKey({ title: "Channel", description: "Where to post" }),
      secret: secret("Token")
    })
  ]),
  settingsVersion: 2,
  migrate: ({ settings }) => ({ authenticate: "webhook", url: Schema.decodeUnknownSync(Stored)(settings).url }),
  rateLimits: (settings) => [
    {
      key: settings.authenticate === "bot" ? settings.secret : settings.url,
      messages: 1000,
      perSeconds: 1,
      burst: 1000
    }
  ]
}) {
  static readonly layer = Layer.succeed(
    Either,
    Either.of({
      deliver: (settings) =>
        Effect.sync(() => {
          used.push(
            settings.authenticate === "bot"
              ? `${Redacted.value(settings.secret)} in ${settings.channel}`
              : Redacted.value(settings.url)
          )
          return {}
        }),
      destination: (settings) =>
        settings.authenticate === "bot" ? "https://127.0.0.1/api" : Redacted.value(settings.url),
      requests: (settings) => [
        settings.authenticate === "bot"
          ? HttpClientRequest.post("https://127.0.0.1/api").pipe(HttpClientRequest.bearerToken(settings.secret))
          : HttpClientRequest.post(Redacted.value(settings.url))
      ]
    })
  )
}

describe("Settings that are a union", () => {
  it.live("are migrated, shown, replaced, tested and sealed anew, each form with its own secrets", () =>
    Effect.gen(function* () {
      let installed: Plugins = [Hooks]
      const fixture = yield* make({ TOCSIN_KEY: key(1) }, (settings) => InProcess.startWith(settings, installed))
      const { request } = fixture
      const path = "/v1/integrations/ops"
      const named = { name: "ops", type: "either" }
      const created = yield* request("POST", "/v1/integrations", { id: "ops", ...named, settings: { url: hook } })
      assert.strictEqual(created.status, 201, created.text)
      yield* fixture.gateway().stop("SIGTERM")

      installed = [Either]
      yield* fixture.startWith({
        TOCSIN_KEY: key(2),
        TOCSIN_KEY_PREVIOUS: key(1)
      })
      const { items } = (yield* request("GET", "/v1/plugins")).as(Schema.Struct({ items: Schema.Array(Plugin) }))
      assert.include(JSON.stringify(items[0]?.settings), `"enum":["bot"]`)
      const migrated = yield* request("GET", path)
      const { secretsSet, settings, state } = migrated.as(Integration)
      assert.deepStrictEqual([settings, secretsSet, state], [{ authenticate: "webhook" }, ["/url"], "ok"])

      let etag = migrated.headers["etag"] ?? ""
      const put = Effect.fnUntraced(function* (settings: object) {
        const answer = yield* request("PUT", path, { ...named, settings }, { "if-match": etag })
        if (answer.status !== 200) return errorsOf(answer).map(({ message, path }) => `${path} ${message}`)
        etag = answer.headers["etag"] ?? ""
        const shown = answer.as(Integration)
        return [shown.settings, shown.secretsSet]
      })
      const bot = { authenticate: "bot", channel: "#ops" }
      const before = etag
      const steps: ReadonlyArray<readonly [entered: object, shown: ReadonlyArray<unknown>]> = [
        [{ authenticate: "webhook" }, [{ authenticate: "webhook" }, ["/url"]]],
        [{ authenticate: "webhook", secret: "c4n4ry-signing" }, [{ authenticate: "webhook" }, ["/url", "/secret"]]],
        // The signing secret of the webhook is not the token of the bot.
        [bot, ["/settings/secret is missing: expected a text"]],
        [{ ...bot, secret: "c4n4ry-token" }, [bot, ["/secret"]]],
        [{ ...bot, channel: "#db" }, [{ ...bot, channel: "#db" }, ["/secret"]]],
        [{ authenticate: "webhook" }, ["/settings/url is missing: expected a text"]],
        [{ ...bot, url: hook }, ["/settings/url Expected no field of this name"]]
      ]
      for (const [entered, shown] of steps) assert.deepStrictEqual(yield* put(entered), shown, JSON.stringify(entered))

      const stale = yield* request("PUT", path, { ...named, settings: bot }, { "if-match": before })
      assert.strictEqual(stale.status, 412)
      for (const settings of [{ authenticate: "oauth" }, {}, { channel: "#ops" }]) {
        const refused = yield* request("POST", "/v1/integrations", { ...named, settings })
        assert.deepStrictEqual(
          errorsOf(refused).map(({ message, path }) => `${path} ${message}`),
          ["/settings/authenticate Expected one of webhook, bot"]
        )
      }
      const preview = yield* request("POST", `${path}/preview`)
      assert.strictEqual(preview.as(IntegrationPreview).items[0]?.requests[0]?.url, "https://127.0.0.1/api")
      const other = yield* request("POST", `${path}/preview`, { settings: { authenticate: "webhook" } })
      assert.strictEqual(other.status, 400, other.text)
      const tested = yield* request("POST", `${path}/test`)
      assert.deepStrictEqual(
        tested.as(TestSend).items.map(({ status }) => status),
        ["delivered", "delivered"]
      )
      const entered = yield* request("POST", `${path}/test`, { settings: { authenticate: "webhook", url: hook } })
      assert.deepStrictEqual(
        entered.as(TestSend).items.map(({ status }) => status),
        ["delivered", "delivered"]
      )
      assert.deepStrictEqual(used, ["c4n4ry-token in #db", "c4n4ry-token in #db", hook, hook])
      for (const answer of fixture.answers) assert.notInclude(answer, "c4n4ry")
    })
  )
})
