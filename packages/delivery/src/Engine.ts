/**
 * The whole engine on one store.
 */
import { Effect, Layer } from "effect"
import { Digest, SecureRandom } from "effect/crypto"
import type { Migrator, SqlClient } from "effect/sql"
import { AlertRules } from "./config/AlertRules.ts"
import { Configuration } from "./config/Configuration.ts"
import { Overview } from "./history/Overview.ts"
import { AlertSearch } from "./history/AlertSearch.ts"
import { AcceptedRaises } from "./records/AcceptedRaises.ts"
import { Alerts } from "./records/Alerts.ts"
import { Pipeline } from "./sending/pipeline.ts"
import { Backlog } from "./sending/Backlog.ts"
import * as DirectClaiming from "./sending/shortcuts/directClaiming.ts"
import type { PluginRegistry } from "./config/PluginRegistry.ts"
import type { Egress } from "@tocsin/core"
import { AlertCloser } from "./planning/AlertCloser.ts"
import { Changes } from "./cluster/Changes.ts"
import { Conversations } from "./records/Conversations.ts"
import { Deliveries } from "./records/Deliveries.ts"
import { Edits } from "./commands/Edits.ts"
import * as Expiry from "./planning/Expiry.ts"
import * as Refreshes from "./planning/Refreshes.ts"
import * as FailureWatch from "./planning/FailureWatch.ts"
import { Fallbacks } from "./planning/Fallbacks.ts"
import { History } from "./history/History.ts"
import { Intake } from "./commands/Intake.ts"
import { Integrations } from "./config/Integrations.ts"
import { GroupCommit } from "./sql/GroupCommit.ts"
import { mapOutages, type StoreUnavailable } from "./sql/StoreUnavailable.ts"
import { changeKey, type WrongKey } from "./config/keyRotation.ts"
import { Lanes } from "./sending/Lanes.ts"
import { migrate } from "./sql/migrate.ts"
import { OperatorNotices } from "./planning/OperatorNotices.ts"
import { RateLimiter } from "./sending/RateLimiter.ts"
import { Reconciler } from "./planning/Reconciler.ts"
import * as Retention from "./history/Retention.ts"
import type { Seal } from "./config/Seal.ts"
import { Partitions } from "./cluster/Partitions.ts"
import type { Peers } from "./cluster/Peers.ts"
import { Readiness } from "./commands/Readiness.ts"
import { Redeliveries } from "./commands/Redeliveries.ts"
import { ConfigCache } from "./config/ConfigCache.ts"
import * as QuietSources from "./commands/QuietSources.ts"
import { Sources } from "./config/Sources.ts"
import { ApiKeys } from "./records/access/ApiKeys.ts"
import { AuditLog } from "./records/access/AuditLog.ts"
import * as PooledRandom from "./pooledRandom.ts"
import { Sessions } from "./records/access/Sessions.ts"
import { Signals } from "./cluster/Signals.ts"
import { TestSends } from "./commands/TestSends.ts"
import { UnreadableBodies } from "./commands/UnreadableBodies.ts"

/** The services that the engine provides to the gateway. */
export type Engine =
  | Intake
  | Edits
  | Configuration
  | History
  | AlertSearch
  | Overview
  | RateLimiter
  | UnreadableBodies
  | Sessions
  | ApiKeys
  | Sources
  | AuditLog
  | TestSends
  | Redeliveries
  | Readiness
  | Lanes
  | GroupCommit
  | Changes
  | SecureRandom.SecureRandom

const updatePartitions = Effect.gen(function* () {
  const { updatePartitions } = yield* Integrations
  const { commit } = yield* GroupCommit
  yield* commit(updatePartitions)
})

/** The engine: migrates the store, resumes the pending deliveries, and sends for as long as the layer lives. */
export const layer: Layer.Layer<
  Engine,
  Migrator.MigrationError | StoreUnavailable | WrongKey,
  SqlClient.SqlClient | Peers | PluginRegistry | Egress | Seal
> = Layer.mergeAll(
  Intake.layer,
  Edits.layer,
  Configuration.layer,
  History.layer,
  AlertSearch.layer,
  Overview.layer,
  UnreadableBodies.layer,
  Sessions.layer,
  TestSends.layer,
  Redeliveries.layer,
  Readiness.layer,
  Lanes.layer,
  Expiry.layer,
  Refreshes.layer,
  FailureWatch.layer,
  QuietSources.layer.pipe(Layer.provide(Intake.layer)),
  Retention.layer
).pipe(
  Layer.provideMerge(AlertCloser.layer),
  Layer.provideMerge([Pipeline.layer, Reconciler.layer]),
  Layer.provideMerge([Fallbacks.layer, OperatorNotices.layer]),
  Layer.provideMerge(Conversations.layer),
  Layer.provideMerge(DirectClaiming.layer),
  Layer.provideMerge(Partitions.layer),
  Layer.provideMerge(Layer.effectDiscard(updatePartitions)),
  Layer.provideMerge(Layer.effectDiscard(changeKey)),
  Layer.provideMerge([
    Deliveries.layer,
    Alerts.layer,
    AlertRules.layer,
    Integrations.layer,
    RateLimiter.layer,
    Backlog.layer,
    Signals.layer
  ]),
  Layer.provideMerge(Sources.layer),
  Layer.provideMerge(ApiKeys.layer),
  Layer.provideMerge([ConfigCache.layer, AuditLog.layer, AcceptedRaises.layer]),
  Layer.provideMerge([GroupCommit.layer, Changes.layer]),
  Layer.provideMerge([PooledRandom.layer, Digest.layerWebCrypto]),
  Layer.provideMerge(Layer.effectDiscard(mapOutages(migrate)))
)
