/**
 * The alert rules: which alerts go to which integrations.
 */
import { AlertRule as CoreRule, AlertRuleId, IntegrationId } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { needs } from "./access/Scope.ts"
import { AlertSummary } from "./Alerts.ts"
import { ifMatch, withETag } from "./etags.ts"
import { ignored } from "./ignored.ts"
import { MessageCounts } from "./Consequences.ts"
import { list, page } from "./lists.ts"
import { Conflict, InvalidRequest, NotFound, PreconditionFailed } from "./Problems.ts"
import { says } from "./says.ts"

/**
 * An alert rule as it is entered. `enabled` is true and `notifyOnClear` false when absent; the gateway creates an
 * absent `id`.
 */
export const AlertRulePayload = Schema.Struct({
  id: Schema.optionalKey(AlertRuleId).annotateKey({ description: "Created by the gateway if absent." }),
  name: CoreRule.fields.name.annotateKey({ description: "A name for people." }),
  enabled: Schema.optionalKey(Schema.Boolean).annotateKey({ description: "True if absent." }),
  match: CoreRule.fields.match.annotateKey({
    description: "All given conditions must match, and one value of each array. An empty match matches every alert."
  }),
  integrations: CoreRule.fields.integrations.annotateKey({
    description: "The ids of the integrations to notify; may be empty."
  }),
  notifyOnClear: Schema.optionalKey(Schema.Boolean).annotateKey({
    description: "Whether an integration that received the raise also receives the clear. False if absent."
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

/** The messages that saving a rule would send about open alerts. */
export const RulePreview = Schema.Struct({
  raise: Schema.Natural,
  clear: Schema.Natural,
  integrations: Schema.Array(MessageCounts)
}).annotate({ identifier: "RulePreview" })

/** The alerts of the last 24 hours that a match matches. */
export const MatchPreview = Schema.Struct({
  items: Schema.Array(AlertSummary).annotateKey({
    description: "The newest matching alerts, at most 50 and at most 4 MiB."
  }),
  total: Schema.Natural.annotateKey({ description: "How many of the examined alerts match." }),
  of: Schema.Natural.annotateKey({ description: "How many alerts were examined: at most the newest 10,000." }),
  more: Schema.optionalKey(Schema.Literal(true)).annotateKey({
    description: "True if the last 24 hours have more alerts than were examined."
  })
}).annotate({ identifier: "MatchPreview" })

const params = { id: AlertRuleId }

/** The alert rules. An edit applies to the open alerts at once. */
export class AlertRulesApi extends HttpApiGroup.make("rules")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: {
        ...page,
        integration: Schema.optionalKey(IntegrationId).annotateKey({ description: "Only rules that use it." })
      },
      success: list(AlertRule)
    }).annotateMerge(says("Alert rules, oldest first")),
    HttpApiEndpoint.post("create", "/", {
      payload: AlertRulePayload,
      success: withETag(AlertRule.pipe(HttpApiSchema.status(201))),
      error: [InvalidRequest, Conflict]
    }).annotateMerge(says("Create an alert rule", "Sends the open alerts that match it.")),
    HttpApiEndpoint.post("preview", "/preview", {
      payload: AlertRulePayload,
      success: RulePreview,
      error: InvalidRequest
    })
      .annotateMerge(needs("read"))
      .annotateMerge(
        says(
          "Preview the messages of saving a rule",
          "The number of raises and clears for each integration. Nothing is saved."
        )
      ),
    HttpApiEndpoint.post("matches", "/matches", {
      payload: Schema.Struct({
        match: CoreRule.fields.match.annotateKey({ description: "As in a rule." })
      }),
      success: MatchPreview,
      error: InvalidRequest
    })
      .annotateMerge(needs("read"))
      .annotateMerge(
        says("List the alerts that a match matches", "Among the alerts of the last 24 hours. Nothing is saved.")
      ),
    HttpApiEndpoint.get("get", "/:id", {
      params,
      success: withETag(AlertRule),
      error: NotFound
    }).annotateMerge(says("One alert rule")),
    HttpApiEndpoint.put("replace", "/:id", {
      params,
      headers: ifMatch,
      payload: AlertRulePayload,
      success: [withETag(AlertRule), withETag(AlertRule.pipe(HttpApiSchema.status(201)))],
      error: [InvalidRequest, PreconditionFailed]
    }).annotateMerge(
      says(
        "Create or replace an alert rule",
        "201 if it is new; 412 if If-Match is set and it does not exist. Sends the open alerts that now match, and, with notifyOnClear, a clear for those that no longer do."
      )
    ),
    HttpApiEndpoint.delete("remove", "/:id", {
      params,
      headers: ifMatch,
      success: HttpApiSchema.NoContent,
      error: [NotFound, PreconditionFailed]
    }).annotateMerge(says("Remove an alert rule"))
  )
  .prefix("/v1/rules")
  .annotateMerge(OpenApi.annotations({ description: "Which alerts go to which integrations." })) {}
