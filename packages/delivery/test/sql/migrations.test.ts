import { assert, describe, it } from "@effect/vitest"
import { AlertSearch, BackupTaken, History, Peers } from "@tocsin/delivery"
import { Context, Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { Migrator, SqlClient } from "effect/sql"
import { statSync } from "node:fs"
import { decodeHistory } from "../../src/records/deliveryHistory.ts"
import { migrate, schemaVersion } from "../../src/sql/migrate.ts"
import { migrations } from "../../src/sql/migrations.ts"
import { FreeSpace, rewritingMigration } from "../../src/sql/rewriting.ts"
import { clear, engine, outcomes, rule, save, tick } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { isPostgres, newFile, schema as tables, storeIn } from "../harness/store.ts"

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
  for (const [status, cause, attempt] of [
    ["pending", 'matched by "errors": \u{1F514}', null],
    ["sending", null, 1],
    ["retrying", "Unavailable: HTTP 503, [later]", 1],
    ["sending", null, 2],
    ["delivered", null, 2]
  ] as const) {
    yield* sql`INSERT INTO transitions ${sql.insert({ delivery_id: "raise of b", status, cause, attempt, at: 7 })}`
  }
  yield* sql`INSERT INTO transitions ${sql.insert({ delivery_id: "raise of a", status: "pending", at: 5 })}`
  const event = { source: "monitor", hash: "h", alert_id: "b", status: "accepted" }
  for (const [received_at, more] of [
    [3_600_001, {}],
    [90_000_001, { event_id: "e1" }],
    [90_000_002, {}],
    [90_000_003, { status: "late" }],
    [93_600_001, { note: "closed by hand: over" }]
  ] as const) {
    yield* sql`INSERT INTO events ${sql.insert({ ...event, received_at, ...more })}`
  }
})

/** Migrates to one of the schemas. */
const migrateTo = (schema: number) =>
  Migrator.make({})({
    loader: Migrator.fromRecord(Object.fromEntries(Object.entries(migrations).slice(0, schema))),
    table: "migrations"
  })

/** A store that starts with the tables of the first schema, and states that there is a backup. */
const backedUp = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provideService(effect, BackupTaken, true)

const histories = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ id: string; history: string }>`SELECT id, history FROM deliveries ORDER BY sequence`
  return rows.map(({ history, id }) => [
    id,
    ...decodeHistory(history).map(({ at, attempt, cause, status }) => [status, at, cause, attempt])
  ])
})

const migratedHistories = [
  ["raise of a", ["pending", 5, undefined, undefined]],
  [
    "raise of b",
    ["pending", 7, 'matched by "errors": \u{1F514}', undefined],
    ["sending", 7, undefined, 1],
    ["retrying", 7, "Unavailable: HTTP 503, [later]", 1],
    ["sending", 7, undefined, 2],
    ["delivered", 7, undefined, 2]
  ]
]

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
        // Services know a conversation by the id that it was opened with.
        assert.deepStrictEqual(
          script.sent.map(({ conversation }) => conversation),
          ["a at ops", "a at ops"]
        )
        assert.deepStrictEqual(yield* outcomes, ["Raised delivered", "Raised delivered", "Cleared delivered"])
        assert.strictEqual((yield* alerts.list({ state: "raised", limit: 10 })).total, 0)
      }).pipe(Effect.provide(engine(script, { file })), backedUp)
    })
  )

  for (const schema of Array.from({ length: rewritingMigration - 1 }, (_, index) => index + 1)) {
    it.effect(`keep the history of deliveries of schema ${schema}`, () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* first
        yield* migrateTo(schema)
        yield* backedUp(migrate)
        assert.deepStrictEqual(yield* histories, migratedHistories)
        const [next] = yield* sql<{ sequence: number }>`INSERT INTO deliveries (id, integration_id, kind, status, form,
          attempts, next_at, history, created_at, updated_at)
          VALUES ('c', 'ops', 'Notice', 'pending', 'rich', 0, 0, '[["pending",0]]', 0, 0) RETURNING sequence`
        assert.strictEqual(next?.sequence, 3)
        const counted = yield* sql<{ status: string; n: number }>`SELECT status, sum(n) AS n FROM delivery_counts
          GROUP BY status HAVING sum(n) > 0 ORDER BY status`
        assert.deepStrictEqual(
          counted.map(({ n, status }) => `${status} ${n}`),
          ["delivered 1", "pending 2"]
        )
        const events = yield* sql<{
          kept: string
        }>`SELECT coalesce(event_id, note) AS kept FROM events ORDER BY sequence`
        assert.deepStrictEqual(
          events.map(({ kept }) => kept),
          ["e1", "closed by hand: over"]
        )
        assert.deepStrictEqual(yield* sql`SELECT source, hour, n, last_at FROM event_counts ORDER BY hour`, [
          { source: "monitor", hour: 90_000_000, n: 2, last_at: 90_000_002 },
          { source: "monitor", hour: 93_600_000, n: 1, last_at: 93_600_001 }
        ])
      }).pipe(Effect.provide(storeIn(newFile())))
    )
  }

  it.effect("change nothing when they are interrupted, and begin again", () =>
    Effect.gen(function* () {
      yield* first
      yield* migrateTo(rewritingMigration - 1)
      const before = yield* tables
      const [name, rewrite] = Object.entries(migrations)[rewritingMigration - 1]!
      const interrupted = Migrator.make({})({
        loader: Migrator.fromRecord({
          ...Object.fromEntries(Object.entries(migrations).slice(0, rewritingMigration - 1)),
          [name]: Effect.andThen(rewrite, Effect.die("killed"))
        }),
        table: "migrations"
      })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(interrupted)))
      assert.deepStrictEqual(yield* tables, before)
      yield* backedUp(migrate)
      assert.deepStrictEqual(yield* histories, migratedHistories)
    }).pipe(Effect.provide(storeIn(newFile())))
  )

  it.effect("leave a backup of a file beside it, or insist on one of a database (M3)", () =>
    Effect.gen(function* () {
      const file = newFile()
      yield* Effect.gen(function* () {
        yield* first
        yield* migrateTo(9)
        if (isPostgres) {
          const error = yield* Effect.flip(migrate)
          assert.include(String(error), "start again with TOCSIN_BACKUP_TAKEN=yes. Nothing was changed")
          return
        }
        yield* migrate
        const backup = `${file}.schema-9`
        assert.strictEqual(statSync(backup).mode & 0o777, 0o600)
        const kept = yield* Effect.provide(
          Effect.all([
            schemaVersion,
            Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT status FROM transitions ORDER BY sequence`)
          ]),
          storeIn(backup)
        )
        assert.deepStrictEqual([kept[0], kept[1].length], [9, 6])
      }).pipe(Effect.provide(storeIn(file)))
    })
  )

  it.effect("refuse to rewrite a file without space for it", () =>
    Effect.gen(function* () {
      if (isPostgres) return
      yield* first
      yield* migrateTo(9)
      const before = yield* tables
      const error = yield* Effect.flip(Effect.provideService(migrate, FreeSpace, () => 100_000))
      assert.match(String(error), /for which \d MB must be free beside it, with a backup: 1 MB are/)
      assert.deepStrictEqual(yield* tables, before)
    }).pipe(Effect.provide(storeIn(newFile())))
  )

  it.live("refuse to rewrite the tables while a gateway runs on them (M3)", () =>
    Effect.gen(function* () {
      // A file is locked for as long as a gateway runs.
      if (!isPostgres) return
      const file = newFile()
      const running = yield* Layer.build(storeIn(file))
      yield* Effect.provideContext(Effect.andThen(first, migrateTo(9)), running)
      const gained = yield* Deferred.make<void>()
      const handlers = {
        gained: () => Effect.asVoid(Deferred.succeed(gained, undefined)),
        lost: () => Effect.void,
        released: () => Effect.void
      }
      const owning = yield* Effect.forkScoped(Context.get(running, Peers).own(handlers))
      yield* Deferred.await(gained)
      const upgrade = Effect.provide(backedUp(migrate), storeIn(file))
      const error = yield* Effect.flip(upgrade)
      assert.include(String(error), "Gateways of an earlier version run on the database")
      yield* Fiber.interrupt(owning)
      yield* upgrade
      assert.deepStrictEqual(yield* Effect.provide(histories, storeIn(file)), migratedHistories)
    }).pipe(Effect.scoped)
  )

  it.effect("create the same tables at once as step by step", () =>
    Effect.gen(function* () {
      const stepByStep = yield* Effect.provide(
        Effect.andThen(first, Effect.andThen(backedUp(migrate), tables)),
        storeIn(newFile())
      )
      assert.deepStrictEqual(yield* Effect.provide(Effect.andThen(migrate, tables), storeIn(newFile())), stepByStep)
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
