/**
 * Traces: one span for a request, and one for each attempt of the deliveries that it caused, also after a restart and on
 * another gateway, because the trace context is stored with the delivery. Off, and without cost, unless `Traces` is
 * provided.
 */
import { Context, Exit, Option, Tracer } from "effect"
import { Headers, HttpTraceContext } from "effect/http"

/** Makes spans; undefined, which is the default, if none are exported. */
export const Traces = Context.Reference<Tracer.Tracer | undefined>("@tocsin/delivery/Traces", {
  defaultValue: () => undefined
})

/** The trace context of the request that the fiber serves, as a `traceparent`. */
export const RequestTrace = Context.Reference<string | undefined>("@tocsin/delivery/RequestTrace", {
  defaultValue: () => undefined
})

/** The span of the attempt that the fiber makes, to which the HTTP client of plugins adds the host and the status. */
export const AttemptSpan = Context.Reference<Tracer.Span | undefined>("@tocsin/delivery/AttemptSpan", {
  defaultValue: () => undefined
})

/** The trace context of a span (https://www.w3.org/TR/trace-context/#traceparent-header). */
export const traceparent = ({ sampled, spanId, traceId }: Tracer.AnySpan): string =>
  `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`

/** The span that a `traceparent` names; none if it is absent or invalid. */
export const parentOf = (traceparent: string | null | undefined): Option.Option<Tracer.ExternalSpan> =>
  traceparent === null || traceparent === undefined
    ? Option.none()
    : HttpTraceContext.w3c(Headers.fromRecordUnsafe({ traceparent }))

/** A span as log lines name it. Nothing can be added to it: what plugins know may be secret. */
export const asReference = ({ sampled, spanId, traceId }: Tracer.Span): Tracer.ExternalSpan =>
  Tracer.externalSpan({ sampled, spanId, traceId })

/** The most spans that one links to: OpenTelemetry's default limit. */
const mostLinks = 128

/** What a span is about. */
export interface SpanInput {
  readonly name: string
  readonly kind: "server" | "client"
  /** The `traceparent` of what caused it; without one, it begins a trace. */
  readonly cause: string | null | undefined
  /** The `traceparent` of what it belongs to besides. */
  readonly links?: ReadonlyArray<string | null>
  /** In nanoseconds. */
  readonly startTime: bigint
  readonly attributes: { readonly [name: string]: string | number }
}

/** Begins a span. It is sampled if its cause is, or if it has none. */
export const beginSpan = (
  tracer: Tracer.Tracer,
  { attributes, cause, kind, links = [], name, startTime }: SpanInput
): Tracer.Span => {
  const parent = parentOf(cause)
  const span = tracer.span({
    name,
    parent,
    annotations: Context.empty(),
    links: links
      .flatMap((link) => Option.toArray(parentOf(link)))
      .slice(0, mostLinks)
      .map((span) => ({ span, attributes: {} })),
    startTime,
    kind,
    root: Option.isNone(parent),
    sampled: Option.match(parent, { onNone: () => true, onSome: ({ sampled }) => sampled })
  })
  for (const [name, value] of Object.entries(attributes)) span.attribute(name, value)
  return span
}

/** Ends a span, `failure` is the name of what went wrong: https://opentelemetry.io/docs/specs/semconv/attributes-registry/error/ */
export const endSpan = (span: Tracer.Span, endTime: bigint, failure?: string): void => {
  if (failure !== undefined) span.attribute("error.type", failure)
  span.end(endTime, failure === undefined ? Exit.void : Exit.fail(failure))
}
