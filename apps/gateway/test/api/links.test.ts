import { assert, describe, it } from "@effect/vitest"
import { AlertDetails, Delivery, Explanations } from "@tocsin/client"
import { ChannelPlugin } from "@tocsin/core"
import { Effect, Layer, Redacted, Schema } from "effect"
import { make } from "../harness/gateway.ts"
import * as InProcess from "../harness/inProcess.ts"

const canary = "c4n4ry-T0K3N"

/** A channel whose messages are seen at a link that depends on the setting `link`. */
class Linked extends ChannelPlugin.Service<Linked>()("linked", {
  title: "Linked",
  settings: Schema.Struct({ link: Schema.String, token: Schema.Redacted(Schema.String) }),
  settingsVersion: 1,
  example: { link: "https://chat.example.com/", token: "t" },
  setup: [],
  rateLimits: ({ token }) => [{ key: token, messages: 100, perSeconds: 1, burst: 100 }],
  sizes: { text: 100 },
  capabilities: {}
}) {
  static readonly layer = Layer.succeed(
    Linked,
    Linked.of({
      deliver: ({ link, token }) =>
        Effect.succeed({
          link: new URL(link.replace("TOKEN", Redacted.value(token))),
          recipients: [
            { recipient: "ann@example.com", status: "delivered" as const },
            { recipient: "bob@example.com", status: "failed" as const, detail: `550 ${Redacted.value(token)}` }
          ]
        }),
      destination: () => "https://127.0.0.1/"
    })
  )
}

const Deliveries = Schema.Struct({ items: Schema.Array(Delivery) })

describe("Where a message can be seen", () => {
  it.live("is shown by its delivery, its alert and explain, if it is an http link without a secret", () =>
    Effect.gen(function* () {
      const { answers, request } = yield* make({}, (settings) => InProcess.startWith(settings, [Linked]))
      const links = {
        shown: "https://chat.example.com/archives/C1/p1",
        secret: "https://chat.example.com/TOKEN/p1",
        script: "javascript:alert(1)"
      }
      for (const [id, link] of Object.entries(links)) {
        const settings = { link, token: `${canary}-${id}` }
        const created = yield* request("POST", "/v1/integrations", { id, name: id, type: "linked", settings })
        assert.strictEqual(created.status, 201, created.text)
      }
      yield* request("POST", "/v1/rules", { name: "All", match: {}, integrations: Object.keys(links) })
      const posted = yield* request("POST", "/v1/alerts", {
        source: "curl",
        id: "a",
        state: "raised",
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: "Disk full" }
      })
      const [, alert = ""] = /"id":"([^"]+)"/.exec(posted.text) ?? []
      const path = "/v1/deliveries?status=delivered"
      let delivered: ReadonlyArray<typeof Delivery.Type> = []
      for (; delivered.length < 3;) delivered = (yield* request("GET", path)).as(Deliveries).items

      const expected = { script: undefined, secret: undefined, shown: links.shown }
      const linksOf = (items: ReadonlyArray<{ readonly integration: string; readonly link?: URL }>) =>
        Object.fromEntries(items.map(({ integration, link }) => [integration, link?.href]))
      const details = (yield* request("GET", `/v1/alerts/${alert}`)).as(AlertDetails)
      const { items } = (yield* request("GET", `/v1/alerts/${alert}/explain`)).as(Explanations)
      for (const found of [delivered, details.deliveries, items]) assert.deepStrictEqual(linksOf(found), expected)
      assert.deepStrictEqual(delivered.find(({ integration }) => integration === "shown")?.recipients, [
        { recipient: "ann@example.com", status: "delivered" },
        { recipient: "bob@example.com", status: "failed", detail: "550 <redacted>" }
      ])
      for (const answer of answers) assert.notInclude(answer, canary)
    })
  )
})
