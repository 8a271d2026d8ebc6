import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { newFile, storeIn } from "../harness/store.ts"

describe("The client of a store", () => {
  it.effect("does not keep what it compiled of a statement", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const statement = sql`SELECT 1 AS n WHERE 1 = ${1}`
      assert.deepStrictEqual([...(yield* statement)], [{ n: 1 }])
      assert.notStrictEqual(statement.compile(), statement.compile())
    }).pipe(Effect.provide(storeIn(newFile())))
  )
})
