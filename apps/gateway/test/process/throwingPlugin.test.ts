import { assert, describe, it } from "@effect/vitest"
import { Delivery, Explanations, Integration } from "@tocsin/client"
import { Effect, Schema } from "effect"
import { until } from "../harness/gate.ts"
import { emptyFolder, pager, unpack } from "../harness/pluginPackages.ts"
import { make, makeInProcess } from "../harness/gateway.ts"

/** The plugin with a bug that tells its secret. */
const throwing = `${pager.replace("Redacted.value(url)", "urlFor(Redacted.value(url), notification)")}
const urlFor = (url, { _tag }) => {
  if (_tag === "Test") return url
  throw new TypeError("no template of " + url)
}`

const Deliveries = Schema.Struct({ items: Schema.Array(Delivery) })
const canary = "c4n4ry-T0K3N"
const says = "The plugin failed: TypeError in request"

describe("A gateway with a plugin that throws", () => {
  it.live(
    "ends no delivery, explains why in its log and its answers, and delivers everything once the plugin is fixed",
    () =>
      Effect.gen(function* () {
        const { slack, slackUrl } = yield* makeInProcess()
        const dir = emptyFolder()
        unpack(dir, { pager: { main: throwing } })
        const fixture = yield* make({ TOCSIN_PLUGINS: "pager", TOCSIN_PLUGINS_DIR: dir, TOCSIN_OPERATORS: "desk" })
        const deliveries = Effect.map(
          fixture.request("GET", "/v1/deliveries?integration=p"),
          (answer) => answer.as(Deliveries).items
        )
        const settings = { url: `${slackUrl}/services/T0/B0/${canary}` }
        for (const integration of [
          { id: "p", name: "Pager", type: "pager", settings },
          { id: "desk", name: "Desk", type: "slack", settings }
        ]) {
          assert.strictEqual((yield* fixture.request("POST", "/v1/integrations", integration)).status, 201)
        }
        yield* fixture.request("POST", "/v1/rules", { name: "All", match: {}, integrations: ["p"] })
        const alerts = ["a", "b", "c", "d"].map((id) => ({
          source: "curl",
          id,
          state: "raised",
          startedAt: "2026-01-01T00:00:00Z",
          rule: { name: `Disk ${id}` }
        }))
        const posted = yield* fixture.request("POST", "/v1/alerts", alerts)
        assert.strictEqual(posted.status, 202, posted.text)
        const [, alert = ""] = /"id":"([^"]+)"/.exec(posted.text) ?? []

        yield* until("the notice to operators", () => slack.messages.length === 1)
        const shown = (yield* fixture.request("GET", "/v1/integrations/p")).as(Integration)
        assert.deepStrictEqual([shown.state, shown.broken?.reason, shown.lastFailure?.reason], ["broken", says, says])
        for (const { status } of yield* deliveries) assert.include(["pending", "retrying"], status)
        const { items } = (yield* fixture.request("GET", `/v1/alerts/${alert}/explain`)).as(Explanations)
        assert.include(items.find(({ integration }) => integration === "p")?.why, says)
        const log = fixture.gateway().printed()
        assert.include(log, "TypeError in request: no template of <redacted>")
        assert.match(log, /at urlFor \(.*pager\/index\.js:\d+/)
        for (const text of [log, ...fixture.answers]) assert.notInclude(text, canary)

        yield* fixture.gateway().stop("SIGTERM")
        unpack(dir, { pager: { main: pager } })
        yield* fixture.start
        yield* until("all messages", () => slack.messages.length === 5)
        for (;;) {
          if ((yield* deliveries).every(({ status }) => status === "delivered")) break
        }
        assert.strictEqual((yield* fixture.request("GET", "/v1/integrations/p")).as(Integration).state, "ok")
      })
  )
})
