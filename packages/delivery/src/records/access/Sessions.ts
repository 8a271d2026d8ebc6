/**
 * The table `sessions`: browsers that are signed in.
 */
import { Clock, Context, Duration, Effect, Layer, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { Changes } from "../../cluster/Changes.ts"
import { GroupCommit } from "../../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../../sql/StoreUnavailable.ts"
import { keysLock } from "./apiKeyRow.ts"
import { AuditLog, type Record } from "./AuditLog.ts"

/** A session; times are epoch milliseconds. */
export interface StoredSession {
  readonly id: string
  readonly scopes: ReadonlyArray<string>
  /** The name of the user or of the key that signed in; undefined for TOCSIN_TOKEN. */
  readonly actor: string | undefined
  /** The id of the API key that signed in. */
  readonly keyId: string | undefined
  /** The network address that signed in. */
  readonly address: string
  /** The User-Agent of the browser that signed in. */
  readonly browser: string | undefined
  readonly createdAt: number
  readonly expiresAt: number
  /** When it was ended before it expired. */
  readonly endedAt: number | undefined
}

/** How long a session lasts. */
export const sessionLasts = Duration.hours(12)

/** How long an expired session is kept, so that its cookie does not count as a guessed secret. */
const knownAfterwards = Duration.days(1)

/** Stores sessions, with hashes of their secrets only. */
export class Sessions extends Context.Service<
  Sessions,
  {
    /**
     * Starts a session of 12 hours, or until its key expires, and removes sessions that expired more than a day ago.
     * Returns undefined if its key has ended meanwhile.
     */
    readonly begin: (
      session: Pick<StoredSession, "scopes" | "actor" | "keyId" | "address" | "browser"> & {
        readonly secretHash: string
      }
    ) => Effect.Effect<StoredSession | undefined, StoreUnavailable>
    /** Finds a session by the hash of its secret, even if it has ended. */
    readonly find: (secretHash: string) => Effect.Effect<StoredSession | undefined, StoreUnavailable>
    /** The sessions that have not ended, newest first. */
    readonly list: Effect.Effect<ReadonlyArray<StoredSession>, StoreUnavailable>
    /** Ends a session; returns false if no open session has this id. */
    readonly end: (id: string) => Effect.Effect<boolean, StoreUnavailable>
  }
>()("@tocsin/delivery/Sessions") {
  static readonly layer: Layer.Layer<
    Sessions,
    never,
    GroupCommit | SqlClient.SqlClient | SecureRandom.SecureRandom | Changes | AuditLog
  > = Layer.effect(
    Sessions,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const random = yield* SecureRandom.SecureRandom
      const { changed } = yield* Changes
      const audit = yield* AuditLog

      const isLive = (now: number) => sql`ended_at IS NULL AND expires_at > ${now}`

      /** Until when a key is valid, in epoch milliseconds; in the past if it has ended. */
      const endOfKey = Effect.fnUntraced(function* (id: string) {
        const [key] = yield* sql<{ expires_at: number | null }>`SELECT expires_at FROM api_keys
          WHERE id = ${id} AND revoked_at IS NULL`
        return key === undefined ? 0 : (key.expires_at ?? Infinity)
      })

      const begin = Effect.fnUntraced(function* (
        { actor, address, browser, keyId, scopes, secretHash }: Parameters<Sessions["Service"]["begin"]>[0],
        record: Record
      ) {
        const createdAt = yield* Clock.currentTimeMillis
        const latest = createdAt + Duration.toMillis(sessionLasts)
        const expiresAt = Math.min(latest, keyId === undefined ? latest : yield* endOfKey(keyId))
        if (expiresAt <= createdAt) return undefined
        const id = yield* random.uuidV7()
        yield* sql`DELETE FROM sessions WHERE expires_at < ${createdAt - Duration.toMillis(knownAfterwards)}`
        yield* sql`INSERT INTO sessions ${sql.insert({
          id,
          secret_hash: secretHash,
          scopes: JSON.stringify(scopes),
          actor: actor ?? null,
          key_id: keyId ?? null,
          address,
          browser: browser ?? null,
          created_at: createdAt,
          expires_at: expiresAt
        })}`
        yield* changed("session", [id])
        yield* record({ action: "signed in", kind: "session", subject: id, after: { scopes } })
        return { id, scopes, actor, keyId, address, browser, createdAt, expiresAt, endedAt: undefined }
      })

      const end = Effect.fnUntraced(function* (id: string, record: Record) {
        const now = yield* Clock.currentTimeMillis
        const ended = yield* sql`UPDATE sessions SET ended_at = ${now} WHERE id = ${id} AND ${isLive(now)} RETURNING id`
        yield* changed("session", [id])
        if (ended.length > 0) yield* record({ action: "ended", kind: "session", subject: id })
        return ended.length > 0
      })

      return Sessions.of({
        begin: (session) =>
          Effect.flatMap(audit.recorder, (record) =>
            groupCommit.commit(begin(session, record), session.keyId === undefined ? [] : keysLock)
          ),
        find: (secretHash) =>
          groupCommit.read(
            Effect.map(
              sql<Row>`SELECT * FROM sessions WHERE secret_hash = ${secretHash}`,
              ([row]) => row && fromRow(row)
            )
          ),
        list: groupCommit.read(
          Effect.gen(function* () {
            const now = yield* Clock.currentTimeMillis
            const rows = yield* sql<Row>`SELECT * FROM sessions WHERE ${isLive(now)} ORDER BY sequence DESC`
            return rows.map(fromRow)
          })
        ),
        end: (id) => Effect.flatMap(audit.recorder, (record) => groupCommit.commit(end(id, record), [`session ${id}`]))
      })
    })
  )
}

interface Row {
  readonly id: string
  readonly scopes: string
  readonly actor: string | null
  readonly key_id: string | null
  readonly address: string
  readonly browser: string | null
  readonly created_at: number
  readonly expires_at: number
  readonly ended_at: number | null
}

const decodeScopes = Schema.decodeSync(Schema.fromJsonString(Schema.Array(Schema.String)))

const fromRow = (row: Row): StoredSession => ({
  id: row.id,
  scopes: decodeScopes(row.scopes),
  actor: row.actor ?? undefined,
  keyId: row.key_id ?? undefined,
  address: row.address,
  browser: row.browser ?? undefined,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  endedAt: row.ended_at ?? undefined
})
