/**
 * The table `sessions`: browsers that are signed in.
 */
import { Clock, Context, Duration, Effect, Layer, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient } from "effect/sql"
import { Changes } from "../cluster/Changes.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import type { StoreUnavailable } from "../sql/StoreUnavailable.ts"

/** A session; times are epoch milliseconds. */
export interface StoredSession {
  readonly id: string
  readonly scopes: ReadonlyArray<string>
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
    /** Starts a session of 12 hours, and removes sessions that expired more than a day ago. */
    readonly begin: (
      session: Pick<StoredSession, "scopes" | "address" | "browser"> & { readonly secretHash: string }
    ) => Effect.Effect<StoredSession, StoreUnavailable>
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
    GroupCommit | SqlClient.SqlClient | SecureRandom.SecureRandom | Changes
  > = Layer.effect(
    Sessions,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const random = yield* SecureRandom.SecureRandom
      const { changed } = yield* Changes

      const isLive = (now: number) => sql`ended_at IS NULL AND expires_at > ${now}`

      const begin = Effect.fnUntraced(function* ({
        address,
        browser,
        scopes,
        secretHash
      }: Parameters<Sessions["Service"]["begin"]>[0]) {
        const createdAt = yield* Clock.currentTimeMillis
        const expiresAt = createdAt + Duration.toMillis(sessionLasts)
        const id = yield* random.uuidV7()
        yield* sql`DELETE FROM sessions WHERE expires_at < ${createdAt - Duration.toMillis(knownAfterwards)}`
        yield* sql`INSERT INTO sessions ${sql.insert({
          id,
          secret_hash: secretHash,
          scopes: JSON.stringify(scopes),
          address,
          browser: browser ?? null,
          created_at: createdAt,
          expires_at: expiresAt
        })}`
        yield* changed("session", [id])
        return { id, scopes, address, browser, createdAt, expiresAt, endedAt: undefined }
      })

      const end = Effect.fnUntraced(function* (id: string) {
        const now = yield* Clock.currentTimeMillis
        const ended = yield* sql`UPDATE sessions SET ended_at = ${now} WHERE id = ${id} AND ${isLive(now)} RETURNING id`
        yield* changed("session", [id])
        return ended.length > 0
      })

      return Sessions.of({
        begin: (session) => groupCommit.commit(begin(session), []),
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
        end: (id) => groupCommit.commit(end(id), [`session ${id}`])
      })
    })
  )
}

interface Row {
  readonly id: string
  readonly scopes: string
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
  address: row.address,
  browser: row.browser ?? undefined,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  endedAt: row.ended_at ?? undefined
})
