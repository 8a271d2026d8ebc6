/**
 * The alert rules: which alerts are told where.
 */
import { AlertRule as CoreRule, AlertRuleId, IntegrationId } from "@tocsin/core"
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { ifMatch, withETag } from "./etags.ts"
import { list } from "./lists.ts"
import { Conflict, InvalidRequest, NotFound, PreconditionFailed, StoreUnavailable } from "./Problems.ts"

/** An alert rule as it is entered. `enabled` is true and `notifyOnClear` false when absent; an absent `id` is made by the gateway. */
export const AlertRulePayload = Schema.Struct({
  id: Schema.optionalKey(AlertRuleId),
  name: CoreRule.fields.name,
  enabled: Schema.optionalKey(Schema.Boolean),
  match: CoreRule.fields.match,
  integrations: CoreRule.fields.integrations,
  notifyOnClear: Schema.optionalKey(Schema.Boolean),
  createdAt: Schema.optionalKey(Schema.Unknown),
  updatedAt: Schema.optionalKey(Schema.Unknown)
})

/** An alert rule. */
export const AlertRule = Schema.Struct({
  ...CoreRule.fields,
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
})

/** What saving a rule would tell the open alerts, and where. */
export const RulePreview = Schema.Struct({
  raise: Schema.Natural,
  clear: Schema.Natural,
  integrations: Schema.Array(
    Schema.Struct({ integration: IntegrationId, raise: Schema.Natural, clear: Schema.Natural })
  )
})

const params = { id: AlertRuleId }

/** The alert rules. An edit tells at once those whom it concerns. */
export class AlertRulesApi extends HttpApiGroup.make("rules")
  .add(
    HttpApiEndpoint.get("list", "/", { success: list(AlertRule), error: StoreUnavailable }),
    HttpApiEndpoint.post("create", "/", {
      payload: AlertRulePayload,
      success: withETag(AlertRule.pipe(HttpApiSchema.status(201))),
      error: [InvalidRequest, Conflict, StoreUnavailable]
    }),
    HttpApiEndpoint.post("preview", "/preview", {
      payload: AlertRulePayload,
      success: RulePreview,
      error: [InvalidRequest, StoreUnavailable]
    }),
    HttpApiEndpoint.get("get", "/:id", { params, success: withETag(AlertRule), error: [NotFound, StoreUnavailable] }),
    HttpApiEndpoint.put("replace", "/:id", {
      params,
      headers: ifMatch,
      payload: AlertRulePayload,
      success: withETag(AlertRule),
      error: [InvalidRequest, NotFound, PreconditionFailed, StoreUnavailable]
    }),
    HttpApiEndpoint.delete("remove", "/:id", {
      params,
      headers: ifMatch,
      success: HttpApiSchema.NoContent,
      error: [NotFound, PreconditionFailed, StoreUnavailable]
    })
  )
  .prefix("/v1/rules") {}
