/**
 * The current state of the lanes.
 */
import { IntegrationId, Limits, Link } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Activity } from "./Consequences.ts"
import { Paused } from "./integrations/Integration.ts"
import { list, whole } from "./lists.ts"
import { says } from "./says.ts"

/** The lane of one integration: its pending deliveries, and why it pauses. */
export const Lane = Schema.Struct({
  integration: IntegrationId,
  name: Schema.String,
  enabled: Schema.Boolean,
  paused: Schema.optionalKey(Paused),
  pending: Schema.Natural.annotateKey({ description: "The number of pending deliveries, retries included." }),
  oldestAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
    description: "When the oldest pending delivery was created."
  }),
  rateLimit: Schema.optionalKey(Limits).annotateKey({
    description: "The rate limit in force. Absent, like nextAt and storm, if another gateway owns the lane."
  }),
  nextAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
    description: "When the rate limit allows the next message; absent if it allows one now."
  }),
  retryingUntil: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
    description: "The deadline of the oldest delivery that is being retried."
  }),
  circuit: Schema.Struct({
    state: Schema.Literals(["closed", "open"]).annotateKey({
      description: "closed: messages are sent. open: nothing is sent until the time in until."
    }),
    because: Schema.optionalKey(Schema.Literals(["limited", "unavailable", "broken"])).annotateKey({
      description:
        "limited: the service asked for a pause. unavailable: the service cannot be reached. broken: a person must fix something."
    }),
    reason: Schema.optionalKey(Schema.String).annotateKey({ description: "What is wrong with a broken integration." }),
    until: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "The time of the next attempt." })
  }),
  lastDigest: Schema.optionalKey(
    Schema.Struct({
      delivery: Schema.String.annotateKey({ description: "The id of the digest's delivery." }),
      at: Schema.DateTimeUtc,
      status: Schema.String,
      included: Schema.Natural.annotateKey({ description: "How many deliveries it includes." }),
      page: Schema.optionalKey(Link).annotateKey({ description: "The page that lists its alerts." })
    })
  ),
  storm: Schema.optionalKey(
    Schema.Struct({
      since: Schema.DateTimeUtc,
      sent: Schema.Natural.annotateKey({ description: "Alerts that digests have delivered since then." }),
      pending: Schema.Natural,
      endsAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
        description: "When the backlog will be empty, at the rate limit in force."
      })
    })
  ).annotateKey({ description: "Present while more is pending than the rate limit allows in a minute." })
}).annotate({ identifier: "Lane" })

/** The lanes. */
export class LanesApi extends HttpApiGroup.make("lanes")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: whole,
      success: list(Lane)
    }).annotateMerge(says("The state of each lane", "Oldest integration first.")),
    HttpApiEndpoint.get("activity", "/activity", {
      success: Schema.Struct({
        since: Schema.DateTimeUtc.annotateKey({ description: "When the first of the 24 hours began." }),
        items: Schema.Array(Activity)
      })
    }).annotateMerge(
      says("Deliveries in each of the last 24 hours", "For each integration with any. At most a minute old.")
    )
  )
  .prefix("/v1/lanes")
  .annotateMerge(OpenApi.annotations({ description: "The current state of the lanes." })) {}
