import { assert, describe, it } from "@effect/vitest"
import { type Answer, FakeServer, type Request } from "@tocsin/core/fakes"
import { Effect } from "effect"
import { HttpClient } from "effect/http"
import { eventually } from "../harness/gate.ts"
import { make, makeInProcess } from "../harness/gateway.ts"
import { receiver, shown } from "../harness/otlp.ts"

const canaries = {
  token: "c4n4ry-token-of-the-api",
  receiver: "c4n4ry-header-of-the-receiver",
  hook: "c4n4ryHook",
  query: "c4n4ry-query",
  header: "c4n4ry-header",
  // "c4n4ry-of-a-webhook-secret-", in base64.
  secret: "YzRuNHJ5LW9mLWEtd2ViaG9vay1zZWNyZXQt"
}
const senders = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }

/** A webhook's server that fails until it is told not to, and Slack, which refuses one channel: the headers of each. */
const services = Effect.gen(function* () {
  const webhook: Array<{ readonly status: number; readonly traceparent: string | undefined }> = []
  const slack: Array<string | undefined> = []
  const script = { status: 503 }
  const answer = ({ headers, url }: Request): Answer => {
    if (url.startsWith("/services/gone/")) return { status: 403, headers: {}, body: "invalid_token" }
    if (url.startsWith("/services/")) slack.push(headers["traceparent"])
    else webhook.push({ status: script.status, traceparent: headers["traceparent"] })
    return { status: url.startsWith("/services/") ? 200 : script.status, headers: {}, body: "ok" }
  }
  return { url: yield* FakeServer.serve({ answer }), webhook, slack, script }
})

describe("OpenTelemetry", () => {
  it.live("has one trace from the sender's span to the services' answers, also across a restart, and no secret", () =>
    Effect.gen(function* () {
      const otlp = yield* receiver
      const called = yield* services
      const harness = yield* make({
        TOCSIN_TOKEN: canaries.token,
        OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${canaries.receiver},x-other=1`
      })
      const post = Effect.fnUntraced(function* (path: string, body: unknown, headers = {}) {
        const authorization = `Bearer ${canaries.token}`
        const { status, text } = yield* harness
          .request("POST", path, body, { authorization, ...headers })
          // The test's own client would send another `traceparent`.
          .pipe(Effect.provideService(HttpClient.TracerDisabledWhen, () => true))
        assert.isBelow(status, 300, text)
      })
      yield* post("/v1/integrations", {
        id: "hook",
        name: "Hook",
        type: "webhook",
        settings: {
          url: `${called.url}/${canaries.hook}?key=${canaries.query}`,
          secret: `whsec_${canaries.secret}`,
          headers: { "x-key": canaries.header }
        }
      })
      yield* post("/v1/integrations", {
        id: "chat",
        name: "Chat",
        type: "slack",
        settings: { url: `${called.url}/services/T0/B0/${canaries.hook}` }
      })
      yield* post("/v1/integrations", {
        id: "gone",
        name: "Gone",
        type: "slack",
        settings: { url: `${called.url}/services/gone/B0/${canaries.hook}` }
      })
      yield* post("/v1/rules", { name: "All", match: {}, integrations: ["hook", "chat", "gone"] })
      yield* post(
        "/v1/alerts",
        { source: "s", id: "1", state: "raised", startedAt: "2026-01-01T00:00:00Z", rule: { name: "Rule" } },
        { traceparent: `00-${senders.traceId}-${senders.spanId}-01` }
      )
      assert.strictEqual((yield* harness.request("POST", "/v1/sources/prometheus", {})).status, 401)
      const attemptsOf = (integration: string) =>
        otlp.spans.filter(
          (span) => span.traceId === senders.traceId && shown(span)["tocsin.integration"] === integration
        )
      /** Spans are sent every five seconds. */
      const attempted = (integration: string, status: number) =>
        eventually(
          `an attempt of ${integration}`,
          Effect.sync(() => attemptsOf(integration)),
          (spans) => spans.some((span) => shown(span)["http.response.status_code"] === status)
        )
      yield* attempted("hook", 503)
      yield* attempted("chat", 200)
      yield* attempted("gone", 403)
      yield* harness.gateway().stop("SIGTERM")
      called.script.status = 204
      yield* harness.start
      yield* attempted("hook", 204)
      yield* harness.gateway().stop("SIGTERM")

      const trace = otlp.spans.filter(({ traceId }) => traceId === senders.traceId)
      const [request, ...others] = trace.filter(({ name }) => name === "POST /v1/alerts")
      assert.lengthOf(others, 0)
      assert.strictEqual(request?.parentSpanId, senders.spanId)
      assert.deepStrictEqual(shown(request), {
        "http.request.method": "POST",
        "http.route": "/v1/alerts",
        "http.response.status_code": 202
      })
      const hooks = attemptsOf("hook")
      const [chat, ...more] = attemptsOf("chat")
      assert.lengthOf(more, 0)
      for (const { kind, name, parentSpanId } of trace.filter((span) => span !== request)) {
        assert.deepStrictEqual([parentSpanId, kind], [request?.spanId, client])
        assert.match(name, /^deliver (slack|webhook)$/)
      }
      const { "tocsin.delivery": _, ...ofChat } = shown(chat)
      assert.deepStrictEqual(ofChat, {
        "tocsin.channel": "slack",
        "tocsin.integration": "chat",
        "tocsin.attempt": 1,
        "server.address": "127.0.0.1",
        "http.response.status_code": 200
      })
      const first = hooks[0]
      const last = hooks.at(-1)
      assert.strictEqual(shown(first)["http.response.status_code"], 503)
      assert.strictEqual(shown(first)["error.type"], "Unavailable")
      assert.strictEqual(shown(last)["http.response.status_code"], 204)
      assert.deepStrictEqual([first?.status.code, last?.status.code], [error, ok])
      assert.strictEqual(first?.instance, request?.instance)
      assert.notStrictEqual(last?.instance, request?.instance)
      // The webhook's server continues the span of the attempt; no other service receives its id.
      // A stop waits a second for the receiver: a busy machine may lose the last spans before the restart.
      assert.includeMembers(
        called.webhook.map(({ traceparent }) => traceparent),
        hooks.map(({ spanId }) => `00-${senders.traceId}-${spanId}-01`)
      )
      assert.deepStrictEqual(called.slack, [undefined])

      const refused = otlp.spans.find(({ name }) => name === "POST /v1/sources/:name")
      assert.strictEqual(shown(refused)["http.response.status_code"], 401)
      // Requests without a `traceparent` begin traces, and log lines name their span.
      const created = otlp.spans.find(({ name }) => name === "POST /v1/rules")
      const line = (text: string) => otlp.logs.find(({ body }) => body.stringValue?.startsWith(text) === true)
      assert.isDefined(created)
      assert.deepStrictEqual([line("Rule ")?.traceId, line("Rule ")?.spanId], [created?.traceId, created?.spanId])
      assert.isDefined(line("Tocsin "))
      const broken = line("Integration gone is broken: Unauthorized")
      assert.deepStrictEqual([broken?.traceId, broken?.spanId], [senders.traceId, attemptsOf("gone")[0]?.spanId])
      assert.isTrue(otlp.spans.every(({ name }) => !name.startsWith("GET ")))

      assert.deepStrictEqual([...otlp.authorizations], [`Bearer ${canaries.receiver}`])
      const sent = otlp.bodies.join("\n") + harness.gateway().printed()
      for (const [name, canary] of Object.entries(canaries)) assert.notInclude(sent, canary, name)
    })
  )

  it.live(
    "delays no alert while its receiver does not answer, and the log says so once, without the receiver's URL",
    () =>
      Effect.gen(function* () {
        const harness = yield* makeInProcess({
          TOCSIN_LOG_LEVEL: "debug",
          OTEL_EXPORTER_OTLP_HEADERS: `x-key=${canaries.header}`,
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:${canaries.receiver}@127.0.0.1:9`
        })
        const channels = yield* harness.channels("ops", { match: {} })
        const logged = Effect.sync(
          () =>
            harness
              .gateway()
              .printed()
              .match(/Traces and logs cannot be sent .*/g) ?? []
        )
        yield* eventually("the log", logged, (lines) => lines.length > 0)
        yield* harness.request("POST", "/v1/alerts", {
          source: "s",
          id: "1",
          state: "raised",
          startedAt: "2026-01-01T00:00:00Z",
          rule: { name: "Rule" }
        })
        yield* channels.received(1)
        assert.deepStrictEqual(yield* logged, [
          "Traces and logs cannot be sent to OTEL_EXPORTER_OTLP_ENDPOINT: no answer."
        ])
        const disabled = Effect.sync(() => harness.gateway().printed())
        const printed = yield* eventually("the exporter to pause", disabled, (text) =>
          text.includes("Disabling exporter")
        )
        for (const canary of [canaries.receiver, canaries.header]) assert.notInclude(printed, canary)
      })
  )
})

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
const client = 3
const ok = 1
const error = 2
