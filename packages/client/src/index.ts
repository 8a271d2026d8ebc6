export { AlertRule, AlertRulePayload, AlertRulesApi, MatchPreview, RulePreview } from "./AlertRules.ts"
export { Accepted, AlertDetails, AlertsApi, AlertSummary, Conversation } from "./Alerts.ts"
export { Api } from "./Api.ts"
export { Authorization, RequestErrors, sessionCookie } from "./Authorization.ts"
export { Activity, Consequences, MessageCounts } from "./Consequences.ts"
export { DeliveriesApi, Delivery, Redelivered } from "./Deliveries.ts"
export { Change, Changes, EventsApi, ServerEvent } from "./Events.ts"
export { Explanation, Explanations, Timeline, TimelineEntry } from "./Explanations.ts"
export { Integration, IntegrationPayload, IntegrationReplacement, Paused } from "./integrations/Integration.ts"
export { IntegrationPreview } from "./integrations/IntegrationPreview.ts"
export { IntegrationsApi } from "./integrations/Integrations.ts"
export { Lane, LanesApi } from "./Lanes.ts"
export { pageBounds } from "./lists.ts"
export { Plugin, PluginsApi } from "./Plugins.ts"
export {
  Conflict,
  Forbidden,
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
export { Caller, Scope, Session, SessionApi, SessionsApi } from "./Sessions.ts"
export { Enqueued, PagerDutyApi, PrometheusApi, Source, SourcesApi, Taken, UnreadableBody } from "./Sources.ts"
export { SystemApi } from "./System.ts"
export { TestSend } from "./integrations/TestSend.ts"
