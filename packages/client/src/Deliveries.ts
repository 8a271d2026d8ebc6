/**
 * What was sent, where and when.
 */
import { AlertId, IntegrationId, Link } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { list, page } from "./lists.ts"
import { Conflict, InvalidRequest, NotFound } from "./Problems.ts"
import { Reason } from "./reason.ts"
import { bodyIsOptional, says } from "./says.ts"

const statuses = ["pending", "retrying", "sending", "folded", "delivered", "dead", "superseded", "diverted"] as const

/** One notification due at one integration, with every step. */
export const Delivery = Schema.Struct({
  id: Schema.String,
  alert: Schema.optionalKey(AlertId).annotateKey({ description: "Absent for a digest and a notice." }),
  alertName: Schema.optionalKey(Schema.String).annotateKey({
    description: "The alert's rule, and its test if it has one."
  }),
  integration: IntegrationId,
  kind: Schema.String.annotateKey({
    description: "Raised, Escalated, Reminder, Cleared, RaisedAndCleared, Digest, Notice or Test."
  }),
  status: Schema.Literals(statuses),
  cause: Schema.optionalKey(Schema.String).annotateKey({ description: "Why it has this status." }),
  attempts: Schema.Natural.annotateKey({ description: "The number of attempts." }),
  nextAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "The earliest time of the next attempt." }),
  text: Schema.optionalKey(Schema.String).annotateKey({
    description: "The delivered message as plain text."
  }),
  link: Schema.optionalKey(Link).annotateKey({
    description: "The message in its channel, if the service returned a link."
  }),
  recipients: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        recipient: Schema.String,
        status: Schema.Literals(["delivered", "failed"]),
        detail: Schema.optionalKey(Schema.String).annotateKey({ description: "What the service said about it." })
      })
    )
  ).annotateKey({
    description:
      "The last outcome at each of several recipients of the integration, such as the addresses of an e-mail. A retry goes only to those that failed. Of a delivery that a digest includes, they are those of the digest. Absent for channels with one recipient."
  }),
  foldedInto: Schema.optionalKey(Schema.String).annotateKey({
    description: "The delivery that includes it: a digest, or the message about a later episode of its alert."
  }),
  redeliveryOf: Schema.optionalKey(Schema.String).annotateKey({ description: "The delivery that it repeats." }),
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc,
  transitions: Schema.Array(
    Schema.Struct({
      status: Schema.Literals(statuses),
      at: Schema.DateTimeUtc,
      cause: Schema.optionalKey(Schema.String),
      attempt: Schema.optionalKey(Schema.Natural)
    })
  )
}).annotate({ identifier: "Delivery" })

const WhyAgain = Reason.check(Schema.isMaxLength(1024)).annotateKey({
  description: "Kept in the history of the new delivery."
})

/** How many deliveries were redelivered, or would be. */
export const Redelivered = Schema.Struct({
  redelivered: Schema.Natural.annotateKey({ description: "How many deliveries were created; 0 in a dry run." }),
  matching: Schema.optionalKey(Schema.Natural).annotateKey({
    description: "In a dry run: how many deliveries would be created."
  })
}).annotate({ identifier: "Redelivered" })

/** The history of deliveries. */
export class DeliveriesApi extends HttpApiGroup.make("deliveries")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: {
        ...page,
        status: Schema.optionalKey(Schema.Array(Schema.Literals([...statuses, "open"]))).annotateKey({
          description:
            "May be repeated. pending includes retrying and sending; open includes every status that is not final."
        }),
        integration: Schema.optionalKey(IntegrationId),
        alert: Schema.optionalKey(AlertId),
        since: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "Created at or after this time." })
      },
      success: list(Delivery)
    }).annotateMerge(says("Deliveries, newest first")),
    HttpApiEndpoint.get("get", "/:id", {
      params: { id: Schema.String },
      success: Delivery,
      error: NotFound
    }).annotateMerge(says("One delivery, with every step of it")),
    HttpApiEndpoint.post("redeliverAll", "/redeliver", {
      payload: Schema.Struct({
        integration: Schema.optionalKey(IntegrationId),
        alert: Schema.optionalKey(AlertId),
        state: Schema.optionalKey(Schema.Literals(["dead", "delivered"])).annotateKey({
          description: "dead if absent. delivered needs a reason."
        }),
        dryRun: Schema.optionalKey(Schema.Boolean).annotateKey({
          description: "true: only count, and create nothing."
        }),
        since: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
          description: "Only deliveries created at or after this time."
        }),
        reason: Schema.optionalKey(WhyAgain)
      }),
      success: Redelivered,
      error: InvalidRequest
    }).annotateMerge(
      says(
        "Redeliver many deliveries",
        "All dead deliveries, or those of one integration, one alert or since a time, in their order. With dryRun only counts them."
      )
    ),
    HttpApiEndpoint.post("redeliver", "/:id/redeliver", {
      params: { id: Schema.String },
      payload: [Schema.Struct({ reason: Schema.optionalKey(WhyAgain) }), Schema.Null],
      success: Delivery,
      error: [InvalidRequest, NotFound, Conflict]
    })
      .annotateMerge(bodyIsOptional)
      .annotateMerge(
        says(
          "Redeliver a delivery",
          "Creates a new delivery with the alert's state at the time it is sent. A delivered one needs a reason."
        )
      )
  )
  .prefix("/v1/deliveries")
  .annotateMerge(OpenApi.annotations({ description: "What was sent, where and when." })) {}
