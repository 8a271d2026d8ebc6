/**
 * Where monitoring systems send their own formats.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { maySign, needs } from "./access/Scope.ts"
import { ifMatch, withETag } from "./etags.ts"
import { list, page, whole } from "./lists.ts"
import {
  Conflict,
  Forbidden,
  InvalidRequest,
  NotFound,
  PreconditionFailed,
  StoreUnavailable,
  TooLarge,
  TooManyAttempts,
  Unauthorized,
  UnsupportedMediaType
} from "./Problems.ts"
import { says } from "./says.ts"
import { Tried, TrySource } from "./sources/TrySource.ts"
import { ConfiguredSource, SourceName, SourcePayload } from "./sources/ConfiguredSource.ts"

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
  isConfigured: Schema.Boolean.annotateKey({ description: "Whether it was configured by PUT /v1/sources/NAME." }),
  state: Schema.Literals(["ok", "quiet", "unreadable"]).annotateKey({
    description:
      "ok: received something in the last 24 hours. quiet: received nothing. unreadable: could not read the last body."
  }),
  lastEventAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "Absent if there was none." }),
  events24h: Schema.Natural.annotateKey({
    description: "Events that changed an alert, in this hour and the 23 before."
  }),
  unreadable24h: Schema.Natural.annotateKey({ description: "Bodies of the last 24 hours that could not be read." })
}).annotate({ identifier: "Source" })

/** The sources. */
export class SourcesApi extends HttpApiGroup.make("sources")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: whole,
      success: list(Source)
    }).annotateMerge(
      says("The sources", "Those that are configured, those that sent something, and those that posted to /v1/alerts.")
    ),
    HttpApiEndpoint.get("get", "/:name", {
      params: { name: SourceName },
      success: withETag(ConfiguredSource),
      error: NotFound
    }).annotateMerge(says("One configured source, without its secrets")),
    HttpApiEndpoint.put("replace", "/:name", {
      params: { name: SourceName },
      headers: ifMatch,
      payload: SourcePayload,
      success: [withETag(ConfiguredSource), withETag(ConfiguredSource.pipe(HttpApiSchema.status(201)))],
      error: [InvalidRequest, PreconditionFailed]
    }).annotateMerge(
      says(
        "Configure a source",
        "Creates or replaces it: 201 if it is new; 412 if If-Match is set and it does not exist. Its name becomes the source of its alerts. Its credentials allow posting to it and nothing else; those that are left out stay, null removes one, and setting one needs the scope admin. The name of a built-in type configures that type's own route."
      )
    ),
    HttpApiEndpoint.delete("remove", "/:name", {
      params: { name: SourceName },
      headers: ifMatch,
      success: HttpApiSchema.NoContent,
      error: [NotFound, PreconditionFailed]
    }).annotateMerge(says("Remove a configured source", "And its credentials. Its alerts stay as they are.")),
    HttpApiEndpoint.post("post", "/:name", {
      params: {
        name: Schema.String.annotateKey({
          description: "A configured source, or a built-in type that needs no settings, such as alertmanager."
        })
      },
      payload: Schema.Json,
      success: Taken,
      error: [InvalidRequest, NotFound, TooLarge]
    })
      .annotateMerge(needs("ingest"))
      .annotateMerge(maySign)
      .annotateMerge(
        says(
          "Receive alerts from a monitoring system",
          "In its own format: docs/guide/sources.md says how to set it up. Answered once they are on the disk. JSON of an unknown shape is kept and answered with 200, because senders repeat refused requests."
        )
      ),
    HttpApiEndpoint.post("try", "/:name/try", {
      params: { name: Schema.String.annotateKey({ description: "The name of the source, saved or not." }) },
      payload: TrySource,
      success: Tried,
      error: [InvalidRequest, NotFound, TooLarge]
    })
      .annotateMerge(needs("read"))
      .annotateMerge(
        says("Try a sample", "Shows the alerts that a body would make, and what in it cannot be read. Stores nothing.")
      ),
    HttpApiEndpoint.post("postAsPrometheus", "/:name/api/v2/alerts", {
      params: { name: SourceName },
      payload: Schema.Json,
      success: Taken,
      error: [InvalidRequest, NotFound, TooLarge]
    })
      .annotateMerge(needs("ingest"))
      .annotateMerge(
        says(
          "Receive alerts from Prometheus, for a configured source",
          "Prometheus appends /api/v2/alerts to its path_prefix, which is /v1/sources/NAME."
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

/** The routes of sources that have their credential in the URL. */
export class SourceUrlsApi extends HttpApiGroup.make("sourceUrls")
  .add(
    HttpApiEndpoint.post("post", "/v1/sources/:name/in/:urlToken", {
      params: { name: SourceName, urlToken: Schema.String },
      payload: Schema.Json,
      success: Taken,
      error: [
        InvalidRequest,
        Forbidden,
        NotFound,
        TooLarge,
        Unauthorized,
        TooManyAttempts,
        UnsupportedMediaType,
        StoreUnavailable
      ]
    }).annotateMerge(
      says(
        "Receive alerts from a source that can set no header",
        "The urlToken of the configured source is its credential. It is redacted wherever URLs are recorded."
      )
    )
  )
  .annotateMerge(OpenApi.annotations({ description: "Where sources post that can set no header." })) {}

/** Routes compatible with Alertmanager. */
export class PrometheusApi extends HttpApiGroup.make("prometheus")
  .add(
    HttpApiEndpoint.post("alerts", "/api/v2/alerts", {
      payload: Schema.Json,
      success: Taken,
      error: [InvalidRequest, TooLarge]
    })
      .annotateMerge(needs("ingest"))
      .annotateMerge(
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
      error: [
        InvalidRequest,
        Unauthorized,
        Forbidden,
        TooManyAttempts,
        TooLarge,
        UnsupportedMediaType,
        StoreUnavailable
      ]
    }).annotateMerge(
      says(
        "Receive an event for PagerDuty",
        "PagerDuty's Events API v2: trigger, acknowledge and resolve. The routing_key is the token of a configured source of the type pagerduty, an API key with the scope ingest:NAME, or TOCSIN_TOKEN. An acknowledgement is recorded in the history of the alert."
      )
    )
  )
  .annotateMerge(OpenApi.annotations({ description: "Where other programs expect PagerDuty." })) {}
