/**
 * Rules and integrations, for callers of the engine.
 */
import type { AlertRule, AlertRuleId, IntegrationId } from "@tocsin/core"
import { Context, Effect, Layer } from "effect"
import type { IntegrationInput, ReadyIntegration, ShownIntegration } from "../domain/integration.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { AlertRules, type StoredRule } from "./AlertRules.ts"
import { Integrations } from "./Integrations.ts"
import type { InvalidInput } from "./InvalidInput.ts"
import type { NotReady } from "./storedSettings.ts"

/** Reads the rules and integrations. `Edits` changes them. */
export class Configuration extends Context.Service<
  Configuration,
  {
    /** All rules, in the order of their creation. */
    readonly rules: Effect.Effect<ReadonlyArray<StoredRule>, StoreUnavailable>
    readonly rule: (id: AlertRuleId) => Effect.Effect<StoredRule | undefined, StoreUnavailable>
    /** The content of all rules, cached between edits. */
    readonly currentRules: Effect.Effect<ReadonlyArray<AlertRule>, StoreUnavailable>
    /** All integrations, in the order of their creation, without their secrets. */
    readonly integrations: Effect.Effect<ReadonlyArray<ShownIntegration>, StoreUnavailable>
    /** The name of each integration, cached between edits. */
    readonly integrationNames: Effect.Effect<ReadonlyMap<IntegrationId, string>, StoreUnavailable>
    readonly integration: (id: IntegrationId) => Effect.Effect<ShownIntegration | undefined, StoreUnavailable>
    /** The integration with its plugin, ready to send to, even if it is disabled; undefined if the id is unknown. */
    readonly ready: (id: IntegrationId) => Effect.Effect<ReadyIntegration | undefined, NotReady | StoreUnavailable>
    /**
     * Refuses settings that are invalid, or whose destination may not be called; returns the unsaved integration, ready
     * to send to. Secrets that the settings omit are taken from the integration with this id.
     */
    readonly check: (input: IntegrationInput) => Effect.Effect<ReadyIntegration, InvalidInput | StoreUnavailable>
  }
>()("@tocsin/delivery/Configuration") {
  static readonly layer: Layer.Layer<Configuration, never, GroupCommit | AlertRules | Integrations> = Layer.effect(
    Configuration,
    Effect.gen(function* () {
      const { read } = yield* GroupCommit
      const rules = yield* AlertRules
      const integrations = yield* Integrations

      return Configuration.of({
        rules: read(rules.list),
        rule: (id) => read(rules.get(id)),
        currentRules: read(Effect.map(rules.current, ({ rules }) => rules)),
        integrations: read(integrations.list),
        integrationNames: read(integrations.names),
        integration: (id) => read(integrations.get(id)),
        ready: (id) => read(integrations.ready(id)),
        check: (input) => read(integrations.check(input))
      })
    })
  )
}
