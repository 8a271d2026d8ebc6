/**
 * Spans of requests.
 */
import { asReference, beginSpan, endSpan, RequestTrace, traceparent, Traces } from "@tocsin/delivery"
import { Clock, Effect, Exit, Layer, Tracer } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import { routeOf } from "../allowedMethods.ts"

/**
 * Where traces are exported, gives each request that may change something a span, which continues the sender's
 * `traceparent`. It names the route, never the path or the query.
 */
export const RequestTracesLayer = Layer.unwrap(
  Effect.map(Traces, (tracer) =>
    tracer === undefined
      ? Layer.empty
      : HttpRouter.middleware(
          Effect.succeed((effect) =>
            Effect.gen(function* () {
              const { headers, method, url } = yield* HttpServerRequest.HttpServerRequest
              const route = method === "GET" || method === "HEAD" ? undefined : routeOf(method, url)
              if (route === undefined) return yield* effect
              const span = beginSpan(tracer, {
                name: `${method} ${route}`,
                kind: "server",
                cause: headers["traceparent"],
                startTime: yield* Clock.currentTimeNanos,
                attributes: { "http.request.method": method, "http.route": route }
              })
              return yield* effect.pipe(
                Effect.provideService(RequestTrace, traceparent(span)),
                Effect.provideService(Tracer.ParentSpan, asReference(span)),
                Effect.onExit((exit) =>
                  Effect.map(Clock.currentTimeNanos, (now) => {
                    const status = Exit.isSuccess(exit) ? exit.value.status : undefined
                    if (status !== undefined) span.attribute("http.response.status_code", status)
                    endSpan(
                      span,
                      now,
                      status !== undefined && status < 500 ? undefined : String(status ?? "interrupted")
                    )
                  })
                )
              )
            })
          ),
          { global: true }
        )
  )
)
