import { assert, describe, it } from "@effect/vitest"
import { Configuration, Seal, Sources } from "@tocsin/delivery"
import { Effect, Exit, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { engine, integration, raise, rule, save } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { contents, newFile } from "../harness/store.ts"

const key = (fill: number) => Redacted.make(new Uint8Array(32).fill(fill))
const seal = (...fills: readonly [number, number?]) =>
  Layer.orDie(Seal.layer(key(fills[0]), fills[1] === undefined ? undefined : key(fills[1])))

const channels = ["one", "two", "three"]

/** A store with three integrations that the first key sealed. */
const stored = Effect.gen(function* () {
  const file = newFile()
  yield* save(
    ...channels.map((channel) => integration(channel, { settings: { channel, token: `token of ${channel}` } })),
    rule("all", { to: channels })
  ).pipe(Effect.provide(engine(new Script(), { file, seal: seal(1) })))
  return file
})

const keyIds = Effect.map(
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql<{ key_id: string }>`SELECT key_id FROM integrations ORDER BY id`),
  (rows) => rows.map(({ key_id }) => key_id)
)

/** Tells an alert, and sees that all settings could be opened. */
const tellAll = Effect.fnUntraced(function* (file: string, seal: Layer.Layer<Seal>) {
  const script = new Script()
  yield* Effect.gen(function* () {
    yield* raise("a")
    yield* Effect.repeat(Effect.yieldNow, { until: () => script.sent.length === 3 })
    assert.lengthOf(new Set(yield* keyIds), 1)
  }).pipe(Effect.provide(engine(script, { file, seal })))
  assert.deepStrictEqual(new Set(script.tokens), new Set(channels.map((channel) => `token of ${channel}`)))
})

describe("A change of the key (S1)", () => {
  it.live("seals everything with the new key, which is enough from then on", () =>
    Effect.gen(function* () {
      const file = yield* stored
      yield* Effect.provide(Effect.void, engine(new Script(), { file, seal: seal(2, 1) }))
      yield* tellAll(file, seal(2))
    })
  )

  it.live("seals the secrets of configured sources with the new key, and stores none in the clear", () =>
    Effect.gen(function* () {
      const file = newFile()
      const secrets = { hmac: "canary-of-a-signature", settings: { key: "canary-of-a-setting" } }
      const source = { name: "signed", type: "grafana", options: {}, changedCredentials: [], credentials: [] }
      yield* Effect.flatMap(Sources, (sources) =>
        sources.save({ ...source, secrets, shown: {} }, "any", () => ({}))
      ).pipe(Effect.provide(engine(new Script(), { file, seal: seal(1) })))
      assert.notInclude(JSON.stringify(yield* contents(file)), "canary")
      const refused = yield* Effect.exit(Effect.provide(Effect.void, engine(new Script(), { file, seal: seal(2) })))
      assert.include(JSON.stringify(refused), "sealed with another key")
      yield* Effect.provide(Effect.void, engine(new Script(), { file, seal: seal(2, 1) }))
      const found = yield* Effect.flatMap(Sources, (sources) => sources.get("signed")).pipe(
        Effect.provide(engine(new Script(), { file, seal: seal(2) }))
      )
      assert.deepStrictEqual(found?.secrets, secrets)
    })
  )

  it.live("changes nothing if it is interrupted", () =>
    Effect.gen(function* () {
      const file = yield* stored
      let sealed = 0
      const stopping = Layer.effect(
        Seal,
        Effect.map(Seal, (whole) =>
          Seal.of({
            ...whole,
            seal: (text, row) => (++sealed >= 2 ? Effect.die(new Error("stopped")) : whole.seal(text, row))
          })
        )
      ).pipe(Layer.provide(seal(2, 1)))
      const exit = yield* Effect.exit(Effect.provide(Effect.void, engine(new Script(), { file, seal: stopping })))
      assert.isTrue(Exit.isFailure(exit))
      const refused = yield* Effect.exit(Effect.provide(Effect.void, engine(new Script(), { file, seal: seal(2) })))
      assert.include(JSON.stringify(refused), "sealed with another key")
      yield* Effect.provide(Effect.void, engine(new Script(), { file, seal: seal(1) }))
      yield* tellAll(file, seal(2, 1))
    })
  )

  it.live("refuses a wrong key, also as the previous one, and changes nothing", () =>
    Effect.gen(function* () {
      const file = yield* stored
      const before = yield* contents(file)
      for (const wrong of [seal(3), seal(2, 3)]) {
        const refused = yield* Effect.exit(Effect.provide(Effect.void, engine(new Script(), { file, seal: wrong })))
        assert.include(JSON.stringify(refused), "sealed with another key")
      }
      assert.isTrue(before === (yield* contents(file)))
      yield* tellAll(file, seal(1))
    })
  )

  it.live("changes nothing if a setting cannot be opened, so that the previous key still works", () =>
    Effect.gen(function* () {
      const file = yield* stored
      yield* Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`UPDATE integrations SET sealed_settings = 'broken' WHERE id = ${channels[1]}`
      ).pipe(Effect.provide(engine(new Script(), { file, seal: seal(1) })))
      const refused = yield* Effect.exit(Effect.provide(Effect.void, engine(new Script(), { file, seal: seal(2, 1) })))
      assert.include(JSON.stringify(refused), "start with the previous key alone")
      const states = yield* Effect.provide(
        Effect.map(
          Configuration.use(({ integrations }) => integrations),
          (all) => all.map(({ broken }) => broken === undefined)
        ),
        engine(new Script(), { file, seal: seal(1) })
      )
      assert.deepStrictEqual(states, [true, false, true])
    })
  )
})
