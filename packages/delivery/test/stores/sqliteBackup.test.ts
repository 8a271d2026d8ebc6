import { assert, describe, it } from "@effect/vitest"
import { Backups, Sqlite } from "@tocsin/delivery"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

const folder = mkdtempSync(join(tmpdir(), "tocsin-backups-"))

describe("A copy of a SQLite store", () => {
  it.live("is complete, and ends, while one transaction follows another", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { copyTo } = yield* Backups
      assert(copyTo !== undefined)
      yield* sql`CREATE TABLE entries (id INTEGER PRIMARY KEY, text TEXT)`
      const write = sql`INSERT INTO entries (text) VALUES (${"x".repeat(1000)})`
      yield* sql.withTransaction(Effect.repeat(write, { times: 999 }))
      // A transaction is open nearly always.
      const transaction = sql.withTransaction(Effect.repeat(Effect.andThen(write, Effect.yieldNow), { times: 9 }))
      yield* Effect.forkScoped(Effect.forever(transaction))
      yield* Effect.forEach(Array.from({ length: 20 }).keys(), (n) =>
        Effect.gen(function* () {
          const file = join(folder, `${n}.db`)
          yield* copyTo(file)
          const copy = new DatabaseSync(file)
          assert.deepStrictEqual(Object.values(copy.prepare("PRAGMA integrity_check").get() ?? {}), ["ok"])
          const { rows } = { rows: 0, ...copy.prepare("SELECT count(*) AS rows FROM entries").get() }
          assert.isAtLeast(rows, 1000)
          assert.strictEqual(rows % 10, 0, "half a transaction was copied")
          copy.close()
        })
      )
    }).pipe(Effect.provide(Sqlite.layer(join(folder, "tocsin.db"))), Effect.scoped)
  )
})
