/**
 * The store that the settings name.
 */
import {
  type Backups,
  type Peers,
  Postgres,
  Sqlite,
  storeProblem,
  storeSentences,
  type TlsProblem,
  tlsProblem
} from "@tocsin/delivery"
import { Effect, Layer } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { databaseProblem } from "./settings/filePrivacy.ts"
import { StartRefused } from "./settings/Settings.ts"
import type { StoreUrl } from "./settings/storeUrl.ts"

/** Opens the store; fails with a sentence for the operator if it cannot be used. */
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

const tlsSentences: { readonly [problem in TlsProblem]: string } = {
  NotOffered: "does not offer TLS. Turn on ssl there, or set sslmode=prefer in the URL.",
  Demanded: "demands TLS. Replace sslmode=disable in the URL by sslmode=verify-full.",
  OtherHost:
    "has a certificate for another host. Use the host name of the certificate in the URL, or sslmode=verify-ca.",
  Untrusted:
    "has a certificate that is not trusted. Name the certificate of its authority: sslrootcert=<file> in the URL.",
  ClientCertificateMissing: "demands a client certificate. Name it in the URL: sslcert=<file> and sslkey=<file>.",
  ClientCertificateRefused:
    "refuses the client certificate. Look whether its authority is in the file of ssl_ca_file there, and whether it has expired."
}

/** PgBouncer's words; PostgreSQL knows all of our settings. */
const isOfPooler = ({ reason: { cause } }: SqlError.SqlError) =>
  cause instanceof Error && /unsupported startup parameter/.test(cause.message)

const postgresRefused = (shown: string, error: SqlError.SqlError) => {
  const tls = tlsProblem(error)
  if (tls !== undefined) return `${shown} ${tlsSentences[tls]}`
  if (isOfPooler(error)) {
    return `A connection pooler is in front of ${shown} and refuses the settings of sessions: point the URL to PostgreSQL itself.`
  }
  const problem = storeProblem(error)
  switch (problem) {
    case "AccessDenied":
      return error.reason._tag === "AuthenticationError"
        ? `${shown} does not let the user of its URL in: look at its name and password, and at pg_hba.conf.`
        : `${shown} lacks a privilege: make the user of its URL the owner of the database.`
    case "Unreachable":
    case "Failed":
      return `${shown} cannot be reached (${error.reason._tag}): look whether it runs, at the host, the port and the database in its URL, and that no pooler such as PgBouncer stands before it.`
    default:
      return `Cannot use ${shown} (${problem}). ${storeSentences[problem]}`
  }
}
