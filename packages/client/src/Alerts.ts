/**
 * Alerts in and out.
 */
import { Alert, AlertId, AlertRuleId, Because, InboundLimits, IntegrationId, PostedAlert, Severity } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Delivery } from "./Deliveries.ts"
import { Explanations, Timeline } from "./Explanations.ts"
import { list, page, skip } from "./lists.ts"
import { InvalidRequest, NotFound, StoreUnavailable, TooLarge } from "./Problems.ts"
import { says } from "./says.ts"

/** What became of each posted alert, in their order. `id` is Tocsin's own. */
export const Accepted = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      id: AlertId.annotateKey({ description: "Tocsin's own id of the alert." }),
      status: Schema.Literals(["accepted", "duplicate", "late"]).annotateKey({
        description: "duplicate said nothing new, late spoke of what was over: neither changes anything."
      })
    })
  )
}).annotate({ identifier: "Accepted" })

/** One alert at one integration. */
export const Conversation = Schema.Struct({
  integration: IntegrationId,
  state: Schema.Literals(["open", "closed"]),
  rules: Schema.Array(Schema.String).annotateKey({ description: "The alert rules that led there." }),
  lastWord: Schema.optionalKey(Schema.Literals(["raised", "cleared"])).annotateKey({
    description: "What the integration was last told."
  }),
  severityTold: Schema.optionalKey(Severity),
  closedBecause: Schema.optionalKey(Because)
}).annotate({ identifier: "Conversation" })

const ShownAlert = Alert.annotate({ identifier: "Alert" })

const { observations: _observations, observationsOmitted: _observationsOmitted, ...summary } = Alert.fields

/** An alert in a list: without its observations, and with how far people were notified of it. */
export const AlertSummary = Schema.Struct({
  ...summary,
  notified: Schema.Struct({
    delivered: Schema.Natural.annotateKey({
      description: "How many integrations got at least one message about it, in a digest too."
    }),
    of: Schema.Natural.annotateKey({ description: "How many integrations its rules led to." })
  })
}).annotate({ identifier: "AlertSummary" })

/** An alert with all that was said of it. */
export const AlertDetails = Schema.Struct({
  ...Alert.fields,
  conversations: Schema.Array(Conversation),
  deliveries: Schema.Array(Delivery).annotateKey({
    description: "The newest first: at most 500, and at most 4 MiB of them."
  }),
  moreDeliveries: Schema.optionalKey(Schema.Literal(true)).annotateKey({
    description: "There are more deliveries: GET /v1/deliveries?alert=<id> lists them all."
  }),
  notes: Schema.Array(Schema.Struct({ at: Schema.DateTimeUtc, note: Schema.String })).annotateKey({
    description: "What was noted of its events, such as the reason of a clear by hand."
  })
}).annotate({ identifier: "AlertDetails" })

const Posted = PostedAlert.annotate({ identifier: "PostedAlert" })

/** Alerts in, from anyone, and alerts out. */
export class AlertsApi extends HttpApiGroup.make("alerts")
  .add(
    HttpApiEndpoint.post("post", "/", {
      payload: Schema.Union([Posted, Schema.Array(Posted).check(Schema.isMaxLength(InboundLimits.maxAlerts))]),
      success: Accepted.pipe(HttpApiSchema.status(202)),
      error: [InvalidRequest, TooLarge, StoreUnavailable]
    }).annotateMerge(
      says(
        "Report an alert, or up to 1,000",
        "Raised or cleared; all of an array or none. Answered when it is on the disk. A clear carries the same source and id as its raise."
      )
    ),
    HttpApiEndpoint.get("list", "/", {
      query: {
        ...page,
        order: Schema.optionalKey(Schema.Literals(["newest", "oldest"])).annotateKey({
          description: "newest if it is left out. With oldest, after leads towards the newest."
        }),
        skip: skip,
        state: Schema.optionalKey(Schema.Literals(["raised", "cleared"])),
        severity: Schema.optionalKey(Schema.Array(Severity)).annotateKey({
          description: "Any of these; may be given several times."
        }),
        source: Schema.optionalKey(Schema.String),
        rule: Schema.optionalKey(AlertRuleId).annotateKey({
          description: "Only those that this alert rule led to an integration."
        }),
        integration: Schema.optionalKey(IntegrationId).annotateKey({
          description: "Only those that a rule led to this integration."
        }),
        notNotified: Schema.optionalKey(Schema.Literals(["true"])).annotateKey({
          description: "true: only those of which no message was delivered anywhere."
        }),
        q: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(256))).annotateKey({
          description:
            "Free text: every word of it occurs in the source, its id of the alert, the rule, the test, the summary, a target or a label; in any case of letters."
        }),
        sourceId: Schema.optionalKey(Schema.String).annotateKey({ description: "The source's own id of the alert." })
      },
      success: list(AlertSummary),
      error: StoreUnavailable
    }).annotateMerge(
      says(
        "Alerts, newest first",
        "Without their observations, which GET /v1/alerts/{id} has. total is exact unless there is more."
      )
    ),
    HttpApiEndpoint.get("get", "/:id", {
      params: { id: AlertId },
      success: AlertDetails,
      error: [NotFound, StoreUnavailable]
    }).annotateMerge(says("One alert, with all that was said of it")),
    HttpApiEndpoint.get("explain", "/:id/explain", {
      params: { id: AlertId },
      success: Explanations,
      error: [NotFound, StoreUnavailable]
    }).annotateMerge(
      says(
        "Why each integration was notified, or not",
        "What decided: a rule, a switch, or what became of each delivery. Of every integration there is."
      )
    ),
    HttpApiEndpoint.get("timeline", "/:id/timeline", {
      params: { id: AlertId },
      success: Timeline,
      error: [NotFound, StoreUnavailable]
    }).annotateMerge(says("What happened to an alert", "Oldest first: events, deliveries, attempts and edits.")),
    HttpApiEndpoint.post("clear", "/:id/clear", {
      params: { id: AlertId },
      payload: Schema.Struct({
        reason: Schema.NonEmptyString.check(Schema.isMaxLength(InboundLimits.maxTextLength)).annotateKey({
          description: "For the history of the alert."
        })
      }),
      success: ShownAlert,
      error: [InvalidRequest, NotFound, StoreUnavailable]
    }).annotateMerge(
      says("Close an alert by hand", "Those who were told of it are told. One that has cleared stays as it is.")
    )
  )
  .prefix("/v1/alerts")
  .annotateMerge(OpenApi.annotations({ description: "Alerts in, from anyone, and alerts out." })) {}
