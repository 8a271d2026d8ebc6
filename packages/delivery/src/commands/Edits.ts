/**
 * An operator's edits of rules and integrations: each is durable, with the first 1,000 raised alerts reconciled, when
 * it is answered; the rest follows (cases O4 to O9).
 */
import type { AlertRule, AlertRuleId, IntegrationId } from "@tocsin/core"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { AlertRules, type StoredRule } from "../config/AlertRules.ts"
import { Conversations } from "../records/Conversations.ts"
import { Deliveries } from "../records/Deliveries.ts"
import { Integrations } from "../config/Integrations.ts"
import { InvalidInput } from "../config/InvalidInput.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { Reconciler } from "../planning/Reconciler.ts"
import { Signals } from "../cluster/Signals.ts"
import type { IntegrationInput, ShownIntegration } from "../domain/integration.ts"

/** There is nothing of this id. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {}) {}

/** The id is taken. */
export class IdInUse extends Schema.TaggedError<IdInUse>()("IdInUse", {}) {}

/** It was edited since the caller read it. */
export class Changed extends Schema.TaggedError<Changed>()("Changed", {}) {}

/** Others name it: rules, or integrations that fall back to it. */
export class StillNamed extends Schema.TaggedError<StillNamed>()("StillNamed", { by: Schema.Array(Schema.String) }) {}

/** What must hold of the present state for an edit: nothing, that there is none, that there is one, or that it is one of these states of it. */
export type Expected = "any" | "absent" | "present" | { readonly updatedAt: ReadonlyArray<number> }

/** How many open alerts an edit would raise and clear at one integration. */
export interface RulePreview {
  readonly integration: IntegrationId
  readonly raise: number
  readonly clear: number
}

/** What was saved, and whether there was nothing of its id before. */
export type Saved<A> = A & { readonly isNew: boolean }

type Refused = StoreUnavailable | InvalidInput | NotFound | IdInUse | Changed

/** Edits rules and integrations. */
export class Edits extends Context.Service<
  Edits,
  {
    readonly saveRule: (rule: AlertRule, expected: Expected) => Effect.Effect<Saved<StoredRule>, Refused>
    /** What saving the rule would tell the open alerts, and where; nothing is saved. */
    readonly previewRule: (
      rule: AlertRule
    ) => Effect.Effect<ReadonlyArray<RulePreview>, StoreUnavailable | InvalidInput>
    readonly removeRule: (
      id: AlertRuleId,
      expected: Expected
    ) => Effect.Effect<void, StoreUnavailable | NotFound | Changed>
    readonly saveIntegration: (
      integration: IntegrationInput,
      expected: Expected
    ) => Effect.Effect<Saved<ShownIntegration>, Refused>
    /** Removes an integration; with `force` also from the rules and the fallbacks that name it. */
    readonly removeIntegration: (
      id: IntegrationId,
      options: { readonly expected: Expected; readonly force: boolean }
    ) => Effect.Effect<void, StoreUnavailable | NotFound | Changed | StillNamed>
  }
>()("@tocsin/delivery/Edits") {
  static readonly layer: Layer.Layer<
    Edits,
    never,
    GroupCommit | SqlClient.SqlClient | AlertRules | Conversations | Deliveries | Integrations | Reconciler | Signals
  > = Layer.effect(
    Edits,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const alertRules = yield* AlertRules
      const conversations = yield* Conversations
      const deliveries = yield* Deliveries
      const integrations = yield* Integrations
      const reconciliation = yield* Reconciler
      const signals = yield* Signals

      /** A rule names only what there is. */
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
        const counts = new Map<IntegrationId, { raise: number; clear: number }>()
        yield* reconciliation.preview({ ...(before && { before: before.rule }), after: rule }, (plans) => {
          for (const { conversation, enqueue } of plans) {
            if (enqueue === undefined || enqueue.superseded !== undefined) continue
            const count = counts.get(conversation.integration) ?? { raise: 0, clear: 0 }
            counts.set(conversation.integration, count)
            count[enqueue.kind === "Cleared" ? "clear" : "raise"]++
          }
        })
        return [...counts].map(([integration, count]) => ({ integration, ...count }))
      })

      const saveRule = Effect.fnUntraced(function* (rule: AlertRule, expected: Expected) {
        const before = yield* alertRules.get(rule.id)
        yield* check(before, expected)
        yield* checkIntegrations(rule)
        yield* alertRules.save(rule)
        yield* reconciliation.edited({ ...(before && { before: before.rule }), after: rule })
        return yield* Effect.flatMap(alertRules.get(rule.id), Effect.fromNullishOr).pipe(
          Effect.map((saved) => ({ ...saved, isNew: before === undefined })),
          Effect.catchTag("NoSuchElementError", Effect.die)
        )
      })

      const removeRule = Effect.fnUntraced(function* (id: AlertRuleId, expected: Expected) {
        const before = yield* alertRules.get(id)
        yield* checkPresent(before, expected)
        yield* alertRules.remove(id)
        yield* reconciliation.edited({ ...(before && { before: before.rule }) })
      })

      const saveIntegration = Effect.fnUntraced(function* (input: IntegrationInput, expected: Expected) {
        const before = yield* integrations.get(input.id)
        yield* check(before, expected)
        const { hasNewSettings } = yield* integrations.save(input)
        // What was sent to another destination cannot be followed (O8).
        if (hasNewSettings) {
          yield* conversations.forgetReceipts(input.id)
          yield* deliveries.supersedeTests(input.id)
        }
        yield* deliveries.retryNow(input.id)
        if (before?.enabled === false && input.enabled) yield* reconciliation.edited({ enabled: input.id })
        yield* sql.afterCommit(signals.send([input.id], "changed"))
        return yield* Effect.flatMap(integrations.get(input.id), Effect.fromNullishOr).pipe(
          Effect.map((saved) => ({ ...saved, isNew: before === undefined })),
          Effect.catchTag("NoSuchElementError", Effect.die)
        )
      })

      const removeIntegration = Effect.fnUntraced(function* (id: IntegrationId, expected: Expected, force: boolean) {
        yield* checkPresent(yield* integrations.get(id), expected)
        const rules = (yield* alertRules.list).map(({ rule }) => rule).filter((rule) => rule.integrations.includes(id))
        const falling = (yield* integrations.list).filter(({ fallback }) => fallback === id)
        if (!force && rules.length + falling.length > 0) {
          return yield* new StillNamed({
            by: [...rules.map((rule) => `rule ${rule.id}`), ...falling.map((other) => `integration ${other.id}`)]
          })
        }
        for (const rule of rules) {
          yield* alertRules.save({ ...rule, integrations: rule.integrations.filter((other) => other !== id) })
        }
        for (const other of falling) yield* integrations.removeFallback(other.id)
        yield* reconciliation.leave(id)
        yield* deliveries.supersedeAll(id)
        yield* conversations.closeAll(id)
        yield* integrations.remove(id)
        yield* sql.afterCommit(signals.send([id, ...falling.map((other) => other.id)], "changed"))
      })

      return Edits.of({
        previewRule: (rule) => groupCommit.read(previewRule(rule)),
        saveRule: (rule, expected) => groupCommit.commit(saveRule(rule, expected)),
        removeRule: (id, expected) => groupCommit.commit(removeRule(id, expected)),
        // What waits for the network comes first: a transaction that waits holds up everyone.
        saveIntegration: (input, expected) =>
          Effect.andThen(
            groupCommit.read(integrations.check(input)),
            groupCommit.commit(saveIntegration(input, expected))
          ),
        removeIntegration: (id, { expected, force }) => groupCommit.commit(removeIntegration(id, expected, force))
      })
    })
  )
}

const check = (
  before: { readonly updatedAt: number } | undefined,
  expected: Expected
): Effect.Effect<void, NotFound | IdInUse | Changed> =>
  expected === "absent" && before !== undefined ? new IdInUse() : checkPresentUnless(before, expected)

const checkPresentUnless = (before: { readonly updatedAt: number } | undefined, expected: Expected) =>
  expected === "any" || expected === "absent" ? Effect.void : checkPresent(before, expected)

const checkPresent = (
  before: { readonly updatedAt: number } | undefined,
  expected: Expected
): Effect.Effect<void, NotFound | Changed> => {
  if (before === undefined) return new NotFound()
  return typeof expected === "object" && !expected.updatedAt.includes(before.updatedAt) ? new Changed() : Effect.void
}
