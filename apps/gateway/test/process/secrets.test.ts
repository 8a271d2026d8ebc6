import { assert, describe, layer } from "@effect/vitest"
import { Integration, Plugin } from "@tocsin/client"
import { Effect, Schema } from "effect"
import { existsSync, readFileSync } from "node:fs"
import { ask, errorsOf, listOf } from "../harness/answers.ts"
import { eventually, until } from "../harness/gate.ts"
import { fixture, hipChatToken, SharedHarness } from "../harness/gateway.ts"

const all = "/v1/integrations"

describe("Secrets", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    const slack = (changes: { readonly [name: string]: unknown } = {}) => ({
      name: "#ops",
      type: "slack",
      settings: { url: "https://hooks.slack.example/services/T0/B0/s3cr3t" },
      ...changes
    })

    it.effect("accept a HipChat URL as HipChat shows it, and keep its token for the same URL only", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const path = `${all}/copied`
        const url = `${harness.hipChatUrl}/v2/room/copied/notification`
        const body = { name: "Copied", type: "hipchat", settings: { url: `${url}?auth_token=${hipChatToken}` } }
        const created = (yield* ask(201, "POST", all, { id: "copied", ...body })).as(Integration)
        assert.deepStrictEqual(created.settings, { url })
        assert.deepStrictEqual(created.secretsSet, ["/authToken"])

        const kept = { ...body, settings: { url: `${url}#moved` } }
        assert.deepStrictEqual((yield* ask(200, "PUT", path, kept)).as(Integration).secretsSet, ["/authToken"])
        const nulled = yield* ask(400, "PUT", path, { ...body, settings: { url, authToken: null } })
        assert.strictEqual(errorsOf(nulled)[0]?.path, "/settings/authToken")
        for (const elsewhere of [
          url.replace("copied", "moved"),
          `${url}?room=moved`,
          "http://127.0.0.1:9/v2/room/x/notification",
          url.replace("http:", "https:"),
          url.replace("127.0.0.1", "127.0.0.2")
        ]) {
          const [error] = errorsOf(yield* ask(400, "PUT", path, { ...body, settings: { url: elsewhere } }))
          assert.strictEqual(error?.path, "/settings/authToken", elsewhere)
          assert.include(error?.message, "Enter the secret again")
        }
        yield* ask(201, "POST", "/v1/rules", { id: "copied", name: "C", match: {}, integrations: ["copied"] })
        yield* ask(200, "POST", "/v1/sources/thousandeyes", yield* fixture("trigger"))
        yield* until("the message", () =>
          harness.hipChat.messages.some((message) => message.url === "/v2/room/copied/notification")
        )
        yield* ask(204, "DELETE", "/v1/rules/copied")
      })
    )

    it.effect("are marked in the settings of each type", () =>
      Effect.gen(function* () {
        const { items } = (yield* ask(200, "GET", "/v1/plugins")).as(listOf(Plugin))
        const secrets = items.map(({ settings, type }) => {
          const { anyOf = [], properties = {} } = Schema.decodeUnknownSync(JsonSchema)(settings)
          const marked = [{ properties }, ...anyOf].flatMap(({ properties }) =>
            Object.keys(properties).filter((name) => properties[name]?.writeOnly === true)
          )
          return [type, ...marked]
        })
        assert.deepStrictEqual(secrets, [
          ["slack", "url", "token"],
          ["hipchat", "authToken"],
          ["webhook", "url", "secret", "previousSecret", "headers"],
          ["pagerduty", "routingKey"],
          ["discord", "url"],
          ["telegram", "token"],
          ["mattermost", "url"],
          ["ntfy", "token"],
          ["teams", "url"],
          ["google-chat", "url"],
          ["webex", "token"],
          ["apprise", "key", "urls"],
          ["email", "password"]
        ])
      })
    )

    it.effect("are in no answer, output or database", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        const canary = "c4n4ry-in-the-c04lmine"
        const settings = { url: `${harness.slackUrl}/services/T0/B0/${canary}`, channel: "#seen" }
        yield* ask(201, "POST", all, slack({ id: "canary", settings }))
        yield* ask(201, "POST", all, {
          id: "canary-room",
          name: "Room",
          type: "hipchat",
          settings: { url: `${harness.hipChatUrl}/v2/room/9/notification?auth_token=${canary}` }
        })
        yield* ask(400, "POST", all, slack({ settings: { ...settings, [canary.slice(0, 2)]: canary } }))
        yield* ask(400, "PUT", `${all}/canary`, slack({ settings: { url: `ftp://${canary}` } }))
        yield* ask(
          400,
          "PUT",
          `${all}/canary-room`,
          slack({ type: "hipchat", settings: { url: `http://${canary}:${canary}@x.example/` } })
        )
        // A service that repeats the request, in an answer that is kept as the cause.
        harness.slack.script({ status: 403, body: `No such hook: /services/T0/B0/${canary}` })
        yield* ask(201, "POST", "/v1/rules", {
          id: "canary",
          name: "C",
          match: {},
          integrations: ["canary", "canary-room"]
        })
        for (const id of ["canary", "canary-room"]) {
          const shown = Effect.map(harness.request("GET", `${all}/${id}`), ({ as }) => as(Integration))
          yield* eventually("both lanes to break", shown, ({ state }) => state === "broken")
        }
        yield* ask(200, "GET", all)
        const deliveries = yield* ask(200, "GET", "/v1/deliveries")
        assert.include(deliveries.text, "No such hook")

        // The search itself finds what is not secret.
        const files = ["", "-wal", "-shm", ".key"].map((suffix) => `${harness.database}${suffix}`).filter(existsSync)
        const stored = files.map((file) => readFileSync(file, "latin1")).join("\n")
        const answers = harness.answers.join("\n")
        assert.include(answers, "#seen")
        assert.include(stored, "canary-room")
        for (const haystack of [answers, stored, harness.gateway().printed()]) {
          for (const secret of [canary, Buffer.from(canary).toString("base64url").slice(0, -4), hipChatToken]) {
            assert.isFalse(haystack.includes(secret))
          }
        }
      })
    )
  })
})

const Properties = Schema.Record(Schema.String, Schema.Struct({ writeOnly: Schema.optionalKey(Schema.Boolean) }))

/** Settings of one form, or of several. */
const JsonSchema = Schema.Struct({
  properties: Schema.optionalKey(Properties),
  anyOf: Schema.optionalKey(Schema.Array(Schema.Struct({ properties: Properties })))
})
