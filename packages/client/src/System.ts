/**
 * Health checks.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Conflict, Dependency, NotFound, NotReady, StoreUnavailable } from "./Problems.ts"
import { needs } from "./access/Scope.ts"
import { says } from "./says.ts"

const Ok = Schema.Struct({ status: Schema.Literal("ok") })

/** For load balancers and supervisors, and for readers of digests; needs no token. */
export class SystemApi extends HttpApiGroup.make("system", { topLevel: true })
  .add(
    HttpApiEndpoint.get("healthz", "/healthz", {
      success: Schema.Struct({
        status: Schema.Literal("ok"),
        version: Schema.String.annotateKey({ description: "The gateway's version, as `tocsin --version` prints it." })
      }),
      error: StoreUnavailable
    }).annotateMerge(
      says(
        "Whether events can be accepted",
        "Begins and ends a write transaction. After a write has failed for lack of space, 503 until 64 KiB have been written. Needs no token."
      )
    ),
    HttpApiEndpoint.get("livez", "/livez", { success: Ok }).annotateMerge(
      says(
        "Whether the process answers",
        "Never reads the store: for the liveness probe, so that a database that is away restarts nothing. Needs no token."
      )
    ),
    HttpApiEndpoint.get("readyz", "/readyz", {
      success: Schema.Struct({
        status: Schema.Literals(["ok", "degraded"]).annotateKey({
          description: "degraded: alerts are accepted, and some cannot be delivered now."
        }),
        dependencies: Schema.Array(Dependency)
      }),
      error: NotReady
    }).annotateMerge(
      says(
        "What works and what does not",
        "Each dependency by itself. 503 only when alerts cannot be accepted, so that load balancers and Kubernetes still send alerts to a gateway that cannot deliver now: they are delivered later. Needs no token."
      )
    ),
    HttpApiEndpoint.get("digest", "/digests/:key", {
      params: { key: Schema.String },
      success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/html" })),
      error: [NotFound, StoreUnavailable]
    }).annotateMerge(
      says(
        "The page that a digest links to",
        "Names and severities of its alerts, for as long as history is kept. Needs no token: anyone with the link can read it."
      )
    )
  )
  .annotateMerge(OpenApi.annotations({ description: "Health checks, and the pages of digests." })) {}

/** What the gateway measures. */
export class MetricsApi extends HttpApiGroup.make("metrics")
  .add(
    HttpApiEndpoint.get("scrape", "/metrics", {
      success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/plain; version=0.0.4; charset=utf-8" })),
      error: StoreUnavailable
    }).annotateMerge(
      says(
        "Metrics for Prometheus",
        "In the text format of Prometheus. Needs a key, except from the addresses in TOCSIN_METRICS_ALLOW."
      )
    )
  )
  .annotateMerge(OpenApi.annotations({ description: "What the gateway measures." })) {}

/** Backups of the store. */
export class BackupApi extends HttpApiGroup.make("backup")
  .add(
    HttpApiEndpoint.post("take", "/v1/backup", {
      success: HttpApiSchema.StreamUint8Array({ contentType: "application/vnd.sqlite3" }),
      error: Conflict
    }).annotateMerge(
      says(
        "Download a backup of the store",
        "A consistent copy of the SQLite database, made while the gateway runs. It does not include the key. It is 409 while another backup is downloaded, and on PostgreSQL: use pg_dump there."
      )
    )
  )
  .annotateMerge(needs("admin"))
  .annotateMerge(OpenApi.annotations({ description: "Backups of the store." })) {}
