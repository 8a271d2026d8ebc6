/**
 * Alerts in and out.
 */
import { Alert, AlertId, AlertRuleId, Because, InboundLimits, IntegrationId, PostedAlert, Severity } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { needs } from "./access/Scope.ts"
import { Delivery } from "./Deliveries.ts"
import { Explanations, Timeline } from "./Explanations.ts"
import { list, page, skip } from "./lists.ts"
import { InvalidRequest, NotFound, TooLarge } from "./Problems.ts"
import { Reason } from "./reason.ts"
import { says } from "./says.ts"

/** The outcome of each posted alert, in their order. `id` is Tocsin's own. */
export const Accepted = Schema.Struct({
  items: Schema.Array(
    Schema.Struct({
      id: AlertId.annotateKey({ description: "Tocsin's own id of the alert." }),
      status: Schema.Literals(["accepted", "duplicate", "late"]).annotateKey({
        description:
          "duplicate: nothing is new. late: the event is older than the alert's state. Neither changes anything."
      })
    })
  )
}).annotate({ identifier: "Accepted" })

/** One alert at one integration. */
export const Conversation = Schema.Struct({
  integration: IntegrationId,
  state: Schema.Literals(["open", "closed"]),
  rules: Schema.Array(Schema.String).annotateKey({ description: "The matching alert rules." }),
  lastWord: Schema.optionalKey(Schema.Literals(["raised", "cleared"])).annotateKey({
    description: "The last message that the integration received."
  }),
  severityTold: Schema.optionalKey(Severity),
  closedBecause: Schema.optionalKey(Because)
}).annotate({ identifier: "Conversation" })

const ShownAlert = Alert.annotate({ identifier: "Alert" })

const { observations: _observations, observationsOmitted: _observationsOmitted, ...summary } = Alert.fields

const Notified = Schema.Struct({
  delivered: Schema.Natural.annotateKey({
    description: "How many integrations received a message about it, also in a digest."
  }),
  of: Schema.Natural.annotateKey({ description: "How many integrations the matching rules name." })
})

/** An alert in a list: without its observations, and with the number of integrations that were notified. */
export const AlertSummary = Schema.Struct({
  ...summary,
  notified: Notified
}).annotate({ identifier: "AlertSummary" })

/** A page of alerts. */
export const AlertList = list(AlertSummary)

/** An alert with all its details. */
export const AlertDetails = Schema.Struct({
  ...Alert.fields,
  notified: Notified,
  conversations: Schema.Array(Conversation),
  deliveries: Schema.Array(Delivery).annotateKey({
    description: "The newest first: at most 500, and at most 4 MiB of them."
  }),
  moreDeliveries: Schema.optionalKey(Schema.Literal(true)).annotateKey({
    description: "There are more deliveries: GET /v1/deliveries?alert=<id> lists them all."
  }),
  notes: Schema.Array(Schema.Struct({ at: Schema.DateTimeUtc, note: Schema.String })).annotateKey({
    description: "Notes on its events, such as the reason of a clear by hand."
  })
}).annotate({ identifier: "AlertDetails" })

const Posted = PostedAlert.annotate({ identifier: "PostedAlert" })

/** Alerts in, from anyone, and alerts out. */
export class AlertsApi extends HttpApiGroup.make("alerts")
  .add(
    HttpApiEndpoint.post("post", "/", {
      payload: Schema.Union([Posted, Schema.Array(Posted).check(Schema.isMaxLength(InboundLimits.maxAlerts))]),
      success: Accepted.pipe(HttpApiSchema.status(202)),
      error: [InvalidRequest, TooLarge]
    })
      .annotateMerge(needs("ingest"))
      .annotateMerge(
        says(
          "Report an alert, or up to 1,000",
          "Raised or cleared. An array is accepted as a whole or not at all. Answered once it is on the disk. A clear has the same source and id as its raise."
        )
      ),
    HttpApiEndpoint.get("list", "/", {
      query: {
        ...page,
        order: Schema.optionalKey(Schema.Literals(["newest", "oldest"])).annotateKey({
          description: "newest if absent. With oldest, after leads towards the newest."
        }),
        skip: skip,
        state: Schema.optionalKey(Schema.Literals(["raised", "cleared"])),
        severity: Schema.optionalKey(Schema.Array(Severity)).annotateKey({
          description: "Any of these; may be given several times."
        }),
        source: Schema.optionalKey(Schema.String),
        rule: Schema.optionalKey(AlertRuleId).annotateKey({
          description: "Only alerts that this rule matched."
        }),
        integration: Schema.optionalKey(IntegrationId).annotateKey({
          description: "Only alerts that a rule sent to this integration."
        }),
        notNotified: Schema.optionalKey(Schema.Literals(["true"])).annotateKey({
          description: "true: only alerts without a delivered message."
        }),
        q: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(256))).annotateKey({
          description:
            "Free text. Each word must occur in the source, the source's id, the rule, the test, the summary, a target or a label. Case is ignored."
        }),
        sourceId: Schema.optionalKey(Schema.String).annotateKey({ description: "The source's own id of the alert." })
      },
      success: AlertList
    }).annotateMerge(
      says(
        "Alerts, newest first",
        "Without observations: see GET /v1/alerts/{id}. total is exact unless more is set. With Cache-Control: max-age=1 the answer may be a second old, but has all changes that /v1/events has told of: readers that follow it share one answer."
      )
    ),
    HttpApiEndpoint.get("get", "/:id", {
      params: { id: AlertId },
      success: AlertDetails,
      error: NotFound
    }).annotateMerge(says("One alert, with all its details")),
    HttpApiEndpoint.get("explain", "/:id/explain", {
      params: { id: AlertId },
      success: Explanations,
      error: NotFound
    }).annotateMerge(
      says(
        "Why each integration was notified, or not",
        "The decisive reason for every integration: a rule, a setting, or the outcome of a delivery."
      )
    ),
    HttpApiEndpoint.get("timeline", "/:id/timeline", {
      params: { id: AlertId },
      success: Timeline,
      error: NotFound
    }).annotateMerge(says("What happened to an alert", "Oldest first: events, deliveries, attempts and edits.")),
    HttpApiEndpoint.post("clear", "/:id/clear", {
      params: { id: AlertId },
      payload: Schema.Struct({
        reason: Reason.check(Schema.isMaxLength(InboundLimits.maxTextLength)).annotateKey({
          description: "For the history of the alert."
        })
      }),
      success: ShownAlert,
      error: [InvalidRequest, NotFound]
    }).annotateMerge(
      says(
        "Close an alert by hand",
        "Sends a clear to the channels that received the raise. A cleared alert does not change."
      )
    )
  )
  .prefix("/v1/alerts")
  .annotateMerge(OpenApi.annotations({ description: "Alerts in, from anyone, and alerts out." })) {}
