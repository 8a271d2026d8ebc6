/**
 * What was told, where and when.
 */
import { AlertId, IntegrationId } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { list, page } from "./lists.ts"
import { NotFound, StoreUnavailable } from "./Problems.ts"

const statuses = ["pending", "retrying", "sending", "folded", "delivered", "dead", "superseded", "diverted"] as const

/** One notification owed to one integration, with every step of it. */
export const Delivery = Schema.Struct({
  id: Schema.String,
  alert: AlertId,
  integration: IntegrationId,
  kind: Schema.String,
  status: Schema.Literals(statuses),
  cause: Schema.optionalKey(Schema.String),
  attempts: Schema.Natural,
  nextAt: Schema.optionalKey(Schema.DateTimeUtc),
  /** The message in plain words, as it was delivered. */
  text: Schema.optionalKey(Schema.String),
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
})

/** The history of deliveries. */
export class DeliveriesApi extends HttpApiGroup.make("deliveries")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: {
        ...page,
        /** May be given several times. `pending` includes retrying and sending; `open` is all that has not ended. */
        status: Schema.optionalKey(Schema.Array(Schema.Literals([...statuses, "open"]))),
        integration: Schema.optionalKey(IntegrationId),
        alert: Schema.optionalKey(AlertId),
        since: Schema.optionalKey(Schema.DateTimeUtc)
      },
      success: list(Delivery),
      error: StoreUnavailable
    }),
    HttpApiEndpoint.get("get", "/:id", {
      params: { id: Schema.String },
      success: Delivery,
      error: [NotFound, StoreUnavailable]
    })
  )
  .prefix("/v1/deliveries") {}
