import { assert, describe, it } from "@effect/vitest"
import { Configuration, Edits, GroupCommit, InvalidInput, StillNamed } from "@tocsin/delivery"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import {
  conversations,
  deliveries,
  event,
  integration,
  integrationId,
  outcomes,
  accept,
  pass,
  raise,
  removeIntegration,
  rule,
  ruleId,
  save,
  settle,
  tick,
  fixture
} from "../harness/engine.ts"
import { filled } from "../harness/store.ts"
import { occupyWriters } from "../harness/writers.ts"

const tag = <A, R>(edit: Effect.Effect<A, { readonly _tag: string }, R>) =>
  Effect.map(Effect.flip(edit), ({ _tag }) => _tag)

describe("Edits", () => {
  it.effect(
    "creates, replaces and removes a rule only in the expected state",
    fixture(() =>
      Effect.gen(function* () {
        const { removeRule, saveRule } = yield* Edits
        yield* save(integration("ops"))
        assert.strictEqual(yield* tag(saveRule(rule("r"), "present")), "NotFound")
        assert.strictEqual(yield* tag(removeRule(ruleId("r"), "any")), "NotFound")
        const first = yield* saveRule(rule("r"), "absent")
        assert.strictEqual(yield* tag(saveRule(rule("r"), "absent")), "IdInUse")
        const second = yield* saveRule(rule("r", { name: "second" }), { updatedAt: [first.updatedAt] })
        assert.strictEqual(yield* tag(saveRule(rule("r"), { updatedAt: [first.updatedAt] })), "Changed")
        assert.strictEqual(yield* tag(removeRule(ruleId("r"), { updatedAt: [first.updatedAt] })), "Changed")
        assert.strictEqual((yield* Configuration.use(({ rule }) => rule(ruleId("r"))))?.rule.name, "second")
        yield* removeRule(ruleId("r"), { updatedAt: [second.updatedAt] })
        yield* saveRule(rule("r"), "absent")
      })
    )
  )

  it.effect(
    "creates, replaces and removes an integration only in the expected state",
    fixture(() =>
      Effect.gen(function* () {
        const { removeIntegration, saveIntegration } = yield* Edits
        const id = integrationId("ops")
        assert.strictEqual(yield* tag(saveIntegration(integration("ops"), "present")), "NotFound")
        assert.strictEqual(yield* tag(removeIntegration(id, { expected: "any", force: true })), "NotFound")
        const first = yield* saveIntegration(integration("ops"), "absent")
        assert.strictEqual(yield* tag(saveIntegration(integration("ops"), "absent")), "IdInUse")
        const second = yield* saveIntegration(integration("ops"), { updatedAt: [first.updatedAt] })
        assert.isAbove(second.updatedAt, first.updatedAt)
        const stale = { updatedAt: [first.updatedAt] }
        assert.strictEqual(yield* tag(saveIntegration(integration("ops"), stale)), "Changed")
        assert.strictEqual(yield* tag(removeIntegration(id, { expected: stale, force: true })), "Changed")
        yield* removeIntegration(id, { expected: { updatedAt: [second.updatedAt] }, force: false })
      })
    )
  )

  it.effect(
    "names each unknown integration of a rule, and saves nothing",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops"))
        const error = yield* Effect.flip(save(rule("r", { to: ["nobody", "ops", "no-one"] })))
        assert.instanceOf(error, InvalidInput)
        assert.deepStrictEqual(error instanceof InvalidInput && error.errors.map(({ path }) => path), [
          "/integrations/0",
          "/integrations/2"
        ])
        assert.isUndefined(yield* Configuration.use(({ rule }) => rule(ruleId("r"))))
      })
    )
  )

  it.effect(
    "removes an integration that is used only by force, and from rules and fallbacks (O8)",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops"), integration("dev", { fallback: integrationId("ops") }))
        yield* save(rule("r1", { to: ["dev", "ops"] }), rule("r2", { to: ["dev"] }))
        const error = yield* Effect.flip(removeIntegration("ops", false))
        assert.deepStrictEqual(error instanceof StillNamed && error.by, ["rule r1", "integration dev"])
        yield* removeIntegration("ops")
        const { integrations, rules } = yield* Configuration
        assert.deepStrictEqual(
          (yield* rules).map(({ rule }) => rule.integrations),
          [[integrationId("dev")], [integrationId("dev")]]
        )
        assert.deepStrictEqual(
          (yield* integrations).map(({ fallback, id }) => ({ fallback, id })),
          [{ fallback: undefined, id: integrationId("dev") }]
        )
      })
    )
  )

  it.effect(
    "reconciles every open alert, also beyond the first page",
    fixture((script) =>
      Effect.gen(function* () {
        const due = (kind: string) =>
          Effect.map(deliveries, (all) => all.filter((delivery) => delivery.kind === kind).length)
        yield* accept(...Array.from({ length: 1201 }, (_, n) => event(`x${n}`)))
        yield* save(integration("ops"), rule("r"))
        assert.strictEqual(yield* due("Raised"), 1201)
        // At once: the rate limit would let them go one by one, a millisecond apart.
        const second = Effect.andThen(TestClock.adjust("1 second"), settle)
        yield* Effect.repeat(second, { until: () => script.sent.length === 1201 })
        yield* save(rule("r", { enabled: false }))
        assert.strictEqual(yield* due("Cleared"), 1201)
      })
    )
  )

  it.effect(
    "sends nothing for a change of the name or of notifyOnClear (O4), nor for the same rule again",
    fixture((script) =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("r"))
        const alert = yield* raise("a")
        yield* tick
        const before = yield* conversations(alert)
        yield* save(rule("r"), rule("r", { name: "n" }), rule("r", { name: "n", notifyOnClear: false }), rule("r"))
        yield* pass("1 hour")
        assert.lengthOf(script.sent, 1)
        assert.deepStrictEqual(yield* conversations(alert), before)
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered"])
      })
    )
  )

  it.effect(
    "caches no rule of a transaction that was rolled back, also when its caller was interrupted",
    fixture(() =>
      Effect.gen(function* () {
        const { saveRule } = yield* Edits
        const groupCommit = yield* GroupCommit
        const { currentRules } = yield* Configuration
        yield* save(integration("ops"))
        const { big } = yield* filled
        const gate = yield* Deferred.make<void>()
        yield* occupyWriters(gate)
        // An edit, a part that reads the rules when the edit's caller is gone, one too many.
        const edit = yield* Effect.forkChild(saveRule(rule("r"), "any"), { startImmediately: true })
        const names = Effect.map(currentRules, (rules) => rules.map(({ name }) => name))
        const seen: Array<string> = []
        const read = Effect.andThen(
          Fiber.interrupt(edit),
          Effect.map(names, (names) => void seen.push(...names))
        )
        yield* Effect.forkChild(groupCommit.commit(read), { startImmediately: true })
        const tooMuch = yield* Effect.forkChild(Effect.flip(groupCommit.commit(big)), { startImmediately: true })
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(tooMuch)
        assert.deepStrictEqual(seen, ["r"])
        assert.deepStrictEqual(yield* names, [])
      })
    )
  )
})
