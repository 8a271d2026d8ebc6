import { createHash, randomBytes } from "node:crypto"
import { Redacted } from "effect"

/** Makes the secret of a new API key: 256 random bits, with a prefix that scanners for leaked secrets can know. */
export const newKey = (): Redacted.Redacted => Redacted.make(`tocsin_${randomBytes(32).toString("base64url")}`)

/**
 * The hash that is stored instead of a key, or of a credential of a source. The form is part of it, so that a credential
 * is accepted in its own form only. The secrets are long, so that no slow hash is needed.
 */
export const secretHashOf = (form: "token" | "basic" | "urlToken", secret: Redacted.Redacted): string =>
  createHash("sha256")
    .update(`${form}\0${Redacted.value(secret)}`)
    .digest("hex")
