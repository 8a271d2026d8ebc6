import { assert, describe, it } from "@effect/vitest"
import { GroupCommit, Readiness, storeSentences } from "@tocsin/delivery"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { engine, fixture, integration, save } from "../harness/engine.ts"
import { Script } from "../harness/FakeChannel.ts"
import { settle } from "../harness/idle.ts"
import { ScriptedPeers, sharedStore } from "../harness/peers.ts"
import { filled } from "../harness/store.ts"

/** What is wrong, by the dependency; nothing for those that are `ok`. */
const problems = Effect.gen(function* () {
  const dependencies = yield* (yield* Readiness).dependencies
  assert.deepStrictEqual(
    dependencies.map(({ name }) => name),
    ["store", "partitions", "key", "plugins"]
  )
  return dependencies.flatMap(({ detail, name, status }) => (status === "ok" ? [] : [`${name} ${status}: ${detail}`]))
})

describe("Readiness", () => {
  it.effect(
    "names no problem while there is none",
    fixture(() =>
      Effect.gen(function* () {
        yield* save(integration("ops"))
        assert.deepStrictEqual(yield* problems, [])
      })
    )
  )

  it.effect(
    "names integrations whose settings are sealed with another key, or whose plugin is missing, unless disabled",
    fixture(() =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* save(integration("ops"), integration("dev"), integration("off", { enabled: false }))
        yield* sql`UPDATE integrations SET key_id = 'another' WHERE id <> 'dev'`
        assert.deepStrictEqual(yield* problems, [
          "key failed: The key does not open the settings of 1 integration. Give every gateway the same TOCSIN_KEY, and restart this one."
        ])
        yield* sql`UPDATE integrations SET key_id = 'none', type = 'gone'`
        assert.deepStrictEqual(yield* problems, [
          "plugins failed: The plugin of 2 integrations is not installed. Name its package in TOCSIN_PLUGINS."
        ])
      })
    )
  )

  it.effect(
    "names a store that accepts no writes",
    fixture(() =>
      Effect.gen(function* () {
        // On PostgreSQL its session may not be there yet.
        yield* settle
        const { big } = yield* filled
        yield* Effect.flip((yield* GroupCommit).commit(big))
        assert.deepStrictEqual(yield* problems, [`store failed: ${storeSentences.DiskFull}`])
      })
    )
  )

  it.effect("names partitions that no gateway owns, and a connection that is interrupted", () =>
    Effect.gen(function* () {
      const peers = new ScriptedPeers()
      const store = (yield* sharedStore)(peers)
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* problems, [])
        peers.unowned = 3
        assert.deepStrictEqual(yield* problems, [
          "partitions failed: 3 partitions have no gateway. The others take them over within seconds."
        ])
        peers.unowned = undefined
        assert.deepStrictEqual(yield* problems, [
          "partitions failed: The connection that owns partitions is interrupted. It is made again every second."
        ])
      }).pipe(Effect.provide(engine(new Script(), { store })))
    }).pipe(Effect.scoped)
  )
})
