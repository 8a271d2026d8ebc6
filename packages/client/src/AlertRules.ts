/**
 * The alert rules: which alerts are told where.
 */
import { AlertRule as CoreRule, AlertRuleId, IntegrationId } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { AlertSummary } from "./Alerts.ts"
import { ifMatch, withETag } from "./etags.ts"
import { ignored } from "./ignored.ts"
import { MessageCounts } from "./Consequences.ts"
import { list, page } from "./lists.ts"
import { Conflict, InvalidRequest, NotFound, PreconditionFailed, StoreUnavailable } from "./Problems.ts"
import { says } from "./says.ts"

/** An alert rule as it is entered. `enabled` is true and `notifyOnClear` false when absent; an absent `id` is made by the gateway. */
export const AlertRulePayload = Schema.Struct({
  id: Schema.optionalKey(AlertRuleId).annotateKey({ description: "Made by the gateway if it is left out." }),
  name: CoreRule.fields.name.annotateKey({ description: "What people call it." }),
  enabled: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "True if it is left out." }),
  match: CoreRule.fields.match.annotateKey({
    description: "All that is given must match, any of an array; an empty match matches every alert."
  }),
  integrations: CoreRule.fields.integrations.annotateKey({
    description: "The ids of the integrations that are told; may be empty."
  }),
  notifyOnClear: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "Send when clears: whoever was told of the raise is told of the clear. False if it is left out."
  }),
  createdAt: ignored,
  updatedAt: ignored
}).annotate({ identifier: "AlertRulePayload" })

/** An alert rule. */
export const AlertRule = Schema.Struct({
  ...CoreRule.fields,
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
}).annotate({ identifier: "AlertRule" })

/** What saving a rule would tell the open alerts, and where. */
export const RulePreview = Schema.Struct({
  raise: Schema.Natural,
  clear: Schema.Natural,
  integrations: Schema.Array(MessageCounts)
}).annotate({ identifier: "RulePreview" })

/** The alerts of the last 24 hours that a match matches. */
export const MatchPreview = Schema.Struct({
  items: Schema.Array(AlertSummary).annotateKey({
    description: "The newest of them, at most 50, or fewer where they would exceed 4 MiB as they are stored."
  }),
  total: Schema.Natural.annotateKey({ description: "How many match, of those that were looked at." }),
  of: Schema.Natural.annotateKey({ description: "How many alerts were looked at: the newest 10,000 at most." }),
  more: Schema.optionalKey(Schema.Literal(true)).annotateKey({
    description: "More alerts came in the last 24 hours than were looked at."
  })
}).annotate({ identifier: "MatchPreview" })

const params = { id: AlertRuleId }

/** The alert rules. An edit tells at once those whom it concerns. */
export class AlertRulesApi extends HttpApiGroup.make("rules")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: {
        ...page,
        integration: Schema.optionalKey(IntegrationId).annotateKey({ description: "Only those that name it." })
      },
      success: list(AlertRule),
      error: StoreUnavailable
    }).annotateMerge(says("Alert rules, in the order in which they were made")),
    HttpApiEndpoint.post("create", "/", {
      payload: AlertRulePayload,
      success: withETag(AlertRule.pipe(HttpApiSchema.status(201))),
      error: [InvalidRequest, Conflict, StoreUnavailable]
    }).annotateMerge(says("Make an alert rule", "Alerts that are raised now and match it are told now.")),
    HttpApiEndpoint.post("preview", "/preview", {
      payload: AlertRulePayload,
      success: RulePreview,
      error: [InvalidRequest, StoreUnavailable]
    }).annotateMerge(says("What saving a rule would send", "How many raises and clears, and where. Nothing is saved.")),
    HttpApiEndpoint.post("matches", "/matches", {
      payload: Schema.Struct({
        match: CoreRule.fields.match.annotateKey({ description: "As in a rule." })
      }),
      success: MatchPreview,
      error: [InvalidRequest, StoreUnavailable]
    }).annotateMerge(
      says("Which alerts a match matches", "Of those that came in the last 24 hours. Nothing is saved.")
    ),
    HttpApiEndpoint.get("get", "/:id", {
      params,
      success: withETag(AlertRule),
      error: [NotFound, StoreUnavailable]
    }).annotateMerge(says("One alert rule")),
    HttpApiEndpoint.put("replace", "/:id", {
      params,
      headers: ifMatch,
      payload: AlertRulePayload,
      success: [withETag(AlertRule), withETag(AlertRule.pipe(HttpApiSchema.status(201)))],
      error: [InvalidRequest, PreconditionFailed, StoreUnavailable]
    }).annotateMerge(
      says(
        "Create or replace an alert rule",
        "201 if there was none of this id; with If-Match that is 412. Raised alerts that it no longer matches are told as cleared, if it has notifyOnClear."
      )
    ),
    HttpApiEndpoint.delete("remove", "/:id", {
      params,
      headers: ifMatch,
      success: HttpApiSchema.NoContent,
      error: [NotFound, PreconditionFailed, StoreUnavailable]
    }).annotateMerge(says("Remove an alert rule"))
  )
  .prefix("/v1/rules")
  .annotateMerge(OpenApi.annotations({ description: "Which alerts are told where." })) {}
