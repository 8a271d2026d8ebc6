/**
 * TLS to PostgreSQL, as the URL's parameters say (https://www.postgresql.org/docs/current/libpq-ssl.html).
 */
import { readFileSync } from "node:fs"
import type { ConnectionOptions } from "node:tls"

/**
 * Reads `sslmode`, `sslrootcert`, `sslcert` and `sslkey` as libpq does; undefined leaves `prefer` and `allow` to the client.
 * Throws if a file cannot be read.
 */
export const tlsOf = (url: string): boolean | ConnectionOptions | undefined => {
  const { searchParams } = new URL(url)
  const file = (name: string) => {
    const path = searchParams.get(name)
    return path === null || path === "system" ? undefined : readFileSync(path)
  }
  const mode = searchParams.get("sslmode")
  if (mode === null || mode === "prefer" || mode === "allow") return undefined
  if (mode === "disable") return false
  const [ca, cert, key] = [file("sslrootcert"), file("sslcert"), file("sslkey")]
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  // As libpq: with a root certificate, require is verify-ca.
  if (mode === "require" && ca === undefined) return { ...files, rejectUnauthorized: false }
  if (mode === "verify-full") return files
  return { ...files, checkServerIdentity: () => undefined }
}
