import { assert, describe, layer } from "@effect/vitest"
import { AlertSummary, Enqueued, Source, Taken } from "@tocsin/client"
import { AwsSns, builtIn } from "@tocsin/sources"
import { Effect, Fiber } from "effect"
import { AlertDetails, ask, listOf, UnreadableBody } from "../harness/answers.ts"
import { SharedHarness } from "../harness/gateway.ts"
import { bodyOf, namesOf, pathOf, types } from "../harness/sourceBodies.ts"

const post = (type: string, body: string, headers: { readonly [name: string]: string } = {}) =>
  ask(type === "pagerduty" ? 202 : 200, "POST", pathOf(type), body, headers)

const alertsOf = Effect.fnUntraced(function* (type: string, sourceId: string) {
  const query = new URLSearchParams({ source: type, sourceId }).toString()
  const { items } = (yield* ask(200, "GET", `/v1/alerts?${query}`)).as(listOf(AlertSummary))
  return yield* Effect.forEach(items, ({ id }) =>
    Effect.map(ask(200, "GET", `/v1/alerts/${id}`), ({ as }) => as(AlertDetails))
  )
})

/** A source, what raises an alert, what clears it, and the alert. */
const pairs = [
  ["alertmanager", "firing", "resolved", "0f1a2b3c4d5e6f70", "critical", "HighErrorRate"],
  ["grafana", "firing", "resolved", "1:c6eadffa33fcdf37", "major", "High memory usage"],
  ["grafana", "legacy-alerting", "legacy-ok", "1:9007199254", "critical", "CPU high"],
  ["pagerduty", "trigger", "resolve", "srv01/HTTP", "critical", "Example alert on host1.example.com"],
  ["cloudevents", "structured", "cleared", "https://monitoring.example/prod host:api-1", "critical", "High error rate"],
  ["datadog", "triggered", "recovered", "9876543210", "major", "CPU high"],
  ["datadog", "default-triggered", "default-recovered", "12345/CPU high/host:i-0abc", "major", "CPU high"],
  ["zabbix", "problem", "recovery", "1204567", "major", "High CPU utilization (over 90% for 5m)"],
  ["uptime-kuma", "down", "up", "29", "major", "Shop"],
  ["healthchecks", "down", "up", "f618072a-7bde-4eee-af63-71a77c5723bc", "major", 'Nightly "full" backup'],
  ["sentry", "metric-alert-critical", "metric-alert-resolved", "metric:4", "critical", "Too many errors"],
  ["sentry", "issue-alert", "issue-resolved", "issue:1170820242", "major", "ReferenceError: cart is not defined"],
  [
    "azure-monitor",
    "fired",
    "resolved",
    "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.AlertsManagement/alerts/b9569717-bc32-442f-add5-83a997729330",
    "major",
    "web-1 CPU"
  ],
  ["google-cloud-monitoring", "open", "closed", "0.mtdi83m6w8ao", "critical", "CPU of the web servers"]
] as const

describe("sources", () => {
  layer(SharedHarness.layer(), { excludeTestServices: true })((it) => {
    it.effect.each(builtIn.map(({ type }) => type))("%s answers any bytes with less than 500", (type) =>
      Effect.gen(function* () {
        const configured = {
          json: { mapping: { id: "/id", state: { value: "/state" }, name: "/name" } },
          "aws-sns": { settings: AwsSns.example }
        }[type]
        if (configured !== undefined) yield* ask(201, "PUT", pathOf(type), { type, ...configured })
        for (const bytes of oddBodies) {
          const answer = yield* (yield* SharedHarness).request("POST", pathOf(type), bytes)
          assert.isBelow(answer.status, 500, `${JSON.stringify(bytes.slice(0, 40))}: ${answer.text}`)
        }
      })
    )

    it.effect.each(pairs)("%s raises an alert by %s and clears it by %s", ([type, raise, clear, id, severity, rule]) =>
      Effect.gen(function* () {
        yield* post(type, yield* bodyOf(type, raise))
        const [raised, ...more] = yield* alertsOf(type, id)
        assert.deepStrictEqual(more, [])
        assert.deepStrictEqual([raised?.state, raised?.severity, raised?.rule.name], ["raised", severity, rule])
        // A repeat, as senders make them.
        yield* post(type, yield* bodyOf(type, raise))
        yield* post(type, yield* bodyOf(type, clear))
        const [cleared, ...episodes] = yield* alertsOf(type, id)
        assert.deepStrictEqual(episodes, [])
        assert.deepStrictEqual([cleared?.id, cleared?.state], [raised?.id, "cleared"])
      })
    )

    it.effect("shows the expression of Alertmanager's alerts, and links to their graph and their runbook", () =>
      Effect.gen(function* () {
        const channels = yield* (yield* SharedHarness).channels("links", { match: { source: "alertmanager" } })
        const body = (yield* bodyOf("alertmanager", "firing")).replaceAll(/"[0-9a-f]{16}"/g, (id) =>
          id.replace("f", "a")
        )
        yield* post("alertmanager", body.replaceAll("api-", "links-"))
        for (const { slack } of yield* channels.received(2)) {
          assert.match(
            slack.shown,
            /^Raised: HighErrorRate on links-\d:8080 \(http:\/\/prometheus.example:9090\/graph/m
          )
          assert.include(slack.shown, "rate(http_errors_total[5m]) > 0.05")
          assert.include(slack.shown, "Runbook (https://runbooks.example/high-error-rate)")
        }
        yield* ask(204, "DELETE", "/v1/rules/links")
      })
    )

    it.effect("keeps a notification of Alertmanager that leaves out alerts, and reads the others", () =>
      Effect.gen(function* () {
        const taken = (yield* post("alertmanager", yield* bodyOf("alertmanager", "truncated"))).as(Taken)
        assert.deepStrictEqual([taken.accepted, taken.unreadable], [1, 3])
        const { items } = (yield* ask(200, "GET", "/v1/sources/unreadable?limit=1")).as(listOf(UnreadableBody))
        assert.deepStrictEqual([items[0]?.source, items[0]?.why], ["alertmanager", taken.why])
      })
    )

    it.effect("reads Alertmanager's other alerts where one has no labels", () =>
      Effect.gen(function* () {
        const body = (yield* bodyOf("alertmanager", "firing")).replace(/"labels": \{[^}]*\}/, '"labels": null')
        const taken = (yield* post("alertmanager", body.replace(/"fingerprint": "0[^"]*"/, '"fingerprint": null'))).as(
          Taken
        )
        assert.deepStrictEqual(taken, {
          accepted: 1,
          unreadable: 1,
          why: "/alerts/0: Expected an object with labels"
        })
      })
    )

    it.effect("keeps one row for an alert that Prometheus repeats, and clears it when its endsAt is over", () =>
      Effect.gen(function* () {
        const alert = (endsAt: string) =>
          JSON.stringify([
            {
              labels: { alertname: "InstanceDown", instance: "db-2:9100", severity: "warning" },
              annotations: { summary: "db-2 does not answer" },
              startsAt: "2026-01-15T09:00:00Z",
              endsAt,
              generatorURL: "http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1"
            }
          ])
        // The fingerprint that Prometheus computes of these labels.
        const id = "c24cce48c375d014"
        for (const year of [2100, 2101, 2102]) yield* post("prometheus", alert(`${year}-01-01T00:00:00Z`))
        const { items } = (yield* ask(200, "GET", "/v1/alerts?source=prometheus")).as(listOf(AlertSummary))
        assert.deepStrictEqual(
          items.map(({ sourceId, state }) => [sourceId, state]),
          [[id, "raised"]]
        )
        yield* post("prometheus", alert("2026-01-15T10:03:00Z"))
        const [cleared, ...more] = yield* alertsOf("prometheus", id)
        assert.deepStrictEqual(more, [])
        assert.strictEqual(cleared?.state, "cleared")
        const events = (yield* ask(200, "GET", "/v1/sources")).as(listOf(Source)).items
        assert.deepStrictEqual(
          events.filter(({ name }) => name === "prometheus").map(({ address, events24h }) => [address, events24h]),
          [["/api/v2/alerts", 2]]
        )
      })
    )

    it.effect("accepts more alerts in one body than POST /v1/alerts takes", () =>
      Effect.gen(function* () {
        const alerts = Array.from({ length: 2500 }, (_, n) => ({
          labels: { alertname: "Many", instance: `host-${n}` }
        }))
        const taken = (yield* post("prometheus", JSON.stringify(alerts))).as(Taken)
        assert.deepStrictEqual(taken, { accepted: 2500, unreadable: 0 })
        for (const host of ["host-0", "host-1000", "host-2499"]) {
          const { items } = (yield* ask(200, "GET", `/v1/alerts?source=prometheus&q=${host}&limit=2`)).as(
            listOf(AlertSummary)
          )
          assert.include(
            items.map(({ test }) => test?.name),
            host
          )
        }
      })
    )

    it.effect("answers PagerDuty's events as PagerDuty does, and records an acknowledgement", () =>
      Effect.gen(function* () {
        const trigger = (yield* bodyOf("pagerduty", "trigger")).replace("srv01/HTTP", "srv02/HTTP")
        const answer = (yield* post("pagerduty", trigger)).as(Enqueued)
        assert.deepStrictEqual(answer, { status: "success", message: "Event processed", dedup_key: "srv02/HTTP" })
        yield* post("pagerduty", (yield* bodyOf("pagerduty", "acknowledge")).replace("srv01/HTTP", "srv02/HTTP"))
        const [alert] = yield* alertsOf("pagerduty", "srv02/HTTP")
        assert.strictEqual(alert?.state, "raised")
        assert.deepStrictEqual(
          alert?.notes.map(({ note }) => note),
          ["acknowledged by its sender"]
        )
        const made = (yield* post("pagerduty", trigger.replace('"dedup_key": "srv02/HTTP",', ""))).as(Enqueued)
        assert.match(made.dedup_key, /^[0-9a-f]{16}$/)
        const resolve = { routing_key: "any", event_action: "resolve", dedup_key: made.dedup_key }
        yield* post("pagerduty", JSON.stringify(resolve))
        const [resolved] = yield* alertsOf("pagerduty", made.dedup_key)
        assert.strictEqual(resolved?.state, "cleared")
        const refused = yield* ask(400, "POST", "/v2/enqueue", { ...resolve, dedup_key: "" })
        assert.include(refused.text, "/dedup_key: Expected a text")
      })
    )

    it.effect("reads a CloudEvent in binary mode, and a batch", () =>
      Effect.gen(function* () {
        const attributes = {
          "ce-specversion": "1.0",
          "ce-type": "com.example.alert.triggered",
          "ce-source": "https://monitoring.example/binary",
          "ce-subject": "host:api-1%20%22eu%22",
          "ce-id": "A234-1234-1234",
          "ce-time": "2026-01-15T10:02:30Z"
        }
        yield* post("cloudevents", '{"title":"High error rate","severity":"critical"}', attributes)
        const [binary] = yield* alertsOf("cloudevents", 'https://monitoring.example/binary host:api-1 "eu"')
        assert.deepStrictEqual([binary?.rule.name, binary?.severity], ["High error rate", "critical"])
        const batch = (yield* bodyOf("cloudevents", "batch")).replaceAll("/prod", "/batch")
        const taken = (yield* post("cloudevents", batch)).as(Taken)
        assert.deepStrictEqual(taken, { accepted: 2, unreadable: 0 })
      })
    )

    it.effect.each(["grafana", "uptime-kuma", "healthchecks", "google-cloud-monitoring"])(
      "makes no alert of a test of %s",
      (type) =>
        Effect.gen(function* () {
          const taken = (yield* post(type, yield* bodyOf(type, "test"))).as(Taken)
          assert.deepStrictEqual(taken, { accepted: 0, unreadable: 0 })
        })
    )

    it.effect.each(types)("takes anything that is posted for %s, and keeps what it cannot read", (type) =>
      Effect.gen(function* () {
        const { request } = yield* SharedHarness
        const bodies = yield* Effect.forEach(namesOf(type), (name) => bodyOf(type, name))
        const broken = bodies.map((body) => body.slice(0, body.length / 2))
        const strange = ["", "\u0000", "null", "7", '"text"', "[]", "[[]]", '{"alerts":{}}', "{}", '{"data":null}']
        for (const body of [...broken, ...strange]) {
          const { status, text } = yield* request("POST", pathOf(type), body)
          assert.include([200, 202, 400], status, `${body.slice(0, 50)}: ${text}`)
        }
      })
    )

    it.effect("accepts 256 alerts of a body at once, and serves other requests between them", () =>
      Effect.gen(function* () {
        const total = Effect.map(
          ask(200, "GET", "/v1/alerts?source=prometheus&limit=1"),
          (answer) => answer.as(listOf(AlertSummary)).total ?? 0
        )
        const before = yield* total
        const body = Array.from({ length: 2560 }, (_, n) => ({ labels: { team: "parts", number: `${n}` } }))
        const posting = yield* Effect.forkChild(ask(200, "POST", "/api/v2/alerts", body))
        const meanwhile = yield* Effect.repeat(total, { until: (count) => count > before })
        assert.isBelow(meanwhile, before + 2560)
        assert.strictEqual((meanwhile - before) % 256, 0)
        yield* Fiber.join(posting)
        assert.strictEqual(yield* total, before + 2560)
      })
    )

    it.effect("says where Prometheus posts", () =>
      Effect.gen(function* () {
        const { text } = yield* ask(404, "POST", "/v1/sources/prometheus", [])
        assert.include(text, "This source posts to /api/v2/alerts")
      })
    )
  })
})

const token = "R0UT1NGKEY0123456789ABCDEF012345"

describe("PagerDuty's route", () => {
  layer(SharedHarness.layer({ TOCSIN_TOKEN: token }), { excludeTestServices: true })((it) => {
    it.effect("takes the gateway's token as routing_key, keeps nothing of others, and shows it nowhere", () =>
      Effect.gen(function* () {
        const body = yield* bodyOf("pagerduty", "trigger")
        yield* ask(401, "POST", "/api/v2/alerts", [])
        yield* ask(401, "POST", "/v2/enqueue", body.replace(token, "0".repeat(32)))
        yield* ask(401, "POST", "/v2/enqueue", { event_action: "trigger" }, { authorization: `Bearer ${token}` })
        yield* ask(202, "POST", "/v2/enqueue", body)
        yield* ask(400, "POST", "/v2/enqueue", { routing_key: token, event_action: "page" })
        const kept = yield* ask(200, "GET", "/v1/sources/unreadable", undefined, { authorization: `Bearer ${token}` })
        assert.deepStrictEqual(
          kept.as(listOf(UnreadableBody)).items.map(({ why }) => why.slice(0, 13)),
          ["/event_action"]
        )
        const alerts = yield* ask(200, "GET", "/v1/alerts", undefined, { authorization: `Bearer ${token}` })
        assert.strictEqual(alerts.as(listOf(AlertSummary)).total, 1)
        for (const { text } of [kept, alerts]) assert.notInclude(text, token)
      })
    )
  })
})

/** Bodies that are no alerts, and some that are no text. */
const oddBodies = [
  "",
  "null",
  "0",
  '"x"',
  "[]",
  "{}",
  "{",
  "[[[[[[]]]]]]",
  "[null,0,{},[]]",
  '{"alerts":null}',
  '{"alerts":[null,{},0]}',
  '{"__proto__":{"alerts":[]},"constructor":1}',
  '{"id":1e400,"status":-0,"state":"\\ud800"}',
  "\u0000\u0001",
  "\ufeff{}",
  "<html></html>",
  "a=1&b=2"
]
