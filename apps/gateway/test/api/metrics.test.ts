import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { eventually } from "../harness/gate.ts"
import { make, makeInProcess } from "../harness/gateway.ts"

const page = fileURLToPath(new URL("../../../../docs/reference/metrics.md", import.meta.url))
const dashboard = fileURLToPath(new URL("../../../../deploy/grafana/tocsin.json", import.meta.url))
const token = "c4n4ry-token-of-24-characters"
const bearer = { authorization: `Bearer ${token}` }

describe("GET /metrics", () => {
  it.live("counts events, attempts and deliveries, and says how lanes stand", () =>
    Effect.gen(function* () {
      // A process of its own: metrics are those of the whole process, and other tests count there too.
      const harness = yield* make({ TOCSIN_TOKEN: token })
      const ask = (method: "GET" | "POST" | "DELETE", path: string, body?: unknown) =>
        harness.request(method, path, body, bearer)
      // An idle gateway does not sample its event loop until somebody scrapes.
      assert.include((yield* ask("GET", "/metrics")).text, 'tocsin_event_loop_delay_seconds{percentile="100"} 0\n')
      const integration = (id: string, path: string) => ({
        id,
        name: "Ops",
        type: "slack",
        settings: { url: `${harness.slackUrl}/services/T0/B0/${path}` }
      })
      yield* ask("POST", "/v1/integrations", integration("ops", "c4n4ry-hook"))
      yield* ask("POST", "/v1/integrations", integration("night", "c4n4ry-night"))
      yield* ask("POST", "/v1/integrations/night/pause", { reason: "A move" })
      yield* ask("POST", "/v1/rules", { name: "All", match: {}, integrations: ["ops", "night"] })
      const alert = {
        source: "metrics",
        id: "1",
        state: "raised",
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: 'A "rule"\nof two lines' }
      }
      yield* ask("POST", "/v1/alerts", alert)
      yield* ask("POST", "/v1/alerts", alert)
      yield* ask("POST", "/v1/sources/thousandeyes", { unknown: "shape" })

      const metrics = Effect.map(ask("GET", "/metrics"), ({ text }) => text)
      const text = yield* eventually("the delivery", metrics, (text) =>
        text.includes('tocsin_deliveries_total{integration="ops",outcome="delivered",reason=""} 1')
      )
      for (const line of [
        'tocsin_events_total{source="metrics",status="accepted"} 1',
        'tocsin_events_total{source="metrics",status="duplicate"} 1',
        'tocsin_unreadable_bodies_total{source="thousandeyes"} 1',
        'tocsin_attempts_total{integration="ops",type="slack",result="delivered"} 1',
        'tocsin_attempt_duration_seconds_count{type="slack"} 1',
        'tocsin_lane_pending{integration="night",type="slack"} 1',
        'tocsin_lane_pending{integration="ops",type="slack"} 0',
        'tocsin_integration_state{integration="night",type="slack",state="paused"} 1',
        'tocsin_integration_state{integration="ops",type="slack",state="ok"} 1'
      ]) {
        assert.include(text.split("\n"), line)
      }
      assert.notInclude(text, "c4n4ry")

      // The docs name each metric, and no other.
      const printed = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
      const documented = [...readFileSync(page, "utf8").matchAll(/^\| `(tocsin_\w+)`/gm)].map(([, name]) => name)
      const missing = documented.filter((name) => !printed.includes(name) && name !== "tocsin_digests_total")
      assert.deepStrictEqual([missing, printed.filter((name) => !documented.includes(name))], [[], []])
      // The dashboard has all of them, and no other.
      const shown = readFileSync(dashboard, "utf8").matchAll(/\b(tocsin_\w+?)(?:_bucket|_sum|_count)?(?=[{)])/g)
      assert.deepStrictEqual([...new Set([...shown].map(([, name]) => name))].toSorted(), documented.toSorted())

      yield* ask("DELETE", "/v1/integrations/night?force=true")
      assert.notInclude(yield* metrics, 'tocsin_lane_pending{integration="night"')
    })
  )

  it.live("needs the token, except from the networks that the settings name", () =>
    Effect.gen(function* () {
      const closed = yield* makeInProcess({ TOCSIN_TOKEN: token, TOCSIN_METRICS_ALLOW: "192.0.2.0/24" })
      assert.strictEqual((yield* closed.request("GET", "/metrics")).status, 401)
      assert.strictEqual((yield* closed.request("GET", "/metrics", undefined, bearer)).status, 200)
      const open = yield* makeInProcess({ TOCSIN_TOKEN: token, TOCSIN_METRICS_ALLOW: "127.0.0.0/8,::1" })
      assert.strictEqual((yield* open.request("GET", "/metrics")).status, 200)
      for (const path of ["/v1/alerts", "/metrics/", "/v1/backup"]) {
        assert.notStrictEqual((yield* open.request("GET", path)).status, 200)
      }
    })
  )

  it.live("gives many sources one series", () =>
    Effect.gen(function* () {
      const harness = yield* make()
      const events = Array.from({ length: 300 }, (_, n) => ({
        source: `many-${n}`,
        id: "1",
        state: "raised",
        startedAt: "2026-01-01T00:00:00Z",
        rule: { name: "Many" }
      }))
      assert.strictEqual((yield* harness.request("POST", "/v1/alerts", events)).status, 202)
      const { text } = yield* harness.request("GET", "/metrics")
      assert.isAtMost(text.match(/^tocsin_events_total\{/gm)?.length ?? 0, 200)
      assert.match(text, /^tocsin_events_total\{source="other",status="accepted"\} \d+$/m)
    })
  )
})
