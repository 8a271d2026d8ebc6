/**
 * Alerts in and out.
 */
import { Alert, AlertId, Because, InboundLimits, IntegrationId, PostedAlert, Severity } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { Delivery } from "./Deliveries.ts"
import { list, page } from "./lists.ts"
import { InvalidRequest, NotFound, StoreUnavailable, TooLarge } from "./Problems.ts"

/** What became of each posted alert, in their order. `id` is Tocsin's own. */
export const Accepted = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      id: AlertId,
      /** `duplicate` said nothing new, `late` spoke of what was over: neither changes anything. */
      status: Schema.Literals(["accepted", "duplicate", "late"])
    })
  )
})

/** One alert at one integration. */
export const Conversation = Schema.Struct({
  integration: IntegrationId,
  state: Schema.Literals(["open", "closed"]),
  /** The alert rules that led there. */
  rules: Schema.Array(Schema.String),
  lastWord: Schema.optionalKey(Schema.Literals(["raised", "cleared"])),
  severityTold: Schema.optionalKey(Severity),
  closedBecause: Schema.optionalKey(Because)
})

/** An alert with all that was said of it. */
export const AlertDetails = Schema.Struct({
  ...Alert.fields,
  conversations: Schema.Array(Conversation),
  deliveries: Schema.Array(Delivery)
})

/** Why each integration was told, or was not. */
export const Explanations = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      integration: IntegrationId,
      told: Schema.Boolean,
      /** What decided it: a rule, a switch, or what became of each delivery. */
      why: Schema.String
    })
  )
})

/** Alerts in, from anyone, and alerts out. */
export class AlertsApi extends HttpApiGroup.make("alerts")
  .add(
    HttpApiEndpoint.post("post", "/", {
      payload: Schema.Union([
        PostedAlert,
        Schema.Array(PostedAlert).check(Schema.isMaxLength(InboundLimits.maxAlerts))
      ]),
      success: Accepted.pipe(HttpApiSchema.status(202)),
      error: [InvalidRequest, TooLarge, StoreUnavailable]
    }),
    HttpApiEndpoint.get("list", "/", {
      query: {
        ...page,
        state: Schema.optionalKey(Schema.Literals(["raised", "cleared"])),
        source: Schema.optionalKey(Schema.String),
        sourceId: Schema.optionalKey(Schema.String)
      },
      success: list(Alert),
      error: StoreUnavailable
    }),
    HttpApiEndpoint.get("get", "/:id", {
      params: { id: AlertId },
      success: AlertDetails,
      error: [NotFound, StoreUnavailable]
    }),
    HttpApiEndpoint.get("explain", "/:id/explain", {
      params: { id: AlertId },
      success: Explanations,
      error: [NotFound, StoreUnavailable]
    }),
    HttpApiEndpoint.post("clear", "/:id/clear", {
      params: { id: AlertId },
      payload: Schema.Struct({ reason: Schema.NonEmptyString.check(Schema.isMaxLength(InboundLimits.maxTextLength)) }),
      success: Alert,
      error: [InvalidRequest, NotFound, StoreUnavailable]
    })
  )
  .prefix("/v1/alerts") {}
