import { assert, describe, it } from "@effect/vitest"
import { ChannelPlugin } from "@tocsin/core"
import { ChannelPluginTest, settingsTable } from "@tocsin/core/testing"
import { Schema } from "effect"
import { Either } from "./unionPlugin.ts"

// The example has the other form.
ChannelPluginTest.suite(Either, {
  layer: Either.layer,
  settings: { authenticate: "bot", channel: "#ops", secret: "c4n4ry-bot" },
  older: [{ version: 1, settings: { url: "https://hooks.example.com/an-older-one" } }],
  secrets: ["c4n4ry-bot"],
  accepted: () => new Response("ok")
})

const webhook = { authenticate: "webhook", url: "u", secret: "s" }
const bot = { authenticate: "bot", channel: "#ops", secret: "t" }

describe("Settings of several forms", () => {
  it("have a JSON Schema with one form each, its own titles and its secrets marked", () => {
    assert.deepStrictEqual(ChannelPlugin.settingsSchema(Either), {
      anyOf: [
        {
          type: "object",
          title: "Incoming webhook",
          additionalProperties: false,
          required: ["authenticate", "url"],
          properties: {
            authenticate: { type: "string", enum: ["webhook"], title: "Authenticate", description: "By a webhook" },
            url: {
              type: "string",
              title: "Webhook URL",
              description: "Where to post",
              writeOnly: true
            },
            secret: {
              type: "string",
              title: "Signing secret",
              description: "Signs each request",
              writeOnly: true
            }
          }
        },
        {
          type: "object",
          title: "Bot token",
          additionalProperties: false,
          required: ["authenticate", "channel", "secret"],
          properties: {
            authenticate: { type: "string", enum: ["bot"], title: "Authenticate", description: "By a bot" },
            channel: { type: "string", minLength: 1, title: "Channel", description: "Where to post" },
            secret: { type: "string", minLength: 1, title: "Bot token", description: "Of the bot", writeOnly: true }
          }
        }
      ]
    })
  })

  it("may leave out the secrets of each form in a replacement", () => {
    const { anyOf } = ChannelPlugin.settingsSchema(Either, true)
    assert.isTrue(Array.isArray(anyOf))
    assert.deepStrictEqual(
      (anyOf as ReadonlyArray<{ readonly required: ReadonlyArray<string> }>).map(({ required }) => required),
      [["authenticate"], ["authenticate", "channel"]]
    )
  })

  it("are one table, which says to which form a setting belongs", () => {
    assert.deepStrictEqual(settingsTable(Either).split("\n").slice(2), [
      "| `authenticate` | Authenticate | required | `webhook`: By a webhook. `bot`: By a bot |",
      "| `url` | Webhook URL | required, secret, with `webhook` | Where to post |",
      "| `secret` | Signing secret | optional, secret, with `webhook` | Signs each request |",
      "| `channel` | Channel | required, with `bot` | Where to post |",
      "| `secret` | Bot token | required, secret, with `bot` | Of the bot |"
    ])
  })

  const pairs: ReadonlyArray<
    readonly [what: string, before: Schema.Json, after: Schema.Json, common: ReadonlyArray<string>]
  > = [
    ["of the same form, all of its secrets", webhook, { authenticate: "webhook" }, ["/url", "/secret"]],
    ["of the other form, none, also by the same name", webhook, { authenticate: "bot", channel: "#ops" }, []],
    ["of the other form and back, none", bot, { authenticate: "webhook" }, []],
    ["of a form with an unknown field, those of its tag", bot, { authenticate: "bot", room: "#ops" }, ["/secret"]],
    ["of no form, none", bot, { authenticate: "oauth" }, []]
  ]
  it.each(pairs)("have in common with settings %s", (_, before, after, common) => {
    assert.deepStrictEqual(ChannelPlugin.secretsInCommon(Either, before, after), common)
  })
})

/** The plugin as one whose first settings had no tag, and need none now. */
const [Webhook, Bot] = Either.settings.members
class Tagless extends ChannelPlugin.Service<Tagless>()("tagless", {
  title: "Tagless",
  settings: Schema.Union([
    Webhook.mapFields((fields) => ({ ...fields, authenticate: Schema.optionalKey(fields.authenticate) })),
    Bot
  ]),
  settingsVersion: 1,
  example: {},
  setup: [],
  rateLimits: () => [],
  sizes: { text: 100 },
  capabilities: {}
}) {}

describe("Settings of which one form may lack the tag", () => {
  const pairs: ReadonlyArray<
    readonly [what: string, before: Schema.Json, after: Schema.Json, common: ReadonlyArray<string>]
  > = [
    ["without it, those of that form", { url: "u", secret: "s" }, {}, ["/url", "/secret"]],
    ["with it, the same", { url: "u" }, { authenticate: "webhook" }, ["/url", "/secret"]],
    ["before and without it after, the same", { authenticate: "webhook", url: "u" }, {}, ["/url", "/secret"]],
    ["of the other form, none", { url: "u", secret: "s" }, { authenticate: "bot", channel: "#ops" }, []],
    ["of the other form before, none", { authenticate: "bot", secret: "s" }, {}, []]
  ]
  it.each(pairs)("have in common with settings %s", (_, before, after, common) => {
    assert.deepStrictEqual(ChannelPlugin.secretsInCommon(Tagless, before, after), common)
  })

  it("call the tag optional in their table", () => {
    const [row] = settingsTable(Tagless).split("\n").slice(2)
    assert.strictEqual(row, "| `authenticate` | Authenticate | optional | `webhook`: By a webhook. `bot`: By a bot |")
  })
})
