/**
 * OpenTelemetry: traces and logs, sent by OTLP to the receiver that `OTEL_EXPORTER_OTLP_ENDPOINT` names.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { AttemptSpan, Traces } from "@tocsin/delivery"
import { Duration, Effect, Layer, Logger, Option, Redacted } from "effect"
import { HttpClient, type HttpClientRequest } from "effect/http"
import { OtlpExporter, OtlpLogger, OtlpSerialization, OtlpTracer } from "effect/observability"
import manifest from "../../package.json" with { type: "json" }
import { Settings } from "./settings/Settings.ts"

/**
 * How long a stop waits for the receiver: together with attempts in flight well within the 10 s after which Docker kills
 * the process.
 */
const shutdownTimeout = Duration.seconds(1)

/** Exports traces and logs; does nothing without an endpoint. The log is written as before, too. */
export const layer = Layer.unwrap(
  Effect.map(Settings, ({ otlp }) => {
    if (Option.isNone(otlp)) return Layer.empty
    const { headers, protocol, serviceName, url } = otlp.value
    const options = {
      headers: Redacted.value(headers),
      shutdownTimeout,
      resource: {
        serviceName,
        serviceVersion: manifest.version,
        // Tells several gateways apart: https://opentelemetry.io/docs/specs/semconv/resource/#service
        attributes: { "service.instance.id": crypto.randomUUID() }
      }
    }
    return Layer.merge(
      Layer.effect(Traces, OtlpTracer.make({ ...options, url: url("/v1/traces") })),
      Logger.layer([OtlpLogger.make({ ...options, url: url("/v1/logs"), excludeLogSpans: true })], {
        mergeWithExisting: true
      })
    ).pipe(
      Layer.provide([
        OtlpExporter.layerFlusher,
        protocol === "http/json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf,
        // Not the guarded client: a receiver is most often on this machine, and it is the operator's own.
        Layer.provide(reporting, NodeHttpClient.layerUndici)
      ])
    )
  })
)

/** Logs when the receiver does not accept what is sent, and when it does again. */
const reporting = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, (client) => {
    let failed = false
    const report = Effect.fnUntraced(function* (problem: string | undefined) {
      if (failed === (problem !== undefined)) return
      failed = problem !== undefined
      yield* problem === undefined
        ? Effect.annotateLogs(Effect.logInfo("Traces and logs are sent again."), { event: "telemetry-sent" })
        : Effect.annotateLogs(
            Effect.logWarning(`Traces and logs cannot be sent to OTEL_EXPORTER_OTLP_ENDPOINT: ${problem}.`),
            { event: "telemetry-failed" }
          )
    })
    return HttpClient.transform(client, (effect) =>
      effect.pipe(
        Effect.tap(({ status }) => report(status < 300 ? undefined : `HTTP ${status}`)),
        Effect.tapError(() => report("no answer"))
      )
    )
  })
)

/** Where traces are exported, adds the host and the status of plugins' requests to the spans of attempts. */
export const clientLayer: Layer.Layer<HttpClient.HttpClient, never, HttpClient.HttpClient> = Layer.effect(
  HttpClient.HttpClient,
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    return (yield* Traces) === undefined ? client : HttpClient.transform(client, observed)
  })
)

const observed = <A extends { readonly status: number }, E, R>(
  effect: Effect.Effect<A, E, R>,
  { url }: HttpClientRequest.HttpClientRequest
): Effect.Effect<A, E, R> =>
  Effect.flatMap(AttemptSpan, (span) => {
    if (span === undefined) return effect
    if (URL.canParse(url)) span.attribute("server.address", new URL(url).hostname)
    return Effect.tap(effect, ({ status }) => Effect.sync(() => span.attribute("http.response.status_code", status)))
  })
