/**
 * The span of an attempt.
 */
import { Clock, Effect, Tracer } from "effect"
import { asReference, AttemptSpan, beginSpan, traceparent } from "../metrics/traces.ts"
import type { Attempt } from "./pipeline.ts"

/**
 * Gives each attempt a span, in the trace of the request that caused the delivery. A digest belongs to many requests, so
 * it has a trace of its own, with links to theirs. `deliver` ends the span, unless nothing was sent.
 */
export const traced =
  <A>(tracer: Tracer.Tracer, deliver: (attempt: Attempt) => Effect.Effect<A>) =>
  (attempt: Attempt): Effect.Effect<A> =>
    Effect.flatMap(Clock.currentTimeNanos, (startTime) => {
      const { claimed, integration } = attempt
      const { type } = integration.integration
      const span = beginSpan(tracer, {
        name: `deliver ${type}`,
        kind: "client",
        cause: claimed.trace,
        links: claimed.included.map(({ trace }) => trace),
        startTime,
        attributes: {
          "tocsin.channel": type,
          "tocsin.integration": claimed.integration,
          "tocsin.delivery": claimed.id,
          "tocsin.attempt": claimed.attempt
        }
      })
      const options = { ...claimed.options, traceparent: traceparent(span) }
      return deliver({ ...attempt, claimed: { ...claimed, options } }).pipe(
        Effect.provideService(AttemptSpan, span),
        Effect.provideService(Tracer.ParentSpan, asReference(span))
      )
    })
