/**
 * The store that the settings name.
 */
import { Postgres, Sqlite } from "@tocsin/delivery"
import { Effect, Layer } from "effect"
import type { SqlError } from "effect/sql"
import { StartRefused } from "./Settings.ts"
import type { StoreUrl } from "./storeUrl.ts"

/** Opens the store; one that cannot be used is a sentence for the operator. */
export const layer = (store: StoreUrl) =>
  store._tag === "Sqlite"
    ? Sqlite.layer(store.file).pipe(Layer.catch((error) => refuse(sqliteRefused(store.file, error))))
    : Postgres.layer(store.url).pipe(
        Layer.catch((error) =>
          refuse(error._tag === "PostgresRefused" ? error.message : postgresRefused(store.shown, error))
        )
      )

const refuse = (message: string) => Layer.effectContext(Effect.fail(new StartRefused({ message })))

const sqliteRefused = (file: string, { reason }: SqlError.SqlError) =>
  reason._tag === "LockTimeoutError"
    ? `A gateway runs on ${file}, or tocsin migrate-store does: stop it, or name another store.`
    : `The database ${file} cannot be opened (${reason.message ?? reason._tag}).`

const postgresRefused = (shown: string, { reason }: SqlError.SqlError) => {
  switch (reason._tag) {
    case "AuthenticationError":
      return `${shown} does not let the user of its URL in: look at its name and password, and at pg_hba.conf.`
    case "AuthorizationError":
      return `${shown} does not allow what is needed: make the user of its URL the owner of the database.`
    default:
      return `${shown} cannot be reached (${reason._tag}): look whether it runs, at the host, the port and the database in its URL, and that no pooler such as PgBouncer stands before it.`
  }
}
