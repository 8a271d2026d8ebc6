/**
 * The whole engine on one store.
 */
import { Effect, Layer } from "effect"
import { Digest, SecureRandom } from "effect/crypto"
import type { SqlClient, SqlError } from "effect/sql"
import type { Migrator } from "effect/sql"
import { AlertRules } from "./AlertRules.ts"
import { Alerts } from "./Alerts.ts"
import { Attempts } from "./Attempts.ts"
import { Backlog } from "./Backlog.ts"
import type { Channels } from "./Channels.ts"
import type { Egress } from "./Egress.ts"
import { Closing } from "./Closing.ts"
import { Conversations } from "./Conversations.ts"
import { Edits } from "./Edits.ts"
import * as Expiry from "./Expiry.ts"
import { Fallbacks } from "./Fallbacks.ts"
import { History } from "./History.ts"
import { Intake } from "./Intake.ts"
import { Integrations } from "./Integrations.ts"
import { Journal, type StoreUnavailable } from "./Journal.ts"
import { changeKey, type WrongKey } from "./keyChange.ts"
import { Lanes } from "./Lanes.ts"
import { migrate } from "./migrations.ts"
import { Notices } from "./Notices.ts"
import { Pacing } from "./Pacing.ts"
import { Reconciliation } from "./Reconciliation.ts"
import * as Retention from "./Retention.ts"
import type { Seal } from "./Seal.ts"
import { Partitions } from "./Partitions.ts"
import type { Peers } from "./Peers.ts"
import { Redeliveries } from "./Redeliveries.ts"
import { SettingsVersion } from "./SettingsVersion.ts"
import { Signals } from "./Signals.ts"
import { TestSends } from "./TestSends.ts"
import { Unreadable } from "./Unreadable.ts"

/** What the engine offers to the gateway. */
export type Engine =
  | Intake
  | Edits
  | Alerts
  | AlertRules
  | Integrations
  | History
  | Unreadable
  | TestSends
  | Redeliveries
  | Fallbacks
  | Lanes
  | Backlog
  | Journal
  | SecureRandom.SecureRandom

const placeIntegrations = Effect.gen(function* () {
  const { place } = yield* Integrations
  const { commit } = yield* Journal
  yield* commit(place)
})

/**
 * The engine: migrates the store, goes on where it stopped, and serves all lanes
 * for as long as the layer lives.
 */
export const layer: Layer.Layer<
  Engine,
  Migrator.MigrationError | SqlError.SqlError | StoreUnavailable | WrongKey,
  SqlClient.SqlClient | Peers | Channels | Egress | Seal
> = Layer.mergeAll(
  Intake.layer,
  Edits.layer,
  History.layer,
  Unreadable.layer,
  TestSends.layer,
  Redeliveries.layer,
  Lanes.layer,
  Expiry.layer,
  Retention.layer
).pipe(
  Layer.provideMerge(Closing.layer),
  Layer.provideMerge([Attempts.layer, Reconciliation.layer]),
  Layer.provideMerge([Fallbacks.layer, Notices.layer]),
  Layer.provideMerge(Partitions.layer),
  Layer.provideMerge(Layer.effectDiscard(placeIntegrations)),
  Layer.provideMerge(Layer.effectDiscard(changeKey)),
  Layer.provideMerge([
    Conversations.layer,
    Alerts.layer,
    AlertRules.layer,
    Integrations.layer,
    Pacing.layer,
    Backlog.layer,
    Signals.layer
  ]),
  Layer.provideMerge(SettingsVersion.layer),
  Layer.provideMerge(Journal.layer),
  Layer.provideMerge([SecureRandom.layerWebCrypto, Digest.layerWebCrypto]),
  Layer.provideMerge(Layer.effectDiscard(migrate))
)
