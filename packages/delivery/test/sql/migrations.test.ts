import { assert, describe, it } from "@effect/vitest"
import { AlertSearch, History } from "@tocsin/delivery"
import { Effect } from "effect"
import { Migrator, SqlClient } from "effect/sql"
import { migrate } from "../../src/sql/migrate.ts"
import { migrations } from "../../src/sql/migrations.ts"
import { clear, engine, outcomes, rule, save, tick } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { newFile, schema, storeIn } from "../harness/store.ts"

/** A database of the first schema: `a` is raised and waits to be told, `b` was told and has cleared. */
const first = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const loader = Migrator.fromRecord({ "1_tables": migrations["1_tables"] })
  yield* Migrator.make({})({ loader, table: "migrations" })
  yield* sql`INSERT INTO integrations ${sql.insert({
    id: "ops",
    type: "fake",
    name: "ops",
    enabled: 1,
    options: "{}",
    sealed_settings: JSON.stringify({ channel: "ops" }),
    settings_version: 1,
    key_id: "none",
    created_at: 0,
    updated_at: 0
  })}`
  yield* sql`INSERT INTO rules ${sql.insert({ id: "r", rule: JSON.stringify(rule("r")), created_at: 0, updated_at: 0 })}`
  for (const [id, state, status] of [
    ["a", "raised", "pending"],
    ["b", "cleared", "delivered"]
  ] as const) {
    const alert = {
      id,
      source: "monitor",
      sourceId: id,
      episode: 1,
      state,
      rule: { name: "errors" },
      severity: "major",
      observations: [],
      observationsOmitted: 0,
      labels: {},
      links: {},
      startedAt: "2026-01-01T00:00:00.000Z"
    }
    yield* sql`INSERT INTO alerts ${sql.insert({
      id,
      source: "monitor",
      source_id: id,
      episode: 1,
      state,
      severity: "major",
      raised_here: 1,
      started_at: 0,
      clear_time_stated: 0,
      alert: JSON.stringify(alert),
      last_hash: "",
      last_heard_at: 0,
      created_at: 0
    })}`
    yield* sql`INSERT INTO conversations ${sql.insert({
      id: `${id} at ops`,
      alert_id: id,
      integration_id: "ops",
      state: state === "raised" ? "open" : "closed",
      holders: state === "raised" ? '["r"]' : "[]",
      held_by: '["r"]',
      last_owed: "raised",
      perhaps_told: 0,
      opened_at: 0
    })}`
    yield* sql`INSERT INTO deliveries ${sql.insert({
      id: `raise of ${id}`,
      conversation_id: `${id} at ops`,
      alert_id: id,
      integration_id: "ops",
      kind: "Raised",
      status,
      form: "rich",
      attempts: 0,
      unanswered: 0,
      next_at: 0,
      created_at: 0,
      updated_at: 0
    })}`
  }
})

describe("Migrations", () => {
  it.effect("migrate a database of the first schema, and the engine resumes on it", () =>
    Effect.gen(function* () {
      const file = newFile()
      const script = new Script()
      yield* Effect.provide(first, storeIn(file))
      yield* Effect.gen(function* () {
        const history = yield* History
        const alerts = yield* AlertSearch
        assert.strictEqual((yield* history.list({ status: [], limit: 10 })).total, 2)
        assert.strictEqual((yield* alerts.list({ state: "raised", limit: 10 })).total, 1)
        yield* tick
        assert.strictEqual((yield* history.list({ status: ["delivered"], limit: 10 })).total, 2)
        yield* save(rule("r", { match: { severity: "critical" } }))
        yield* clear("a")
        yield* tick
        assert.deepStrictEqual(script.kinds("ops"), ["Raised", "Cleared"])
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Raised delivered", "Cleared delivered"])
        assert.strictEqual((yield* alerts.list({ state: "raised", limit: 10 })).total, 0)
      }).pipe(Effect.provide(engine(script, { file })))
    })
  )

  it.effect("create the same tables at once as step by step", () =>
    Effect.gen(function* () {
      const stepByStep = yield* Effect.provide(
        Effect.andThen(first, Effect.andThen(migrate, schema)),
        storeIn(newFile())
      )
      assert.deepStrictEqual(yield* Effect.provide(Effect.andThen(migrate, schema), storeIn(newFile())), stepByStep)
    })
  )

  it.effect("leave a database of a later version unchanged", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* migrate
      yield* sql`INSERT INTO migrations ${sql.insert({ migration_id: 99, name: "later" })}`
      const error = yield* Effect.flip(migrate)
      assert.include(String(error), "a later version of Tocsin (schema 99")
    }).pipe(Effect.provide(storeIn(":memory:")))
  )
})
