export type { StoredRule } from "./config/AlertRules.ts"
export type { AlertFilter } from "./history/alertFilter.ts"
export { type AlertPage, AlertSearch, type AlertSummary, type Notified } from "./history/AlertSearch.ts"
export { Configuration } from "./config/Configuration.ts"
export { PluginRegistry, type InstalledChannel, UnknownType } from "./config/PluginRegistry.ts"
export { DeliveryStatus } from "./records/deliveryRow.ts"
export { Changed, type Expected, IdInUse, NotFound } from "./config/expected.ts"
export { Edits, type RulePreview, StillNamed } from "./commands/Edits.ts"
export * as Engine from "./Engine.ts"
export { explain, type Explanation } from "./history/Explain.ts"
export { Overview } from "./history/Overview.ts"
export { RateLimiter } from "./sending/RateLimiter.ts"
export { shownCauses } from "./history/shownCauses.ts"
export { endOf, timeline, type TimelineEntry } from "./history/timeline.ts"
export {
  type ConversationSummary,
  type Delivery,
  type DeliveryFilter,
  type DigestContent,
  History,
  type Pause,
  type Transition
} from "./history/History.ts"
export { type Accepted, Intake } from "./commands/Intake.ts"
export {
  fromIssue,
  InvalidInput,
  invalid,
  InvalidPart,
  maxErrors,
  pluginFailed,
  pointer
} from "./config/InvalidInput.ts"
export { Changes, type ChangesAfter } from "./cluster/Changes.ts"
export { GroupCommit } from "./sql/GroupCommit.ts"
export { StoreUnavailable } from "./sql/StoreUnavailable.ts"
export { StoreProblem, storeProblem, storeSentences } from "./sql/storeProblem.ts"
export { WrongKey } from "./config/keyRotation.ts"
export { checkStore } from "./stores/checkStore.ts"
export { type CopiedTable, copyStore, MigrateStoreRefused, type NamedStore } from "./stores/copyStore.ts"
export { type HeldIntegration, holdRestored, RestoreRefused } from "./stores/restore.ts"
export { Operators } from "./planning/OperatorNotices.ts"
export { Lanes, type Pending } from "./sending/Lanes.ts"
export * as Planner from "./domain/Planner.ts"
export { Peers } from "./cluster/Peers.ts"
export * as Postgres from "./stores/Postgres.ts"
export { type TlsProblem, tlsProblem } from "./stores/postgresTls.ts"
export { HistoryKept } from "./history/Retention.ts"
export { hideSecrets } from "./config/secretFields.ts"
export { type SourceInput, Sources } from "./config/Sources.ts"
export type { ConfiguredSource, SourceOptions } from "./config/sourceRow.ts"
export { BackupTaken } from "./sql/rewriting.ts"
export { ApiKeys, CredentialInUse, KeyEnded } from "./records/access/ApiKeys.ts"
export { isValid, type StoredKey } from "./records/access/apiKeyRow.ts"
export { type AuditEntry, AuditLog, type Author, CurrentAuthor } from "./records/access/AuditLog.ts"
export { sessionLasts, Sessions, type StoredSession } from "./records/access/Sessions.ts"
export { Seal, SealBroken } from "./config/Seal.ts"
export { Backups } from "./stores/Backups.ts"
export * as Sqlite from "./stores/Sqlite.ts"
export { type Dependency, Readiness } from "./commands/Readiness.ts"
export { type Asked, NotAgain, Redeliveries } from "./commands/Redeliveries.ts"
export { type TestOutcome, TestSends } from "./commands/TestSends.ts"
export { UnreadableBodies, type UnreadableBody } from "./commands/UnreadableBodies.ts"
export { asReference, AttemptSpan, beginSpan, endSpan, RequestTrace, traceparent, Traces } from "./metrics/traces.ts"
export { NotReady } from "./config/storedSettings.ts"
export { PublicUrl } from "./sending/claimDigest.ts"
export { plainDecoder, plainEncoder, type Plain } from "./domain/plainCodec.ts"
export { Shortcuts } from "./domain/Shortcuts.ts"
export type { IntegrationInput, ReadyIntegration, ShownIntegration } from "./domain/integration.ts"
