import { assert, describe, it } from "@effect/vitest"
import { Changes, Sqlite } from "@tocsin/delivery"
import { Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { migrate } from "../../src/sql/migrate.ts"
import { AlertRules } from "../../src/config/AlertRules.ts"
import { ConfigCache } from "../../src/config/ConfigCache.ts"
import { rule, ruleId } from "../harness/engine.ts"

const store = AlertRules.layer.pipe(
  Layer.provide([ConfigCache.layer, Changes.layer]),
  Layer.provide(SecureRandom.layerWebCrypto),
  Layer.provideMerge(Layer.effectDiscard(migrate)),
  Layer.provideMerge(Sqlite.layer(":memory:"))
)
const names = Effect.map(
  AlertRules.use(({ current }) => current),
  ({ rules }) => rules.map(({ name }) => name)
)

describe("AlertRules", () => {
  it.effect("does not cache writes of a transaction that was rolled back", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const rules = yield* AlertRules
      yield* rules.save(rule("kept"))
      assert.deepStrictEqual(yield* names, ["kept"])
      const edit = Effect.gen(function* () {
        yield* rules.save(rule("lost"))
        assert.deepStrictEqual(yield* names, ["kept", "lost"])
        return yield* Effect.fail("full")
      })
      yield* Effect.flip(sql.withTransaction(edit))
      assert.deepStrictEqual(yield* names, ["kept"])
      assert.deepStrictEqual(yield* names, ["kept"])
    }).pipe(Effect.provide(store))
  )

  it.effect("reads only the edited rules again", () =>
    Effect.gen(function* () {
      const rules = yield* AlertRules
      yield* Effect.forEach(["a", "b", "c"], (id) => rules.save(rule(id)))
      const before = (yield* rules.current).rules
      yield* rules.save(rule("b", { enabled: false }))
      yield* rules.remove(ruleId("c"))
      const after = (yield* rules.current).rules
      assert.deepStrictEqual(after, [rule("a"), rule("b", { enabled: false })])
      assert.strictEqual(after[0], before[0])
      yield* rules.save(rule("b"))
      yield* rules.save(rule("c"))
      assert.deepStrictEqual((yield* rules.current).rules, before)
    }).pipe(Effect.provide(store))
  )

  it.effect("knows only the last notifyOnClear of a removed rule", () =>
    Effect.gen(function* () {
      const rules = yield* AlertRules
      yield* rules.save(rule("loud", { notifyOnClear: false }))
      yield* rules.save(rule("loud", { notifyOnClear: true }))
      yield* rules.save(rule("quiet", { notifyOnClear: false }))
      yield* rules.remove(ruleId("loud"))
      yield* rules.remove(ruleId("quiet"))
      const { notifyOnClear, rules: inUse } = yield* rules.current
      assert.deepStrictEqual(inUse, [])
      assert.isUndefined(yield* rules.get(ruleId("loud")))
      assert.isTrue(notifyOnClear(ruleId("loud")))
      assert.isFalse(notifyOnClear(ruleId("quiet")))
    }).pipe(Effect.provide(store))
  )

  it.effect("allows the id of a removed rule again, and distinguishes two edits in one millisecond", () =>
    Effect.gen(function* () {
      const rules = yield* AlertRules
      const versions: Array<number | undefined> = []
      for (const name of ["first", "second", "third"]) {
        if (name === "third") yield* rules.remove(ruleId("r"))
        yield* rules.save(rule("r", { name }))
        versions.push((yield* rules.get(ruleId("r")))?.updatedAt)
      }
      assert.lengthOf(new Set(versions), 3)
      assert.deepStrictEqual(yield* names, ["third"])
    }).pipe(Effect.provide(store))
  )
})
