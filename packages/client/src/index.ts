export { AlertRule, AlertRulePayload, AlertRulesApi, MatchPreview, RulePreview } from "./AlertRules.ts"
export { Accepted, AlertDetails, AlertList, AlertsApi, AlertSummary, Conversation } from "./Alerts.ts"
export { Api } from "./Api.ts"
export { AuditApi, AuditEntry } from "./access/Audit.ts"
export { Key, KeysApi, NewKey } from "./access/Keys.ts"
export { allows, allowsPosting, KeyScope, MaySign, type RequiredScope, Scope, scopeOf } from "./access/Scope.ts"
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
  Dependency,
  Forbidden,
  InvalidPart,
  InvalidRequest,
  NotFound,
  NotReady,
  PreconditionFailed,
  StoreUnavailable,
  TooLarge,
  TooManyAttempts,
  Unauthorized,
  UnsupportedMediaType
} from "./Problems.ts"
export { Caller, Session, SessionApi, SessionsApi } from "./Sessions.ts"
export { SourceType, SourceTypesApi } from "./sources/SourceTypes.ts"
export { Tried, TrySource } from "./sources/TrySource.ts"
export { ConfiguredSource, SourceName, SourcePayload } from "./sources/ConfiguredSource.ts"
export {
  Enqueued,
  PagerDutyApi,
  PrometheusApi,
  Source,
  SourcesApi,
  SourceUrlsApi,
  Taken,
  UnreadableBody
} from "./Sources.ts"
export { SystemApi } from "./System.ts"
export { TestSend } from "./integrations/TestSend.ts"
