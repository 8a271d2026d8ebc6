import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { readFileSync } from "node:fs"
import { eventually } from "../test/harness/gate.ts"
import { make } from "../test/harness/gateway.ts"
import { scraping } from "./harness/prometheus.ts"

const token = "c4n4ry-token-of-24-characters"

const Dashboard = Schema.fromJsonString(
  Schema.Struct({
    panels: Schema.Array(
      Schema.Struct({
        title: Schema.String,
        targets: Schema.optionalKey(Schema.Array(Schema.Struct({ expr: Schema.String })))
      })
    ),
    templating: Schema.Struct({
      list: Schema.Array(Schema.Struct({ type: Schema.String, definition: Schema.optionalKey(Schema.String) }))
    })
  })
)
const dashboard = Schema.decodeUnknownSync(Dashboard)(
  readFileSync(new URL("../../../deploy/grafana/tocsin.json", import.meta.url), "utf8")
)

/** As Grafana replaces its variables for a range of five minutes, with all integrations chosen. */
const replaced = (query: string) =>
  query
    .replaceAll("$__rate_interval", "1m")
    .replaceAll("$__range", "5m")
    .replaceAll("$integration", ".*")
    .replaceAll("$job", "tocsin")

const Answer = Schema.fromJsonString(
  Schema.Struct({ status: Schema.Literal("success"), data: Schema.Struct({ result: Schema.Array(Schema.Unknown) }) })
)

describe("The Grafana dashboard", () => {
  it.live("has a result of a real Prometheus for every query", () =>
    Effect.gen(function* () {
      const harness = yield* make({ TOCSIN_TOKEN: token })
      const ask = (method: "GET" | "POST", path: string, body?: unknown) =>
        harness.request(method, path, body, { authorization: `Bearer ${token}` })
      // One integration dies, one gets more than it can take, and one source cannot be read.
      for (const [id, limits] of [
        ["dead", { messages: 1000, perSeconds: 1, burst: 1000 }],
        ["storm", { messages: 60, perSeconds: 60, burst: 1 }]
      ] as const) {
        const settings = { url: `${harness.slackUrl}/services/T0/B0/${id}` }
        yield* ask("POST", "/v1/integrations", { id, name: id, type: "slack", limits, settings })
        yield* ask("POST", "/v1/rules", { name: id, match: { source: id }, integrations: [id] })
      }
      const alert = (source: string, id: string) => ({
        source,
        id,
        state: "raised",
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: "Disk full" }
      })
      harness.slack.script({ status: 400, body: "invalid_payload" }, { status: 400, body: "invalid_payload" })
      yield* ask("POST", "/v1/alerts", alert("dead", "1"))
      yield* ask("POST", "/v1/alerts", alert("dead", "1"))
      yield* ask("POST", "/v1/sources/thousandeyes", { no: "known form" })
      const metrics = Effect.map(ask("GET", "/metrics"), ({ text }) => text)
      yield* eventually("a dead delivery", metrics, (text) => /^tocsin_deliveries_total\{.*dead/m.test(text))
      yield* ask(
        "POST",
        "/v1/alerts",
        Array.from({ length: 200 }, (_, n) => alert("storm", String(n)))
      )
      yield* eventually("a digest", metrics, (text) => text.includes("tocsin_digests_total{"))

      const api = yield* scraping(harness.gateway().url, token)
      const query = (expression: string) =>
        Effect.promise(async () => {
          const url = `${api}/api/v1/query?query=${encodeURIComponent(expression)}`
          return Schema.decodeUnknownSync(Answer)(await (await fetch(url)).text()).data.result.length
        })
      let asked = 0
      for (const { targets = [], title } of dashboard.panels) {
        for (const { expr } of targets) {
          asked++
          // A rate needs two scrapes.
          yield* eventually(`${title}: ${expr}`, query(replaced(expr)), (count) => count > 0)
        }
      }
      assert.isAbove(asked, 20)
      for (const { definition = "", type } of dashboard.templating.list) {
        if (type !== "query") continue
        const [, series = "", label = ""] = /^label_values\((.*), (\w+)\)$/.exec(replaced(definition)) ?? []
        assert.isAbove(yield* query(`count by (${label}) (${series})`), 0, definition)
      }
    })
  )
})
