export { AlertRules, type StoredRule } from "./AlertRules.ts"
export { PublicUrl } from "./PublicUrl.ts"
export { type AlertFilter, Alerts } from "./Alerts.ts"
export { Backlog } from "./Backlog.ts"
export { Channels, type InstalledChannel, UnknownType } from "./Channels.ts"
export { DeliveryStatus } from "./Conversations.ts"
export { Changed, Edits, type Expected, IdInUse, NotFound, type RulePreview, StillNamed } from "./Edits.ts"
export { Egress, EgressRefused } from "./Egress.ts"
export * as Engine from "./Engine.ts"
export { explain, type Explanation } from "./Explain.ts"
export {
  type ConversationSummary,
  type Delivery,
  type DeliveryFilter,
  type DigestContent,
  History,
  type Transition
} from "./History.ts"
export { type Accepted, Intake } from "./Intake.ts"
export { type IntegrationInput, Integrations, type ReadyIntegration, type ShownIntegration } from "./Integrations.ts"
export { fromIssue, Invalid, invalid, InvalidPart, pointer } from "./Invalid.ts"
export { Journal, StoreUnavailable } from "./Journal.ts"
export { WrongKey } from "./keyChange.ts"
export { Fallbacks } from "./Fallbacks.ts"
export { type CopiedTable, migrateStore, MigrateStoreRefused, type NamedStore } from "./migrateStore.ts"
export { Operators } from "./Notices.ts"
export { Lanes } from "./Lanes.ts"
export * as Planner from "./Planner.ts"
export { Peers } from "./Peers.ts"
export * as Postgres from "./Postgres.ts"
export { HistoryKept } from "./Retention.ts"
export { Seal, SealBroken } from "./Seal.ts"
export * as Sqlite from "./Sqlite.ts"
export { type Asked, NotAgain, Redeliveries } from "./Redeliveries.ts"
export { type TestOutcome, TestSends } from "./TestSends.ts"
export { Unreadable, type UnreadableBody } from "./Unreadable.ts"
export { NotReady } from "./storedSettings.ts"
