/**
 * The row of a key in the table `api_keys`.
 */
import { Schema } from "effect"

/** An API key, or a credential of a source; times are epoch milliseconds. */
export interface StoredKey {
  readonly id: string
  /** Its number in the store, in the order of creation. */
  readonly sequence: number
  /** `key` is an API key; the others are the forms in which a source sends its credential. */
  readonly kind: CredentialKind
  readonly name: string
  readonly scopes: ReadonlyArray<string>
  readonly createdBy: string
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly lastUsedAt: number | undefined
  readonly revokedAt: number | undefined
  /** The id of the key that it was rotated to. */
  readonly replacedBy: string | undefined
}

/** The forms of a credential. */
export type CredentialKind = "key" | "token" | "basic" | "urlToken"

/** What transactions lock that depend on the keys. */
export const keysLock = ["api_keys"]

/** Whether a key is valid at a time, in epoch milliseconds. */
export const isValid = ({ expiresAt, revokedAt }: Pick<StoredKey, "expiresAt" | "revokedAt">, now: number): boolean =>
  revokedAt === undefined && (expiresAt === undefined || expiresAt > now)

/** A key as the audit log has it. */
export const shown = ({ expiresAt, name, revokedAt, scopes }: StoredKey) => ({
  name,
  scopes,
  ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
  ...(revokedAt !== undefined && { revokedAt: new Date(revokedAt).toISOString() })
})

/** A row of the table `api_keys`. */
export interface Row {
  readonly sequence: number
  readonly id: string
  readonly kind: CredentialKind
  readonly name: string
  readonly scopes: string
  readonly created_by: string
  readonly created_at: number
  readonly expires_at: number | null
  readonly last_used_at: number | null
  readonly revoked_at: number | null
  readonly replaced_by: string | null
}

const decodeScopes = Schema.decodeSync(Schema.fromJsonString(Schema.Array(Schema.String)))

/** Converts a row. */
export const fromRow = (row: Row): StoredKey => ({
  id: row.id,
  sequence: row.sequence,
  kind: row.kind,
  name: row.name,
  scopes: decodeScopes(row.scopes),
  createdBy: row.created_by,
  createdAt: row.created_at,
  expiresAt: row.expires_at ?? undefined,
  lastUsedAt: row.last_used_at ?? undefined,
  revokedAt: row.revoked_at ?? undefined,
  replacedBy: row.replaced_by ?? undefined
})
