import { startPostgres } from "@tocsin/test-postgres"
import { Effect } from "effect"

/** A PostgreSQL for the tests of a file, or for one; gone with the scope. */
export const postgres = Effect.acquireRelease(
  Effect.promise(() => startPostgres()),
  ({ stop }) => Effect.promise(stop)
)
