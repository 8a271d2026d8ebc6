/**
 * A receiver of OpenTelemetry's OTLP, as JSON over HTTP.
 */
import { FakeServer } from "@tocsin/core/fakes"
import { Effect, Schema } from "effect"

/** A receiver of OTLP: what it was sent, and the headers that it was sent with. */
export const receiver = Effect.gen(function* () {
  const bodies: Array<string> = []
  const spans: Array<Span> = []
  const logs: Array<typeof Log.Type> = []
  const authorizations = new Set<string | undefined>()
  const url = yield* FakeServer.serve({
    answer: ({ body, headers, url }) => {
      bodies.push(JSON.stringify({ ...headers, authorization: undefined }), body)
      authorizations.add(headers["authorization"])
      if (url === "/v1/traces") {
        for (const { resource, scopeSpans } of decodeTraces(body).resourceSpans) {
          const instance = value(resource.attributes, "service.instance.id")
          for (const { spans: sent } of scopeSpans) spans.push(...sent.map((span) => ({ ...span, instance })))
        }
      } else {
        for (const { scopeLogs } of decodeLogs(body).resourceLogs)
          for (const { logRecords } of scopeLogs) logs.push(...logRecords)
      }
      return { status: 200, headers: { "content-type": "application/json" }, body: "{}" }
    }
  })
  return { url, bodies, spans, logs, authorizations }
})

const Attributes = Schema.Array(
  Schema.Struct({
    key: Schema.String,
    value: Schema.Struct({
      stringValue: Schema.optionalKey(Schema.String),
      intValue: Schema.optionalKey(Schema.Number)
    })
  })
)
const value = (attributes: typeof Attributes.Type, name: string) =>
  attributes.find(({ key }) => key === name)?.value.stringValue ?? ""

/** The attributes of a span. */
export const shown = (span: Span | undefined): { readonly [name: string]: string | number | undefined } =>
  Object.fromEntries(
    (span?.attributes ?? []).map(({ key, value }) => [key, value.stringValue ?? value.intValue] as const)
  )

/** A span, and the gateway that made it. */
export interface Span extends Schema.Schema.Type<typeof SpanJson> {
  readonly instance: string
}
const SpanJson = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  parentSpanId: Schema.optionalKey(Schema.String),
  name: Schema.String,
  kind: Schema.Number,
  attributes: Attributes,
  status: Schema.Struct({ code: Schema.Number })
})
const Log = Schema.Struct({
  body: Schema.Struct({ stringValue: Schema.optionalKey(Schema.String) }),
  traceId: Schema.optionalKey(Schema.String),
  spanId: Schema.optionalKey(Schema.String)
})
const decodeTraces = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      resourceSpans: Schema.Array(
        Schema.Struct({
          resource: Schema.Struct({ attributes: Attributes }),
          scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(SpanJson) }))
        })
      )
    })
  )
)
const decodeLogs = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      resourceLogs: Schema.Array(
        Schema.Struct({ scopeLogs: Schema.Array(Schema.Struct({ logRecords: Schema.Array(Log) })) })
      )
    })
  )
)
