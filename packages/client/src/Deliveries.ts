/**
 * What was told, where and when.
 */
import { AlertId, IntegrationId, Link } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { list, page } from "./lists.ts"
import { Conflict, InvalidRequest, NotFound, StoreUnavailable } from "./Problems.ts"
import { bodyIsOptional, says } from "./says.ts"

const statuses = ["pending", "retrying", "sending", "folded", "delivered", "dead", "superseded", "diverted"] as const

/** One notification due to one integration, with every step of it. */
export const Delivery = Schema.Struct({
  id: Schema.String,
  alert: Schema.optionalKey(AlertId).annotateKey({ description: "Absent of a digest and of a notice." }),
  integration: IntegrationId,
  kind: Schema.String.annotateKey({
    description: "What it says: Raised, Escalated, Reminder, Cleared, RaisedAndCleared, Digest, Notice or Test."
  }),
  status: Schema.Literals(statuses),
  cause: Schema.optionalKey(Schema.String).annotateKey({ description: "Why it has this status." }),
  attempts: Schema.Natural.annotateKey({ description: "How often it was tried." }),
  nextAt: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "Not tried before this time." }),
  text: Schema.optionalKey(Schema.String).annotateKey({
    description: "The message in plain words, as it was delivered."
  }),
  link: Schema.optionalKey(Link).annotateKey({ description: "Where the message can be seen, if its service said so." }),
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
      "The last outcome at each of several recipients of the integration, such as the addresses of an e-mail. A retry goes only to those that failed. Absent for channels with one recipient."
  }),
  foldedInto: Schema.optionalKey(Schema.String).annotateKey({
    description: "The delivery that carried it: a digest, or the message about a later episode of its alert."
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

const Reason = Schema.NonEmptyString.check(Schema.isMaxLength(1024)).annotateKey({
  description: "Kept in the history of the new delivery."
})

/** How many deliveries were made again, or would be. */
export const Redelivered = Schema.Struct({
  redelivered: Schema.Natural.annotateKey({ description: "How many new deliveries were made; 0 in a dry run." }),
  matching: Schema.optionalKey(Schema.Natural).annotateKey({
    description: "In a dry run: how many deliveries would be made."
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
            "May be given several times. pending includes retrying and sending; open is all that has not ended."
        }),
        integration: Schema.optionalKey(IntegrationId),
        alert: Schema.optionalKey(AlertId),
        since: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({ description: "Made at or after this time." })
      },
      success: list(Delivery),
      error: StoreUnavailable
    }).annotateMerge(says("Deliveries, newest first")),
    HttpApiEndpoint.get("get", "/:id", {
      params: { id: Schema.String },
      success: Delivery,
      error: [NotFound, StoreUnavailable]
    }).annotateMerge(says("One delivery, with every step of it")),
    HttpApiEndpoint.post("redeliverAll", "/redeliver", {
      payload: Schema.Struct({
        integration: Schema.optionalKey(IntegrationId),
        alert: Schema.optionalKey(AlertId),
        state: Schema.optionalKey(Schema.Literals(["dead", "delivered"])).annotateKey({
          description: "dead if it is left out. delivered needs a reason."
        }),
        dryRun: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "true: only count, and make nothing." }),
        since: Schema.optionalKey(Schema.DateTimeUtc).annotateKey({
          description: "Only those made at or after this time."
        }),
        reason: Schema.optionalKey(Reason)
      }),
      success: Redelivered,
      error: [InvalidRequest, StoreUnavailable]
    }).annotateMerge(
      says(
        "Deliver many again",
        "All dead deliveries, or those of one integration, one alert or since a time, in their order. With dryRun it only says how many."
      )
    ),
    HttpApiEndpoint.post("redeliver", "/:id/redeliver", {
      params: { id: Schema.String },
      payload: [Schema.Struct({ reason: Schema.optionalKey(Reason) }), Schema.Null],
      success: Delivery,
      error: [InvalidRequest, NotFound, Conflict, StoreUnavailable]
    })
      .annotateMerge(bodyIsOptional)
      .annotateMerge(
        says(
          "Deliver again",
          "Makes a new delivery that says what is true by then. Something that was delivered needs a reason."
        )
      )
  )
  .prefix("/v1/deliveries")
  .annotateMerge(OpenApi.annotations({ description: "What was told, where and when." })) {}
