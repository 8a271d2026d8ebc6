/**
 * The store that the settings name.
 */
import { type Backups, type Peers, Postgres, Sqlite, storeProblem, storeSentences } from "@tocsin/delivery"
import { Effect, Layer, Predicate } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { databaseProblem } from "./filePrivacy.ts"
import { StartRefused } from "./Settings.ts"
import type { StoreUrl } from "./storeUrl.ts"

/** Opens the store; one that cannot be used is a sentence for the operator. */
export const layer = (store: StoreUrl) =>
  store._tag === "Sqlite"
    ? Layer.suspend(() => {
        const problem = databaseProblem(store.file)
        return problem === undefined
          ? Layer.catch(Sqlite.layer(store.file), (error) => refuse(sqliteRefused(store.file, error)))
          : refuse(problem)
      })
    : Postgres.layer(store.url).pipe(
        Layer.catch((error) =>
          refuse(error._tag === "PostgresRefused" ? error.message : postgresRefused(store.shown, error))
        )
      )

const refuse = (message: string): Layer.Layer<SqlClient.SqlClient | Peers | Backups, StartRefused> =>
  Layer.effectContext(Effect.fail(new StartRefused({ message })))

const sqliteRefused = (file: string, error: SqlError.SqlError) => {
  const problem = storeProblem(error)
  return problem === "Locked"
    ? `A gateway runs on ${file}, or tocsin migrate-store does: stop it, or name another store.`
    : `Cannot open ${file} (${problem}). ${storeSentences[problem]}`
}

/** What is wrong with TLS; undefined if something else is. */
const tlsProblem = ({ reason: { cause } }: SqlError.SqlError): string | undefined => {
  const message = cause instanceof Error ? cause.message : ""
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  if (message === "The server does not support TLS") {
    return "does not offer TLS. Turn on ssl there, or set sslmode=disable in the URL."
  }
  if (/no encryption|SSL off/.test(message)) return "demands TLS. Add ?sslmode=verify-full to the URL."
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "has a certificate for another host. Use the host name of the certificate in the URL, or sslmode=verify-ca."
  }
  return /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_SSL|ERR_TLS)/.test(code)
    ? `has a certificate that is not trusted (${code}). Name the certificate of its authority: sslrootcert=<file> in the URL.`
    : undefined
}

const postgresRefused = (shown: string, error: SqlError.SqlError) => {
  const tls = tlsProblem(error)
  if (tls !== undefined) return `${shown} ${tls}`
  const problem = storeProblem(error)
  switch (problem) {
    case "AccessDenied":
      return error.reason._tag === "AuthenticationError"
        ? `${shown} does not let the user of its URL in: look at its name and password, and at pg_hba.conf.`
        : `${shown} does not allow what is needed: make the user of its URL the owner of the database.`
    case "Unreachable":
    case "Failed":
      return `${shown} cannot be reached (${error.reason._tag}): look whether it runs, at the host, the port and the database in its URL, and that no pooler such as PgBouncer stands before it.`
    default:
      return `Cannot use ${shown} (${problem}). ${storeSentences[problem]}`
  }
}
