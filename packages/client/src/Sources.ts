/**
 * Where monitoring systems send their own formats.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { list, page, whole } from "./lists.ts"
import {
  Conflict,
  InvalidRequest,
  NotFound,
  StoreUnavailable,
  TooLarge,
  TooManyAttempts,
  Unauthorized,
  UnsupportedMediaType
} from "./Problems.ts"
import { says } from "./says.ts"

/** A body that a source sent and that could not be read. */
export const UnreadableBody = Schema.Struct({
  id: Schema.String,
  source: Schema.String,
  why: Schema.String.annotateKey({ description: "The position of the error, and what was expected." }),
  from: Schema.optionalKey(Schema.String).annotateKey({ description: "The sender's address." }),
  body: Schema.String.annotateKey({
    description: "Its first 65,536 characters, with apparent credentials redacted."
  }),
  isWhole: Schema.Boolean.annotateKey({
    description: "Whether the whole body was kept, and was UTF-8. Only then can it be replayed."
  }),
  receivedAt: Schema.DateTimeUtc
}).annotate({ identifier: "UnreadableBody" })

/** The result of reading a source's body. */
export const Taken = Schema.Struct({
  accepted: Schema.Natural.annotateKey({ description: "How many events were accepted." }),
  unreadable: Schema.Natural.annotateKey({
    description: "How many events could not be read and were kept for a person."
  }),
  why: Schema.optionalKey(Schema.String).annotateKey({
    description: "The position of each error, and what was expected."
  })
}).annotate({ identifier: "Taken" })

/** A source, and its events. */
export const Source = Schema.Struct({
  name: Schema.String,
  type: Schema.String.annotateKey({ description: "Its format; json for sources that post to /v1/alerts." }),
  address: Schema.String.annotateKey({ description: "The path to which it posts." }),
  state: Schema.Literals(["ok", "quiet", "unreadable"]).annotateKey({
    description:
      "ok: received something in the last 24 hours. quiet: received nothing. unreadable: could not read the last body."
  }),
  lastEventAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "Absent if there was none." }),
  events24h: Schema.Natural.annotateKey({ description: "Events of the last 24 hours that changed an alert." }),
  unreadable24h: Schema.Natural.annotateKey({ description: "Bodies of the last 24 hours that could not be read." })
}).annotate({ identifier: "Source" })

/** The sources. */
export class SourcesApi extends HttpApiGroup.make("sources")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: whole,
      success: list(Source)
    }).annotateMerge(says("The sources", "The built-in sources, and those that posted to /v1/alerts.")),
    HttpApiEndpoint.post("post", "/:name", {
      params: {
        name: Schema.String.annotateKey({
          description:
            "A source: alertmanager, azure-monitor, cloudevents, datadog, google-cloud-monitoring, grafana, healthchecks, sentry, thousandeyes, uptime-kuma or zabbix."
        })
      },
      payload: Schema.Json,
      success: Taken,
      error: [InvalidRequest, NotFound, TooLarge]
    }).annotateMerge(
      says(
        "Receive alerts from a monitoring system",
        "In its own format: docs/guide/sources.md says how to set it up. Answered once they are on the disk. JSON of an unknown shape is kept and answered with 200, because senders repeat refused requests."
      )
    ),
    HttpApiEndpoint.get("unreadable", "/unreadable", {
      query: page,
      success: list(UnreadableBody)
    }).annotateMerge(says("Unreadable bodies", "The 1,000 newest bodies of sources that could not be read.")),
    HttpApiEndpoint.post("replay", "/unreadable/:id/replay", {
      params: { id: Schema.String },
      success: Taken,
      error: [NotFound, Conflict]
    }).annotateMerge(
      says(
        "Replay an unreadable body",
        "After a fix: reads the body as if it arrived now, and removes it from the list if that succeeds."
      )
    )
  )
  .prefix("/v1/sources")
  .annotateMerge(OpenApi.annotations({ description: "Where monitoring systems send their own formats." })) {}

/** Routes compatible with Alertmanager. */
export class PrometheusApi extends HttpApiGroup.make("prometheus")
  .add(
    HttpApiEndpoint.post("alerts", "/api/v2/alerts", {
      payload: Schema.Json,
      success: Taken,
      error: [InvalidRequest, TooLarge]
    }).annotateMerge(
      says(
        "Receive alerts from Prometheus",
        "As Alertmanager takes them: an array of alerts, which Prometheus repeats while they fire. Name the gateway in the alerting block of Prometheus. An alert whose endsAt is over is cleared."
      )
    )
  )
  .annotateMerge(OpenApi.annotations({ description: "Where Prometheus expects an Alertmanager." })) {}

/** PagerDuty's answer to an event. */
export const Enqueued = Schema.Struct({
  status: Schema.Literal("success"),
  message: Schema.String,
  dedup_key: Schema.String.annotateKey({ description: "The key of the alert, for acknowledge and resolve." })
}).annotate({ identifier: "Enqueued" })

/** The route compatible with PagerDuty. */
export class PagerDutyApi extends HttpApiGroup.make("pagerduty")
  .add(
    HttpApiEndpoint.post("enqueue", "/v2/enqueue", {
      payload: Schema.Json,
      success: Enqueued.pipe(HttpApiSchema.status(202)),
      error: [InvalidRequest, Unauthorized, TooManyAttempts, TooLarge, UnsupportedMediaType, StoreUnavailable]
    }).annotateMerge(
      says(
        "Receive an event for PagerDuty",
        "PagerDuty's Events API v2: trigger, acknowledge and resolve. The routing_key is the API token (TOCSIN_TOKEN). An acknowledgement is recorded in the history of the alert."
      )
    )
  )
  .annotateMerge(OpenApi.annotations({ description: "Where other programs expect PagerDuty." })) {}
