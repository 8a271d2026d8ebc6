import { assert, describe, layer } from "@effect/vitest"
import { Integration } from "@tocsin/client"
import { show } from "@tocsin/plugin-slack/testing"
import { Effect } from "effect"
import { ask, Delivery, listOf } from "../harness/answers.ts"
import { eventually, until } from "../harness/gate.ts"
import { SharedHarness } from "../harness/gateway.ts"

const settings = { TOCSIN_PUBLIC_URL: "https://tocsin.example.com/gateway", TOCSIN_OPERATORS: "desk" }

describe("Storms and operators", () => {
  layer(SharedHarness.layer(settings), { excludeTestServices: true })((it) => {
    it.effect("a digest links to a page that lists its alerts, for anyone with the link", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        yield* ask(201, "POST", "/v1/integrations", {
          id: "storm",
          name: "Storm",
          type: "slack",
          limits: { messages: 1, perSeconds: 1, burst: 1 },
          settings: { url: `${harness.slackUrl}/services/T0/B0/storm` }
        })
        yield* ask(201, "POST", "/v1/rules", { name: "S", match: { source: "storm" }, integrations: ["storm"] })
        // More than the rate limit allows in a minute.
        const alerts = Array.from({ length: 80 }, (_, n) => ({
          source: "storm",
          id: `${n}`,
          state: "raised",
          startedAt: "2026-01-01T00:00:00Z",
          severity: n === 7 ? "critical" : "minor",
          summary: "s3cr3t summary",
          rule: { name: "Disk <b>full</b>" },
          test: { name: `db-${n}` }
        }))
        yield* ask(202, "POST", "/v1/alerts", alerts)
        const received = () =>
          harness.slack.messages.filter(({ url }) => url.endsWith("/storm")).map(({ payload }) => payload)
        const isDigest = (payload: unknown) => show(payload).includes("https://tocsin.example.com/gateway/digests/")
        yield* until("the digest", () => received().some(isDigest))
        const [, key = ""] = /gateway\/digests\/([0-9a-f]{32})/.exec(show(received().find(isDigest))) ?? []

        const delivered = Effect.map(ask(200, "GET", "/v1/deliveries?integration=storm&status=delivered"), ({ as }) =>
          as(listOf(Delivery))
        )
        const { items } = yield* eventually("all to be told", delivered, ({ items }) =>
          items.some(({ foldedInto }) => foldedInto !== undefined)
        )
        const digest = items.find(({ kind }) => kind === "Digest")
        const covered = items.filter(({ foldedInto }) => foldedInto === digest?.id)
        assert.isAbove(covered.length, 15)

        const page = yield* ask(200, "GET", `/digests/${key}`)
        assert.include(page.headers["content-type"], "text/html")
        assert.strictEqual(page.headers["referrer-policy"], "no-referrer")
        assert.include(page.text, "noindex")
        assert.include(page.text, "Disk &lt;b&gt;full&lt;/b&gt;: db-19")
        assert.include(page.text, `<title>${covered.length} alerts</title>`)
        assert.notInclude(page.text, "s3cr3t")
        yield* ask(404, "GET", `/digests/${key.replace(/./, key.startsWith("0") ? "1" : "0")}`)
      })
    )

    it.effect("operators receive a notice of a broken integration, which is shown as broken", () =>
      Effect.gen(function* () {
        const harness = yield* SharedHarness
        for (const id of ["desk", "hook"]) {
          yield* ask(201, "POST", "/v1/integrations", {
            id,
            name: `The ${id}`,
            type: "slack",
            settings: { url: `${harness.slackUrl}/services/T0/B0/${id}` }
          })
        }
        yield* ask(201, "POST", "/v1/rules", { name: "H", match: { source: "hook" }, integrations: ["hook"] })
        harness.slack.script({ status: 403, body: "invalid_token" })
        yield* ask(202, "POST", "/v1/alerts", {
          source: "hook",
          id: "1",
          state: "raised",
          startedAt: "2026-01-01T00:00:00Z",
          rule: { name: "x" }
        })
        const notices = () => harness.slack.messages.filter(({ url }) => url.endsWith("/desk"))
        yield* until("the notice", () => notices().length > 0)
        assert.include(show(notices()[0]?.payload), "The integration The hook is broken")
        const { backlog, broken, oldestAt, state } = (yield* ask(200, "GET", "/v1/integrations/hook")).as(Integration)
        assert.strictEqual(state, "broken")
        assert.strictEqual(backlog, 1)
        assert.isDefined(oldestAt)
        assert.include(broken?.reason, "invalid_token")
        const listed = (yield* ask(200, "GET", "/v1/integrations?state=broken")).as(listOf(Integration))
        assert.deepStrictEqual(
          listed.items.map(({ id }) => id),
          ["hook"]
        )
      })
    )
  })
})
