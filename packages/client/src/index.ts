export { AlertRule, AlertRulePayload, AlertRulesApi, RulePreview } from "./AlertRules.ts"
export { Accepted, AlertDetails, AlertsApi, Conversation, Explanations } from "./Alerts.ts"
export { Api } from "./Api.ts"
export { Authorization, RequestErrors } from "./Authorization.ts"
export { DeliveriesApi, Delivery } from "./Deliveries.ts"
export {
  Integration,
  IntegrationPayload,
  IntegrationPreview,
  IntegrationReplacement,
  IntegrationsApi,
  TestSend
} from "./Integrations.ts"
export { pageBounds } from "./lists.ts"
export { Plugin, PluginsApi } from "./Plugins.ts"
export {
  Conflict,
  InvalidPart,
  InvalidRequest,
  NotFound,
  PreconditionFailed,
  StoreUnavailable,
  TooLarge,
  TooManyAttempts,
  Unauthorized,
  UnsupportedMediaType
} from "./Problems.ts"
export { SourcesApi, Taken, UnreadableBody } from "./Sources.ts"
export { SystemApi } from "./System.ts"
