/**
 * TLS to PostgreSQL, as the URL's parameters say (https://www.postgresql.org/docs/current/libpq-ssl.html).
 */
import { Effect, Predicate, Result } from "effect"
import type { SqlError } from "effect/sql"
import { readFileSync, statSync } from "node:fs"
import { type ConnectionOptions, createSecureContext } from "node:tls"

/** One way to connect: without TLS, or with these options. */
type Way = false | ConnectionOptions

/** The one or two ways to connect that `sslmode` allows, the preferred one first. */
export type Ways = readonly [Way, Way?]

const modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

/**
 * Reads `sslmode` (by default `prefer`), `sslrootcert`, `sslcert` and `sslkey`. Fails with a sentence for the operator.
 * Unlike libpq, it trusts Node's authorities without an `sslrootcert`, and reads only files that the URL names.
 */
export const waysToConnect = (text: string): Result.Result<Ways, string> => {
  const { hostname, searchParams } = new URL(text)
  // As in libpq, a Unix socket has no TLS.
  if ((searchParams.get("host") ?? decodeURIComponent(hostname)).startsWith("/")) return Result.succeed([false])
  const root = searchParams.get("sslrootcert")
  const mode = searchParams.get("sslmode") ?? (root === "system" ? "verify-full" : "prefer")
  if (!modes.includes(mode))
    return Result.fail(`The database's URL has an unknown sslmode. Use one of ${modes.join(", ")}.`)
  if (mode === "disable") return Result.succeed([false])
  if (root === "system" && mode !== "verify-full") {
    return Result.fail("sslrootcert=system in the database's URL needs sslmode=verify-full.")
  }
  return Result.map(
    secureContext(root === "system" ? null : root, searchParams.get("sslcert"), searchParams.get("sslkey")),
    (secureContext): Ways => {
      const tls = {
        secureContext,
        // As in libpq, a root certificate makes every mode check the server's certificate.
        rejectUnauthorized: root !== null || mode.startsWith("verify-"),
        ...(mode !== "verify-full" && { checkServerIdentity: () => undefined })
      }
      return mode === "allow" ? [false, tls] : mode === "prefer" ? [tls, false] : [tls]
    }
  )
}

const secureContext = (ca: string | null, cert: string | null, key: string | null) => {
  if ((cert === null) !== (key === null)) {
    return Result.fail("sslcert and sslkey in the database's URL belong together. Name both files.")
  }
  // libpq's rule for sslkey: root's file may be readable by its group.
  const stat = key === null || process.platform === "win32" ? undefined : statSync(key, { throwIfNoEntry: false })
  if (stat !== undefined && (stat.mode & (stat.uid === 0 ? 0o037 : 0o077)) !== 0) {
    return Result.fail(
      "The file of sslkey in the database's URL can be read or written by others. Run chmod 600 on it."
    )
  }
  return Result.try({
    try: () =>
      createSecureContext({
        ...(ca !== null && { ca: readFileSync(ca) }),
        ...(cert !== null && { cert: readFileSync(cert) }),
        ...(key !== null && { key: readFileSync(key) })
      }),
    catch: () =>
      "A file of sslrootcert, sslcert or sslkey in the database's URL cannot be read. Name PEM files, and a key without a passphrase."
  })
}

/** The way to connect that last worked. */
export interface Negotiated {
  readonly current: () => Way
  /** Connects in the preferred way, and in the other one if the server may have refused because of TLS. */
  readonly connect: <A, R>(
    connectBy: (way: Way) => Effect.Effect<A, SqlError.SqlError, R>
  ) => Effect.Effect<A, SqlError.SqlError, R>
}

/** Begins with the preferred way. */
export const negotiate = ([preferred, other]: Ways): Negotiated => {
  let current = preferred
  return {
    current: () => current,
    connect: (connectBy) => {
      const by = (way: Way) => Effect.tap(connectBy(way), () => Effect.sync(() => void (current = way)))
      if (other === undefined) return by(preferred)
      return Effect.catchIf(by(preferred), mayBeOfTls, (error) =>
        Effect.mapError(by(other), (otherError) => {
          const [withTls, without] = other === false ? [error, otherError] : [otherError, error]
          return tlsProblem(withTls) === "NotOffered" ? without : withTls
        })
      )
    }
  }
}

/** Why a connection with TLS failed, or one without it. */
export type TlsProblem =
  | "NotOffered"
  | "Demanded"
  | "OtherHost"
  | "Untrusted"
  | "ClientCertificateMissing"
  | "ClientCertificateRefused"

/** The problem with TLS; undefined for any other problem. */
export const tlsProblem = ({ reason: { cause } }: SqlError.SqlError): TlsProblem | undefined => {
  const message = cause instanceof Error ? cause.message : ""
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  if (message === "The server does not support TLS") return "NotOffered"
  if (/no encryption|SSL off/.test(message)) return "Demanded"
  if (/requires a valid client certificate/.test(message)) return "ClientCertificateMissing"
  if (/^ERR_SSL_.*_ALERT_/.test(code)) return "ClientCertificateRefused"
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return "OtherHost"
  return /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_SSL|ERR_TLS)/.test(code) ? "Untrusted" : undefined
}

/** Whether the server answered, and may accept a connection with TLS, or without it, instead. */
const mayBeOfTls = (error: SqlError.SqlError) =>
  error.reason._tag === "AuthenticationError" || tlsProblem(error) !== undefined
