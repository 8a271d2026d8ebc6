import { assert, describe, it } from "@effect/vitest"
import { Edits } from "@tocsin/delivery"
import { Deferred, Effect, Fiber } from "effect"
import { SqlClient, Statement } from "effect/sql"
import {
  accept,
  clear,
  conversations,
  deliveries,
  engine,
  event,
  integration,
  outcomes,
  raise,
  removeIntegration,
  removeRule,
  rule,
  save,
  settle,
  fixture,
  tick
} from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { newFile, refuse, storeIn, takeAgain } from "../harness/store.ts"

/** Raises alerts `x0`, `x1`, …; answers the id of the last. */
const raiseMany = (count: number) =>
  Effect.map(accept(...Array.from({ length: count }, (_, n) => event(`x${n}`))), (accepted) => accepted.at(-1)!.id)

/** Saves without waiting for what follows. */
const begin = (changes: Parameters<typeof rule>[1] = {}) =>
  Effect.flatMap(Edits, ({ saveRule }) => saveRule(rule("r", changes), "any"))

/** The same; nothing more is planned in the background until time passes, because the background job has failed once. */
const beginHeld = (changes: Parameters<typeof begin>[0] = {}) =>
  Effect.gen(function* () {
    yield* refuse("edits", "wrong", "OLD.reached > 0", "UPDATE")
    yield* begin(changes)
    yield* settle
    yield* takeAgain("edits")
  })

/** A channel that accepts nothing: its deliveries stay pending. */
const disabled = integration("ops", { enabled: false })

/** How many edits are not through. */
const behind = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(sql<{ n: number }>`SELECT count(*) AS n FROM edits`, ([row]) => row?.n)
)

const through = Effect.repeat(tick, { until: () => Effect.map(behind, (n) => n === 0) })

const due = (kind: string) =>
  Effect.map(deliveries, (all) => all.filter((one) => one.kind === kind && one.status !== "superseded").length)

describe("Reconciler", () => {
  it.effect(
    "finishes before the edit is answered, if few alerts are raised",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops"))
        yield* raiseMany(999)
        yield* begin()
        assert.strictEqual(yield* behind, 0)
        assert.strictEqual(yield* due("Raised"), 999)
      })
    )
  )

  it.effect(
    "accepts events while an edit of many alerts is planned (O6)",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops"))
        yield* raiseMany(3500)
        yield* beginHeld()
        yield* raise("new")
        assert.strictEqual(yield* behind, 1)
        assert.strictEqual(yield* due("Raised"), 1001)
        yield* through
        assert.strictEqual(yield* due("Raised"), 3501)
      })
    )
  )

  it.effect("resumes after a stop or a crash (O6)", () =>
    Effect.gen(function* () {
      const file = newFile()
      yield* Effect.gen(function* () {
        yield* save(integration("ops"))
        // The edit cannot be through before the stop.
        yield* refuse("conversations", "full", `NEW.alert_id = '${yield* raiseMany(3500)}'`)
        yield* begin()
      }).pipe(Effect.provide(engine(new Script(), { file })))
      assert.strictEqual(yield* Effect.provide(Effect.tap(behind, takeAgain("conversations")), storeIn(file)), 1)
      yield* Effect.gen(function* () {
        yield* through
        assert.strictEqual(yield* due("Raised"), 3500)
      }).pipe(Effect.provide(engine(new Script(), { file })))
    })
  )

  it.effect(
    "plans a second edit of the rule after the first, for every alert",
    fixture((script) =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        yield* Effect.addFinalizer(() => Deferred.succeed(gate, undefined))
        script.always("ops", { gate })
        script.always("dev", { gate })
        yield* save(integration("ops"), integration("dev"))
        const last = yield* raiseMany(2500)
        yield* beginHeld()
        yield* begin({ to: ["dev"] })
        yield* begin({ to: ["dev"], enabled: false })
        // Each of the later ones planned a thousand alerts under the first one, which is through.
        assert.strictEqual(yield* behind, 2)
        yield* through
        assert.deepStrictEqual(
          (yield* conversations(last)).map(({ closedBecause, integration }) => `${integration} ${closedBecause}`),
          ["ops integrationRemoved", "dev alertRuleDisabled"]
        )
        // What dev was told between the edits is cleared there.
        yield* tick
        const open = (yield* deliveries).filter(({ status }) => status === "pending")
        assert.deepStrictEqual(open, [])
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "leaves nothing open after the rule is removed meanwhile",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops"))
        const last = yield* raiseMany(2500)
        yield* begin()
        yield* removeRule("r")
        yield* through
        assert.deepStrictEqual(
          (yield* conversations(last)).map(({ state }) => state),
          ["closed"]
        )
      })
    )
  )

  it.effect(
    "sends nothing to an integration that was removed and created again meanwhile (O8)",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops"), integration("dev"))
        const last = yield* raiseMany(2500)
        yield* begin({ to: ["ops", "dev"] })
        yield* removeIntegration("ops")
        yield* save(integration("ops"))
        yield* through
        assert.deepStrictEqual(
          (yield* conversations(last)).map(({ integration }) => integration),
          [integration("dev").id]
        )
      })
    )
  )

  it.effect(
    "plans an alert before an event changes it: a conversation that the event opens stays open (I6)",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops"))
        yield* begin({ match: { severity: "critical" }, name: "before", to: [] })
        const last = yield* raiseMany(2500)
        yield* beginHeld({ match: { severity: "critical", source: "monitor" } })
        yield* accept(event("x2499", { severity: "critical" }), event("x2499", { severity: "minor" }))
        assert.strictEqual(yield* behind, 1)
        yield* through
        assert.deepStrictEqual(
          (yield* conversations(last)).map(({ state }) => state),
          ["open"]
        )
      })
    )
  )

  it.effect(
    "plans an alert before its clear: the edit closes it, not the clear (O2)",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops"), rule("r"))
        const last = yield* raiseMany(2500)
        yield* beginHeld({ enabled: false })
        yield* clear("x2499")
        assert.strictEqual(yield* behind, 1)
        assert.deepStrictEqual(
          (yield* conversations(last)).map(({ closedBecause }) => closedBecause),
          ["alertRuleDisabled"]
        )
      })
    )
  )

  it.effect(
    "sends what would have opened at an integration that is enabled again, for any number of alerts (O8)",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(disabled, rule("r"))
        yield* raiseMany(1500)
        assert.strictEqual(yield* due("Raised"), 0)
        yield* save(integration("ops"))
        yield* through
        assert.strictEqual(yield* due("Raised"), 1500)
      })
    )
  )

  it.effect(
    "accepts events while an edit is previewed",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops"))
        yield* raiseMany(3000)
        const { previewRule } = yield* Edits
        const gate = yield* Deferred.make<void>()
        let statements = 0
        const preview = yield* previewRule(rule("r")).pipe(
          // In the middle of it.
          Effect.provideService(Statement.CurrentTransformer, (statement) =>
            Effect.as(++statements === 5 ? Deferred.await(gate) : Effect.void, statement)
          ),
          Effect.forkChild({ startImmediately: true })
        )
        yield* raise("new")
        assert.isUndefined(preview.pollUnsafe())
        yield* Deferred.succeed(gate, undefined)
        const [counted] = yield* Fiber.join(preview)
        assert.isAtLeast(counted?.raise ?? 0, 3000)
        assert.deepStrictEqual(yield* outcomes, [])
      })
    )
  )
})
