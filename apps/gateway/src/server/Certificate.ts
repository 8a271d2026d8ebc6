/**
 * The certificate of the HTTPS server: PEM files, read again when they change.
 */
import { Effect, FileSystem, Schedule, Schema } from "effect"
import { createPrivateKey, X509Certificate } from "node:crypto"
import { createSecureContext, type SecureContextOptions, type Server } from "node:tls"

/**
 * How often the files are read. They are not watched, because a watch does not notice that a symbolic link in the path,
 * such as Kubernetes', was replaced.
 */
const interval = "5 seconds"

/** The files do not contain a certificate with its key; the message is for the operator. */
class CertificateUnusable extends Schema.TaggedError<CertificateUnusable>()("CertificateUnusable", {
  message: Schema.String
}) {}

/** The files of the certificate with its chain, and of its private key. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** Reads both files, and checks that they belong together. At least TLS 1.2. */
export const read = Effect.fnUntraced(function* ({ cert, key }: CertificateFiles) {
  const fs = yield* FileSystem.FileSystem
  const readFile = (setting: string, path: string) =>
    Effect.mapError(
      fs.readFileString(path),
      ({ reason }) => new CertificateUnusable({ message: `${setting}: ${path} cannot be read (${reason._tag}).` })
    )
  const context = {
    cert: yield* readFile("TOCSIN_TLS_CERT", cert),
    key: yield* readFile("TOCSIN_TLS_KEY", key),
    minVersion: "TLSv1.2"
  } as const
  yield* Effect.try({
    try: () => {
      // Node would treat an empty file, which exists briefly during a write, as no certificate.
      new X509Certificate(context.cert)
      createPrivateKey(context.key)
      return createSecureContext(context)
    },
    catch: () =>
      new CertificateUnusable({
        message: `TOCSIN_TLS_CERT and TOCSIN_TLS_KEY: ${cert} and ${key} are not a certificate and its key, in PEM and without a passphrase.`
      })
  })
  return context
})

/**
 * Uses the files' certificate for new connections whenever it changes. While the files cannot be used, the last
 * certificate stays, with one warning in the log. Never ends.
 */
export const follow = Effect.fnUntraced(function* (
  server: Pick<Server, "setSecureContext">,
  files: CertificateFiles,
  first: SecureContextOptions
) {
  let current = first
  let warned = ""
  const look = read(files).pipe(
    Effect.flatMap((found) => {
      warned = ""
      if (found.cert === current.cert && found.key === current.key) return Effect.void
      current = found
      server.setSecureContext(found)
      return Effect.logInfo("New connections get the new certificate")
    }),
    Effect.catchTag("CertificateUnusable", ({ message }) => {
      if (message === warned) return Effect.void
      warned = message
      return Effect.logWarning(`The certificate that was read before stays in use. ${message}`)
    })
  )
  return yield* Effect.repeat(look, Schedule.spaced(interval))
})
