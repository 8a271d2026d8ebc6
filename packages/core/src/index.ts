export {
  Alert,
  AlertClearedBecause,
  AlertEvent,
  AlertId,
  AssumedTimeZone,
  Link,
  Links,
  NamedLink,
  Observation,
  Severity,
  severityRank,
  SourceRule,
  SourceTest
} from "./Alert.ts"
export { AlertRule, AlertRuleId, Match, matches, type UnmetCondition, unmetConditions } from "./AlertRule.ts"
export { Connector, type Endpoint } from "./Connector.ts"
export { ConfiguredName } from "./identifiers.ts"
export * as ChannelPlugin from "./ChannelPlugin.ts"
export {
  answerUnreadableCode,
  RateLimitHint,
  DeliveryError,
  DestinationGone,
  egressRefusedCode,
  MessageGone,
  Misconfigured,
  notSentCode,
  PartialDelivery,
  PayloadRejected,
  RateLimited,
  Reason,
  RecipientOutcome,
  Unauthorized,
  Unavailable
} from "./DeliveryError.ts"
export { Egress, EgressRefused } from "./Egress.ts"
export * as HttpChannel from "./HttpChannel.ts"
// The exports of `effect`'s unstable modules that plugins need, in the version with which this core was tested.
export { Headers, HttpClient, HttpClientRequest } from "effect/http"
export * as InboundLimits from "./InboundLimits.ts"
export { DeliveryOptions, type Integration, IntegrationId, Limits } from "./Integration.ts"
export { timeFromIso } from "./posted/leapSecond.ts"
export * as Message from "./Message.ts"
export { Because, becauseText, DigestGroup, endsAlert, Kind, maxDigestReplies, Notification } from "./Notification.ts"
export { cutLabels } from "./cutLabels.ts"
export { type QuietOptions, quietText } from "./quietText.ts"
export { cut, type CutOptions, dividedLinks, escapeHtml, fitting, oneLine, paragraph, utf8Units } from "./text.ts"
export { fromPostedAlert, PostedAlert, reservedSources } from "./posted/PostedAlert.ts"
export { PluginDefect } from "./PluginDefect.ts"
export * as Preview from "./Preview.ts"
export { notifications as sampleNotifications } from "./samples.ts"
export { type WithoutSecrets, withoutSecrets } from "./settings/withoutSecrets.ts"
export { ShownRequest, showRequest, redactText } from "./settings/redactText.ts"
export { BaseUrl } from "./settings/baseUrl.ts"
export { WebhookUrl } from "./settings/webhookUrl.ts"
