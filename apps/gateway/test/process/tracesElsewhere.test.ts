import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { makeInProcess } from "../harness/cluster.ts"
import { eventually } from "../harness/gate.ts"
import { receiver } from "../harness/otlp.ts"

const channels = ["a", "b", "c", "d", "e", "f", "g", "h"]

describe("OpenTelemetry on several gateways", () => {
  it.live("continues the trace of a request at the gateway that sends the message", () =>
    Effect.gen(function* () {
      const otlp = yield* receiver
      const cluster = yield* makeInProcess(2, {
        OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json"
      })
      for (const channel of channels) yield* cluster.channel(channel)
      let sent = 0
      /** The gateways of each attempt and of the request that caused it. */
      const elsewhere = Effect.gen(function* () {
        yield* cluster.send(`alert${sent}`, channels[sent++ % channels.length] ?? "")
        const requests = new Map(
          otlp.spans.flatMap((span) => (span.name === "POST /v1/alerts" ? [[span.spanId, span] as const] : []))
        )
        return otlp.spans.filter(({ instance, name, parentSpanId = "", traceId }) => {
          const request = requests.get(parentSpanId)
          return name === "deliver slack" && request?.traceId === traceId && request.instance !== instance
        })
      })
      const found = yield* eventually("an attempt of the other gateway", elsewhere, (spans) => spans.length > 0)
      assert.isAbove(found.length, 0)
    })
  )
})
