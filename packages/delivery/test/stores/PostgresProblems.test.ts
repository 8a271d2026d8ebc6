import { assert, describe, it } from "@effect/vitest"
import { Postgres, storeProblem } from "@tocsin/delivery"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { storeIn } from "../harness/store.ts"

const run = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))

const problemOf = (statement: string) => Effect.map(Effect.flip(run(statement)), (error) => storeProblem(error))

describe("The problems of a PostgreSQL store", () => {
  it.effect("name the server's error", () =>
    Effect.gen(function* () {
      const raised = (code: string) => problemOf(`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${code}'; END $$`)
      const codes = ["53100", "58030", "XX001", "53200", "57P03"]
      assert.deepStrictEqual(yield* Effect.forEach(codes, raised), [
        "DiskFull",
        "DiskError",
        "Corrupt",
        "OutOfMemory",
        "Unreachable"
      ])
      const readOnly = "SET transaction_read_only = on; CREATE TABLE t (n int)"
      assert.strictEqual(yield* problemOf(`DO $$ BEGIN ${readOnly}; END $$`), "ReadOnly")
    }).pipe(Effect.provide(storeIn(":memory:")))
  )

  it.effect("name a server without a free connection, and one that is unreachable", () =>
    Effect.gen(function* () {
      yield* run("CREATE ROLE limited LOGIN PASSWORD 'x' CONNECTION LIMIT 0")
      const url = new URL(inject("postgres")?.url ?? "")
      url.username = "limited"
      url.password = "x"
      const open = Effect.suspend(() => Effect.flip(Layer.build(Postgres.layer(Redacted.make(url.href))))).pipe(
        Effect.map((error) => (error._tag === "SqlError" ? storeProblem(error) : error.message))
      )
      assert.strictEqual(yield* open, "TooManyConnections")
      url.port = "1"
      assert.strictEqual(yield* open, "Unreachable")
    }).pipe(Effect.scoped, Effect.provide(storeIn(":memory:")))
  )
})
