/**
 * The table `api_keys`: API keys, and the credentials of configured sources, with hashes of their secrets only.
 */
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError } from "effect/sql"
import { Changes } from "../../cluster/Changes.ts"
import { GroupCommit } from "../../sql/GroupCommit.ts"
import { ignoreLogged, type StoreUnavailable } from "../../sql/StoreUnavailable.ts"
import { type CredentialKind, fromRow, isValid, keysLock, type Row, shown, type StoredKey } from "./apiKeyRow.ts"
import { AuditLog, CurrentAuthor, type Record } from "./AuditLog.ts"
import { afterCommit } from "../../sql/transactionEnd.ts"

/** A credential of a source, as it is stored. */
export interface SourceCredential {
  readonly kind: Exclude<CredentialKind, "key">
  readonly secretHash: string
}

/** A key of this id cannot be rotated, because it has ended. */
export class KeyEnded extends Schema.TaggedError<KeyEnded>()("KeyEnded", {}) {}

/** Another source, or an API key, has this credential already. */
export class CredentialInUse extends Schema.TaggedError<CredentialInUse>()("CredentialInUse", {
  kind: Schema.String
}) {}

/** The last use of a key is written at most this often, in milliseconds. */
const usePause = 60_000

/** How long a key that was found is kept, in milliseconds: other gateways' changes apply after this time. */
const keptFor = 1000

/** Stores keys. */
export class ApiKeys extends Context.Service<
  ApiKeys,
  {
    /** Finds a key by the hash of its secret, even if it has ended; another gateway's changes apply within a second. */
    readonly find: (secretHash: string) => Effect.Effect<StoredKey | undefined, StoreUnavailable>
    /** Records in the background that a key is used, at most once a minute. */
    readonly used: (key: StoredKey) => Effect.Effect<void>
    /** The API keys, newest first, without the credentials of sources. */
    readonly list: Effect.Effect<ReadonlyArray<StoredKey>, StoreUnavailable>
    /** Creates a key that expires after `expiresAfter` milliseconds, or never. */
    readonly create: (key: {
      readonly name: string
      readonly scopes: ReadonlyArray<string>
      readonly secretHash: string
      readonly expiresAfter: number | undefined
    }) => Effect.Effect<StoredKey, StoreUnavailable>
    /**
     * Creates a key with the name and scopes of another, which expires after `overlap` milliseconds; undefined if there is
     * no such key. Without `expiresAfter`, in milliseconds, the new one lives as long as the old one did.
     */
    readonly rotate: (
      id: string,
      to: { readonly secretHash: string; readonly overlap: number; readonly expiresAfter: number | undefined }
    ) => Effect.Effect<StoredKey | undefined, KeyEnded | StoreUnavailable>
    /** Revokes a key, and ends its sessions; returns false if there is no key of this id that is valid. */
    readonly revoke: (id: string) => Effect.Effect<boolean, StoreUnavailable>
    /** Replaces the credentials of a source that are of some kinds. Runs inside a transaction of `GroupCommit`. */
    readonly setOfSource: (
      source: string,
      kinds: ReadonlyArray<SourceCredential["kind"]>,
      credentials: ReadonlyArray<SourceCredential>,
      by: string
    ) => Effect.Effect<void, SqlError.SqlError | CredentialInUse>
    /** The forms of a source's credentials. Runs inside a transaction of `GroupCommit`, or as a read. */
    readonly kindsOfSources: Effect.Effect<ReadonlyMap<string, ReadonlyArray<string>>, SqlError.SqlError>
    /** Removes keys that ended before a time, in epoch milliseconds. */
    readonly forget: (endedBefore: number) => Effect.Effect<void, StoreUnavailable>
  }
>()("@tocsin/delivery/ApiKeys") {
  static readonly layer: Layer.Layer<
    ApiKeys,
    never,
    GroupCommit | SqlClient.SqlClient | SecureRandom.SecureRandom | Changes | AuditLog
  > = Layer.effect(
    ApiKeys,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const random = yield* SecureRandom.SecureRandom
      const { allChanged } = yield* Changes
      const audit = yield* AuditLog
      const scope = yield* Effect.scope
      /** The keys whose use is being written. */
      const writing = new Set<string>()
      /** Keys that were found, by the hashes of their secrets. A new map after each change. */
      let found = new Map<string, { readonly key: StoredKey; readonly at: number }>()

      const forgetFound = Effect.sync(() => void (found = new Map()))
      const changed = Effect.andThen(allChanged("session"), afterCommit(forgetFound))

      const find = Effect.fnUntraced(function* (secretHash: string) {
        const now = yield* Clock.currentTimeMillis
        const kept = found.get(secretHash)
        if (kept !== undefined && now >= kept.at && now - kept.at < keptFor) return kept.key
        // A change while this reads replaces the map, so that what was read before it is not kept.
        const map = found
        const [row] = yield* groupCommit.read(sql<Row>`SELECT * FROM api_keys WHERE secret_hash = ${secretHash}`)
        if (row === undefined) {
          map.delete(secretHash)
          return undefined
        }
        const key = fromRow(row)
        map.set(secretHash, { key, at: now })
        return key
      })

      const get = (id: string) =>
        Effect.map(sql<Row>`SELECT * FROM api_keys WHERE id = ${id} AND kind = 'key'`, ([row]) => row && fromRow(row))

      const insert = Effect.fnUntraced(function* (
        key: Pick<StoredKey, "kind" | "name" | "scopes" | "createdBy"> & {
          readonly expiresAfter: number | undefined
          readonly secretHash: string
          readonly source?: string
        }
      ) {
        const id = yield* random.uuidV7()
        const now = yield* Clock.currentTimeMillis
        yield* sql`INSERT INTO api_keys ${sql.insert({
          id,
          kind: key.kind,
          name: key.name,
          secret_hash: key.secretHash,
          scopes: JSON.stringify(key.scopes),
          source: key.source ?? null,
          created_by: key.createdBy,
          created_at: now,
          expires_at: key.expiresAfter === undefined ? null : now + key.expiresAfter
        })}`
        yield* changed
        return id
      })

      const saved = (id: string) =>
        Effect.flatMap(get(id), (key) => (key === undefined ? Effect.die(id) : Effect.succeed(key)))

      const create = Effect.fnUntraced(function* (
        key: Parameters<ApiKeys["Service"]["create"]>[0],
        createdBy: string,
        record: Record
      ) {
        const created = yield* saved(yield* insert({ ...key, kind: "key", createdBy }))
        yield* record({ action: "created", kind: "key", subject: created.id, after: shown(created) })
        return created
      })

      const rotate = Effect.fnUntraced(function* (
        id: string,
        { expiresAfter, overlap, secretHash }: Parameters<ApiKeys["Service"]["rotate"]>[1],
        createdBy: string,
        record: Record
      ) {
        const before = yield* get(id)
        if (before === undefined) return undefined
        const now = yield* Clock.currentTimeMillis
        if (!isValid(before, now) || before.replacedBy !== undefined) return yield* new KeyEnded()
        const life = expiresAfter ?? (before.expiresAt === undefined ? undefined : before.expiresAt - before.createdAt)
        const created = yield* saved(
          yield* insert({
            ...before,
            secretHash,
            createdBy,
            expiresAfter: life
          })
        )
        const expiresAt = Math.min(before.expiresAt ?? Infinity, now + overlap)
        yield* sql`UPDATE api_keys SET ${sql.update({ expires_at: expiresAt, replaced_by: created.id })} WHERE id = ${id}`
        yield* sql`UPDATE sessions SET expires_at = ${expiresAt} WHERE key_id = ${id} AND expires_at > ${expiresAt}`
        yield* changed
        yield* record({
          action: "rotated",
          kind: "key",
          subject: id,
          before: shown(before),
          after: shown(yield* saved(id))
        })
        yield* record({ action: "created", kind: "key", subject: created.id, after: shown(created) })
        return created
      })

      const revoke = Effect.fnUntraced(function* (id: string, record: Record) {
        const before = yield* get(id)
        const now = yield* Clock.currentTimeMillis
        if (before === undefined || !isValid(before, now)) return false
        yield* sql`UPDATE api_keys SET revoked_at = ${now} WHERE id = ${id}`
        yield* sql`UPDATE sessions SET ended_at = ${now} WHERE key_id = ${id} AND ended_at IS NULL`
        yield* changed
        yield* record({
          action: "revoked",
          kind: "key",
          subject: id,
          before: shown(before),
          after: shown(yield* saved(id))
        })
        return true
      })

      const used = Effect.fnUntraced(function* ({ id, lastUsedAt }: StoredKey) {
        const now = yield* Clock.currentTimeMillis
        if (writing.has(id) || (lastUsedAt !== undefined && now - lastUsedAt < usePause && now >= lastUsedAt)) return
        writing.add(id)
        yield* groupCommit
          .commit(sql`UPDATE api_keys SET last_used_at = ${now} WHERE id = ${id}`, [])
          .pipe(
            Effect.andThen(forgetFound),
            ignoreLogged("Recording the use of a key failed."),
            Effect.ensuring(Effect.sync(() => writing.delete(id))),
            Effect.forkIn(scope)
          )
      })

      const setOfSource: ApiKeys["Service"]["setOfSource"] = Effect.fnUntraced(
        function* (source, kinds, credentials, by) {
          for (const kind of kinds) yield* sql`DELETE FROM api_keys WHERE source = ${source} AND kind = ${kind}`
          yield* changed
          for (const { kind, secretHash } of credentials) {
            const others = yield* sql`SELECT id FROM api_keys WHERE secret_hash = ${secretHash}`
            if (others.length > 0) return yield* new CredentialInUse({ kind })
            yield* insert({
              kind,
              name: `${kind} of source ${source}`,
              scopes: [`ingest:${source}`],
              source,
              secretHash,
              createdBy: by,
              expiresAfter: undefined
            })
          }
        }
      )

      return ApiKeys.of({
        find,
        used,
        list: groupCommit.read(
          Effect.map(sql<Row>`SELECT * FROM api_keys WHERE kind = 'key' ORDER BY sequence DESC`, (rows) =>
            rows.map(fromRow)
          )
        ),
        create: Effect.fnUntraced(function* (key) {
          const { actor } = yield* CurrentAuthor
          const record = yield* audit.recorder
          return yield* groupCommit.commit(create(key, actor, record), keysLock)
        }),
        rotate: Effect.fnUntraced(function* (id, to) {
          const { actor } = yield* CurrentAuthor
          const record = yield* audit.recorder
          return yield* groupCommit.commit(rotate(id, to, actor, record), keysLock)
        }),
        revoke: (id) => Effect.flatMap(audit.recorder, (record) => groupCommit.commit(revoke(id, record), keysLock)),
        setOfSource,
        kindsOfSources: Effect.map(
          sql<{ source: string; kind: string }>`SELECT source, kind FROM api_keys
            WHERE source IS NOT NULL ORDER BY sequence`,
          (rows) => {
            const kinds = new Map<string, Array<string>>()
            for (const { kind, source } of rows) kinds.set(source, [...(kinds.get(source) ?? []), kind])
            return kinds
          }
        ),
        forget: (endedBefore) =>
          groupCommit.commit(
            Effect.asVoid(
              sql`DELETE FROM api_keys WHERE kind = 'key' AND (revoked_at < ${endedBefore} OR expires_at < ${endedBefore})`
            ),
            keysLock
          )
      })
    })
  )
}
