import { assert, describe, it, layer } from "@effect/vitest"
import { IntegrationPreview, Plugin } from "@tocsin/client"
import { Effect, Schema } from "effect"
import { Accepted, ask, errorsOf } from "../harness/answers.ts"
import { make, SharedHarness } from "../harness/gateway.ts"
import { installed, pager } from "../harness/pluginPackages.ts"

const canary = "c4n4ry-T0K3N"

const slack = {
  name: "#ops",
  type: "slack",
  settings: { url: `https://hooks.slack.example/services/T0/B0/${canary}`, channel: "#ops" }
}
const hipchat = {
  name: "Room",
  type: "hipchat",
  settings: { url: "https://hipchat.example/v2/room/42/notification", authToken: canary }
}

const kinds = ["Raised", "Escalated", "Reminder", "Cleared", "RaisedAndCleared", "Digest", "Notice", "Test"]

describe("A preview", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect.each([slack, hipchat])(
      "of $type shows each kind of message as text, data and request, without secrets",
      (payload) =>
        Effect.gen(function* () {
          const answer = yield* ask(200, "POST", "/v1/integrations/preview", payload)
          const { items } = answer.as(IntegrationPreview)
          assert.deepStrictEqual(
            items.map(({ kind }) => kind),
            kinds
          )
          assert.notInclude(answer.text, canary)
          for (const { preview, requests, text } of items) {
            assert.isAbove(preview.blocks.length, 0)
            assert.strictEqual(requests.length, 1)
            assert.strictEqual(requests[0]?.method, "POST")
            assert.isAbove(text.length, 10)
          }
          const [raised] = items
          assert.include(raised?.requests[0]?.body, "HTTP errors on checkout-eu")
          assert.include(raised?.text, "Raised: HTTP errors on checkout-eu")
          const link = new URL("https://app.example.com/view?test=2800817&at=1650925080")
          assert.deepStrictEqual(raised?.preview.blocks[0], {
            _tag: "Heading",
            spans: [{ _tag: "Link", text: "Raised: HTTP errors on checkout-eu", link }]
          })
        })
    )

    it.effect("shows the mentions that a setting adds", () =>
      Effect.gen(function* () {
        const settings = { ...slack.settings, mention: { major: "here" } }
        const answer = yield* ask(200, "POST", "/v1/integrations/preview", { ...slack, settings })
        const mentioning = answer
          .as(IntegrationPreview)
          .items.filter(({ preview }) =>
            preview.blocks.some((block) => block._tag === "Heading" && block.spans[0]?._tag === "Mention")
          )
        assert.deepStrictEqual(
          mentioning.map(({ kind }) => kind),
          ["Raised", "Reminder", "Test"]
        )
      })
    )

    it.effect("of a saved integration accepts other settings, and uses stored secrets for the same URL only (S2)", () =>
      Effect.gen(function* () {
        yield* ask(201, "POST", "/v1/integrations", { id: "previewed", ...hipchat })
        const stored = yield* ask(200, "POST", "/v1/integrations/previewed/preview")
        assert.include(stored.as(IntegrationPreview).items[0]?.requests[0]?.url, "/v2/room/42/")
        const path = "/v1/integrations/previewed/preview"
        const room = "https://hipchat.example/v2/room/43/notification"
        const entered = yield* ask(200, "POST", path, { settings: { url: room, authToken: `${canary}2` } })
        assert.include(entered.as(IntegrationPreview).items[0]?.requests[0]?.url, "/v2/room/43/")
        const sameUrl = { settings: { url: `${hipchat.settings.url}#changed` } }
        yield* ask(200, "POST", path, sameUrl)
        for (const url of [room, `${hipchat.settings.url}?room=43`, room.replace("hipchat", "evil")]) {
          const refused = yield* ask(400, "POST", path, { settings: { url } })
          assert.deepStrictEqual(
            errorsOf(refused).map(({ path }) => path),
            ["/settings/authToken"]
          )
          assert.notInclude(refused.text, canary)
        }
        yield* ask(404, "POST", "/v1/integrations/nobody/preview")
        for (const { text } of [stored, entered]) assert.notInclude(text, canary)
      })
    )

    it.effect("comes with an example and setup steps for each plugin", () =>
      Effect.gen(function* () {
        const { items } = (yield* ask(200, "GET", "/v1/plugins")).as(Schema.Struct({ items: Schema.Array(Plugin) }))
        for (const { example, setup, type } of items) {
          assert.isAbove(setup.length, 0)
          yield* ask(201, "POST", "/v1/integrations", { id: `example-${type}`, name: type, type, settings: example })
        }
      })
    )

    it.effect("is about a real alert where one is named", () =>
      Effect.gen(function* () {
        const { items: accepted } = (yield* ask(202, "POST", "/v1/alerts", {
          source: "real",
          id: "1",
          state: "raised",
          startedAt: "2026-01-01T00:00:00Z",
          rule: { name: "Only here" }
        })).as(Accepted)
        const of = accepted[0]?.id ?? ""
        const { items } = (yield* ask(200, "POST", `/v1/integrations/preview?alert=${of}`, slack)).as(
          IntegrationPreview
        )
        const about = items.filter(({ text }) => text.includes("Only here")).map(({ kind }) => kind)
        assert.deepStrictEqual(
          about,
          kinds.filter((kind) => kind !== "Digest" && kind !== "Notice")
        )
        yield* ask(404, "POST", "/v1/integrations/preview?alert=nobody", slack)
      })
    )
  })

  it.live("of a plugin without one shows the headline, the facts and the links as data", () =>
    Effect.gen(function* () {
      const dir = installed({ acme: { main: pager } })
      const { request } = yield* make({ TOCSIN_PLUGINS: "acme", TOCSIN_PLUGINS_DIR: dir })
      const payload = { name: "Pager", type: "pager", settings: { url: "https://pager.example/in" } }
      const { items } = (yield* request("POST", "/v1/integrations/preview", payload)).as(IntegrationPreview)
      const [heading, ...others] = items[0]?.preview.blocks ?? []
      const link = new URL("https://app.example.com/view?test=2800817&at=1650925080")
      assert.deepStrictEqual(heading, {
        _tag: "Heading",
        spans: [{ _tag: "Link", text: "Raised: HTTP errors on checkout-eu", link }]
      })
      assert.include(
        others.map(({ _tag }) => _tag),
        "Facts"
      )
    })
  )
})
