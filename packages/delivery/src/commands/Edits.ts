/**
 * An operator's edits of rules and integrations. When an edit returns, it is durable and the first 1,000 raised alerts
 * are reconciled; a background job reconciles the others (cases O4 to O9).
 */
import type { AlertRule, AlertRuleId, IntegrationId } from "@tocsin/core"
import { Context, Effect, Layer, Schema } from "effect"
import { AlertRules, type StoredRule } from "../config/AlertRules.ts"
import { AuditLog, type Record } from "../records/access/AuditLog.ts"
import { Conversations } from "../records/Conversations.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { Integrations } from "../config/Integrations.ts"
import { InvalidInput } from "../config/InvalidInput.ts"
import { Changed, check, checkPresent, type Expected, IdInUse, NotFound } from "../config/expected.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { type Edit, Reconciler } from "../planning/Reconciler.ts"
import { storable } from "../domain/storableText.ts"
import { Signals } from "../cluster/Signals.ts"
import type { Plan } from "../domain/Planner.ts"
import type { IntegrationInput, ShownIntegration } from "../domain/integration.ts"
import { afterCommit } from "../sql/transactionEnd.ts"

/** The integration is used by rules, or as the fallback of other integrations. */
export class StillNamed extends Schema.TaggedError<StillNamed>()("StillNamed", { by: Schema.Array(Schema.String) }) {}

/** How many open alerts an edit would raise and clear at one integration. */
export interface RulePreview {
  readonly integration: IntegrationId
  readonly raise: number
  readonly clear: number
}

/** The saved value, and whether it was created. */
export type Saved<A> = A & { readonly isNew: boolean }

type Refused = StoreUnavailable | InvalidInput | NotFound | IdInUse | Changed

/** Edits rules and integrations. */
export class Edits extends Context.Service<
  Edits,
  {
    readonly saveRule: (rule: AlertRule, expected: Expected) => Effect.Effect<Saved<StoredRule>, Refused>
    /** Counts the messages that saving the rule would send for raised alerts, by integration. Saves nothing. */
    readonly previewRule: (
      rule: AlertRule
    ) => Effect.Effect<ReadonlyArray<RulePreview>, StoreUnavailable | InvalidInput>
    readonly removeRule: (
      id: AlertRuleId,
      expected: Expected
    ) => Effect.Effect<void, StoreUnavailable | NotFound | Changed>
    /**
     * Saves an integration. `testedAt` is when a test of its settings was delivered, in epoch milliseconds: the last success of
     * an integration that is created.
     */
    readonly saveIntegration: (
      integration: IntegrationInput,
      expected: Expected,
      testedAt?: number
    ) => Effect.Effect<Saved<ShownIntegration>, Refused>
    /** Counts the messages that saving the integration would send for raised alerts, by integration. Saves nothing. */
    readonly previewIntegration: (
      integration: IntegrationInput
    ) => Effect.Effect<ReadonlyArray<RulePreview>, StoreUnavailable | InvalidInput>
    /** Counts the messages that removing the integration would send at its fallbacks. Removes nothing. */
    readonly previewRemoval: (id: IntegrationId) => Effect.Effect<ReadonlyArray<RulePreview>, StoreUnavailable>
    /** Pauses an integration, whose deliveries are queued until it is resumed, or resumes it. */
    readonly setPaused: (
      id: IntegrationId,
      change: { readonly paused: boolean; readonly reason: string; readonly by: string }
    ) => Effect.Effect<ShownIntegration, StoreUnavailable | NotFound>
    /** Removes an integration; with `force`, also from the rules and fallbacks that use it. */
    readonly removeIntegration: (
      id: IntegrationId,
      options: { readonly expected: Expected; readonly force: boolean }
    ) => Effect.Effect<void, StoreUnavailable | NotFound | Changed | StillNamed>
  }
>()("@tocsin/delivery/Edits") {
  static readonly layer: Layer.Layer<
    Edits,
    never,
    GroupCommit | AuditLog | AlertRules | Conversations | Deliveries | Integrations | Reconciler | Signals
  > = Layer.effect(
    Edits,
    Effect.gen(function* () {
      const groupCommit = yield* GroupCommit
      const alertRules = yield* AlertRules
      const conversations = yield* Conversations
      const deliveries = yield* Deliveries
      const integrations = yield* Integrations
      const reconciler = yield* Reconciler
      const signals = yield* Signals
      const audit = yield* AuditLog

      /** Commits an edit with its entry in the audit log. */
      const commit = <A, E>(edit: (record: Record) => Effect.Effect<A, E>) =>
        Effect.flatMap(audit.recorder, (record) => groupCommit.commit(edit(record)))

      /** Refuses a rule that names unknown integrations. */
      const checkIntegrations = Effect.fnUntraced(function* (rule: AlertRule) {
        const known = yield* integrations.enabled
        const unknown = rule.integrations.flatMap((id, index) => (known.has(id) ? [] : [index]))
        if (unknown.length > 0) {
          return yield* new InvalidInput({
            errors: unknown.map((index) => ({
              path: `/integrations/${index}`,
              expected: "the id of an integration",
              message: "There is no integration of this id. Create it first"
            }))
          })
        }
      })

      const previewRule = Effect.fnUntraced(function* (rule: AlertRule) {
        yield* checkIntegrations(rule)
        const before = yield* alertRules.get(rule.id)
        return yield* preview({ ...(before && { before: before.rule }), after: rule })
      })

      /** Counts the messages of plans by integration. */
      const counted = Effect.fnUntraced(function* <E>(
        plan: (use: (plans: ReadonlyArray<Plan>) => void) => Effect.Effect<void, E>
      ) {
        const counts = new Map<IntegrationId, { raise: number; clear: number }>()
        yield* plan((plans) => {
          for (const { conversation, enqueue } of plans) {
            if (enqueue === undefined || enqueue.superseded !== undefined) continue
            const count = counts.get(conversation.integration) ?? { raise: 0, clear: 0 }
            counts.set(conversation.integration, count)
            count[enqueue.kind === "Cleared" ? "clear" : "raise"]++
          }
        })
        return [...counts].map(([integration, count]) => ({ integration, ...count }))
      })

      /** Counts the messages that an edit would send, by integration. */
      const preview = (edit: Edit) => counted((use) => reconciler.preview(edit, use))

      const saveRule = Effect.fnUntraced(function* (rule: AlertRule, expected: Expected, record: Record) {
        const before = yield* alertRules.get(rule.id)
        yield* check(before, expected)
        yield* checkIntegrations(rule)
        yield* alertRules.save(rule)
        yield* record({ ...created(before), kind: "rule", subject: rule.id, before: before?.rule, after: rule })
        yield* reconciler.edited({ ...(before && { before: before.rule }), after: rule })
        return yield* Effect.flatMap(alertRules.get(rule.id), Effect.fromNullishOr).pipe(
          Effect.map((saved) => ({ ...saved, isNew: before === undefined })),
          Effect.catchTag("NoSuchElementError", Effect.die)
        )
      })

      const removeRule = Effect.fnUntraced(function* (id: AlertRuleId, expected: Expected, record: Record) {
        const before = yield* alertRules.get(id)
        yield* checkPresent(before, expected)
        yield* alertRules.remove(id)
        yield* record({ action: "removed", kind: "rule", subject: id, before: before?.rule })
        yield* reconciler.edited({ ...(before && { before: before.rule }) })
      })

      const saveIntegration = Effect.fnUntraced(function* (
        input: IntegrationInput,
        expected: Expected,
        testedAt: number | undefined,
        record: Record
      ) {
        const before = yield* integrations.get(input.id)
        yield* check(before, expected)
        const { hasNewSettings } = yield* integrations.save(input, testedAt)
        // Receipts of another destination are useless (O8).
        if (hasNewSettings) {
          yield* conversations.forgetReceipts(input.id)
          yield* deliveries.forgetPartials(input.id)
          yield* deliveries.supersedeFollowing(input.id)
        }
        yield* deliveries.retryNow(input.id)
        if (before?.enabled === false && input.enabled) yield* reconciler.edited({ enabled: input.id })
        yield* afterCommit(signals.send([input.id], "changed"))
        return yield* Effect.flatMap(integrations.get(input.id), Effect.fromNullishOr).pipe(
          Effect.tap((after) =>
            record({
              ...created(before),
              kind: "integration",
              subject: input.id,
              before: before && audited(before),
              after: { ...audited(after), ...(before !== undefined && hasNewSettings && { hasNewSettings }) }
            })
          ),
          Effect.map((saved) => ({ ...saved, isNew: before === undefined })),
          Effect.catchTag("NoSuchElementError", Effect.die)
        )
      })

      const removeIntegration = Effect.fnUntraced(function* (
        id: IntegrationId,
        expected: Expected,
        force: boolean,
        record: Record
      ) {
        const before = yield* integrations.get(id)
        yield* checkPresent(before, expected)
        const rules = (yield* alertRules.list).map(({ rule }) => rule).filter((rule) => rule.integrations.includes(id))
        const fallingBack = (yield* integrations.list).filter(({ fallback }) => fallback === id)
        if (!force && rules.length + fallingBack.length > 0) {
          return yield* new StillNamed({
            by: [...rules.map((rule) => `rule ${rule.id}`), ...fallingBack.map((other) => `integration ${other.id}`)]
          })
        }
        for (const rule of rules) {
          const after = { ...rule, integrations: rule.integrations.filter((other) => other !== id) }
          yield* alertRules.save(after)
          yield* record({ action: "replaced", kind: "rule", subject: rule.id, before: rule, after })
        }
        for (const other of fallingBack) yield* integrations.removeFallback(other.id)
        yield* reconciler.leave(id)
        yield* deliveries.supersedeAll(id)
        yield* conversations.closeAll(id)
        yield* integrations.remove(id)
        yield* record({ action: "removed", kind: "integration", subject: id, before: before && audited(before) })
        yield* afterCommit(signals.send([id, ...fallingBack.map((other) => other.id)], "changed"))
      })

      const previewIntegration = Effect.fnUntraced(function* (input: IntegrationInput) {
        const before = yield* integrations.get(input.id)
        return before?.enabled === false && input.enabled ? yield* preview({ enabled: input.id }) : []
      })

      const setPaused = Effect.fnUntraced(function* (
        id: IntegrationId,
        { by, paused, reason }: { readonly paused: boolean; readonly reason: string; readonly by: string },
        record: Record
      ) {
        const before = yield* integrations.get(id)
        if (before === undefined) return yield* new NotFound()
        // If two callers pause it, the first reason stays.
        if ((before.paused !== undefined) === paused) return before
        yield* integrations.setPaused(id, { paused, reason: storable(reason), by: storable(by) })
        yield* record({
          action: paused ? "paused" : "resumed",
          kind: "integration",
          subject: id,
          after: { reason: storable(reason) }
        })
        yield* afterCommit(signals.send([id], "changed"))
        return (yield* integrations.get(id)) ?? before
      })

      return Edits.of({
        previewIntegration: (input) =>
          groupCommit.read(Effect.andThen(integrations.check(input), previewIntegration(input))),
        previewRemoval: (id) => groupCommit.read(counted((use) => reconciler.previewRemoval(id, use))),
        setPaused: (id, change) => commit((record) => setPaused(id, change, record)),
        previewRule: (rule) => groupCommit.read(previewRule(rule)),
        saveRule: (rule, expected) => commit((record) => saveRule(rule, expected, record)),
        removeRule: (id, expected) => commit((record) => removeRule(id, expected, record)),
        // The check may wait for the network, so it runs before the transaction.
        saveIntegration: (input, expected, testedAt) =>
          Effect.andThen(
            groupCommit.read(integrations.check(input)),
            commit((record) => saveIntegration(input, expected, testedAt, record))
          ),
        removeIntegration: (id, { expected, force }) =>
          commit((record) => removeIntegration(id, expected, force, record))
      })
    })
  )
}

const created = (before: unknown) => ({ action: before === undefined ? "created" : "replaced" })

/** An integration as the audit log has it: as it was entered, without secrets. */
const audited = ({ delivery, enabled, fallback, limits, name, secretsSet, settings, type }: ShownIntegration) => ({
  name,
  type,
  enabled,
  settings,
  secretsSet,
  ...(limits && { limits }),
  ...(fallback && { fallback }),
  ...(delivery && { delivery })
})
