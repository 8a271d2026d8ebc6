/**
 * The configured sources in the store.
 */
import { Clock, Context, Effect, Latch, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Changes } from "../cluster/Changes.ts"
import { ApiKeys, type CredentialInUse, type SourceCredential } from "../records/access/ApiKeys.ts"
import { AuditLog, CurrentAuthor, type Record } from "../records/access/AuditLog.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"
import { ignoreLogged, type StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { type Changed, check, checkPresent, type Expected, type IdInUse, type NotFound } from "./expected.ts"
import { Seal, type SealBroken } from "./Seal.ts"
import {
  type ConfiguredSource,
  decodeOptions,
  decodeSecrets,
  encodeOptions,
  encodeSecrets,
  type Row,
  type SourceOptions,
  type SourceSecrets
} from "./sourceRow.ts"

/** A source as it is saved. */
export interface SourceInput {
  readonly name: string
  readonly type: string
  readonly options: SourceOptions
  readonly secrets: SourceSecrets
  /** The forms of credentials that change. */
  readonly changedCredentials: ReadonlyArray<SourceCredential["kind"]>
  /** The new credentials of these forms; without one, the form is removed. */
  readonly credentials: ReadonlyArray<SourceCredential>
  /** The source for the audit log, without secrets. */
  readonly shown: object
}

/** The time of the last request of a source is written at most this often, in milliseconds. */
export const heardPause = 15_000

/** How long the sources may be cached: other gateways' edits apply after this time. */
const cachedFor = "1 second"

/** Reads and edits configured sources. */
export class Sources extends Context.Service<
  Sources,
  {
    /** All configured sources, in the order of their creation. */
    readonly list: Effect.Effect<ReadonlyArray<ConfiguredSource>, StoreUnavailable>
    readonly get: (name: string) => Effect.Effect<ConfiguredSource | undefined, StoreUnavailable>
    /** The configured sources by their names, at most a second old. */
    readonly current: Effect.Effect<ReadonlyMap<string, ConfiguredSource>, StoreUnavailable>
    /** Creates a source, or replaces the one with this name. `shownOf` shows the one before in the audit log. */
    readonly save: (
      input: SourceInput,
      expected: Expected,
      shownOf: (source: ConfiguredSource) => object
    ) => Effect.Effect<
      ConfiguredSource & { readonly isNew: boolean },
      StoreUnavailable | NotFound | IdInUse | Changed | CredentialInUse
    >
    /** Removes a source and its credentials; its alerts stay. */
    readonly remove: (
      name: string,
      expected: Expected,
      shownOf: (source: ConfiguredSource) => object
    ) => Effect.Effect<void, StoreUnavailable | NotFound | Changed>
    /** Records in the background that a request of the source was accepted, at most every 15 seconds. */
    readonly heard: (source: ConfiguredSource) => Effect.Effect<void>
    /** Opens when this gateway saves or removes a source. */
    readonly edited: Latch.Latch
    /** Seals one source with the present key; returns false if all are. Runs inside a transaction. */
    readonly reseal: Effect.Effect<boolean, SqlError.SqlError | SealBroken>
  }
>()("@tocsin/delivery/Sources") {
  static readonly layer: Layer.Layer<
    Sources,
    never,
    GroupCommit | SqlClient.SqlClient | Changes | ApiKeys | AuditLog | Seal
  > = Layer.effect(
    Sources,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const groupCommit = yield* GroupCommit
      const live = yield* Changes
      const apiKeys = yield* ApiKeys
      const audit = yield* AuditLog
      const seal = yield* Seal
      const scope = yield* Effect.scope
      /** When this gateway last wrote that a source was heard. */
      const heardAt = new Map<string, number>()

      const open = Effect.fnUntraced(function* ({ key_id, name, sealed_secret }: Row) {
        if (sealed_secret === null || key_id === null) return {}
        // A row that was changed by hand has no secrets: its signatures and settings are refused.
        return yield* Effect.map(seal.open(sealed_secret, name, key_id), decodeSecrets).pipe(
          Effect.orElseSucceed((): SourceSecrets => ({}))
        )
      })

      const rows = Effect.fnUntraced(function* (where = sql`1 = 1`) {
        const found = yield* sql<Row>`SELECT * FROM sources WHERE ${where} ORDER BY sequence`
        const kinds = found.length === 0 ? new Map<string, ReadonlyArray<string>>() : yield* apiKeys.kindsOfSources
        return yield* Effect.forEach(found, (row) =>
          Effect.map(open(row), (secrets): ConfiguredSource => ({
            sequence: row.sequence,
            name: row.name,
            type: row.type,
            options: decodeOptions(row.options),
            secrets,
            credentials: kinds.get(row.name) ?? [],
            lastHeardAt: row.last_heard_at ?? undefined,
            createdAt: row.created_at,
            updatedAt: row.updated_at
          }))
        )
      })

      const get = (name: string) => Effect.map(rows(sql`name = ${name}`), ([source]) => source)

      const [current, invalidate] = yield* Effect.cachedInvalidateWithTTL(
        Effect.map(groupCommit.read(rows()), (all) => new Map(all.map((source) => [source.name, source]))),
        cachedFor
      )

      const edited = yield* Latch.make()
      const noticeEdit = Effect.andThen(invalidate, edited.open)

      const save = Effect.fnUntraced(function* (
        { changedCredentials, credentials, name, options, secrets, shown, type }: SourceInput,
        expected: Expected,
        shownOf: (source: ConfiguredSource) => object,
        { actor, record }: { readonly actor: string; readonly record: Record }
      ) {
        const before = yield* get(name)
        yield* check(before, expected)
        const now = yield* Clock.currentTimeMillis
        const isSealed = secrets.hmac !== undefined || secrets.settings !== undefined
        const columns = {
          type,
          options: encodeOptions(options),
          sealed_secret: isSealed ? yield* seal.seal(encodeSecrets(secrets), name) : null,
          key_id: isSealed ? seal.keyId : null,
          updated_at: before === undefined ? now : Math.max(now, before.updatedAt + 1)
        }
        yield* before === undefined
          ? sql`INSERT INTO sources ${sql.insert({ name, created_at: now, ...columns })}`
          : sql`UPDATE sources SET ${sql.update(columns)} WHERE name = ${name}`
        yield* apiKeys.setOfSource(name, changedCredentials, credentials, actor)
        yield* live.changed("source", [name])
        yield* record({
          action: before === undefined ? "created" : "replaced",
          kind: "source",
          subject: name,
          before: before && shownOf(before),
          after: { ...shown, ...(credentials.length > 0 && { newCredentials: credentials.map(({ kind }) => kind) }) }
        })
        const saved = yield* get(name)
        return saved === undefined ? yield* Effect.die(name) : { ...saved, isNew: before === undefined }
      })

      const remove = Effect.fnUntraced(function* (
        name: string,
        expected: Expected,
        shownOf: (source: ConfiguredSource) => object,
        record: Record
      ) {
        const before = yield* get(name)
        yield* checkPresent(before, expected)
        yield* Effect.catchTag(
          apiKeys.setOfSource(name, ["token", "basic", "urlToken"], [], ""),
          "CredentialInUse",
          Effect.die
        )
        yield* sql`DELETE FROM sources WHERE name = ${name}`
        yield* live.changed("source", [name])
        yield* record({ action: "removed", kind: "source", subject: name, before: before && shownOf(before) })
      })

      const heard = Effect.fnUntraced(function* ({ lastHeardAt = -Infinity, name }: ConfiguredSource) {
        const now = yield* Clock.currentTimeMillis
        const last = Math.max(lastHeardAt, heardAt.get(name) ?? -Infinity)
        if (now - last < heardPause && now >= last) return
        heardAt.set(name, now)
        const write = sql`UPDATE sources SET last_heard_at = ${now}
          WHERE name = ${name} AND (last_heard_at IS NULL OR last_heard_at < ${now})`
        yield* groupCommit.commit(write, []).pipe(
          Effect.tapError(() => Effect.sync(() => heardAt.delete(name))),
          ignoreLogged("Recording that a source was heard failed."),
          Effect.forkIn(scope)
        )
      })

      return Sources.of({
        list: groupCommit.read(rows()),
        get: (name) => groupCommit.read(get(name)),
        current,
        save: Effect.fnUntraced(function* (input, expected, shownOf) {
          const { actor } = yield* CurrentAuthor
          const record = yield* audit.recorder
          return yield* Effect.tap(groupCommit.commit(save(input, expected, shownOf, { actor, record })), noticeEdit)
        }),
        remove: (name, expected, shownOf) =>
          Effect.flatMap(audit.recorder, (record) =>
            Effect.tap(groupCommit.commit(remove(name, expected, shownOf, record)), noticeEdit)
          ),
        heard,
        edited,
        reseal: Effect.gen(function* () {
          const [old] = yield* sql<Row>`SELECT * FROM sources WHERE key_id <> ${seal.keyId} LIMIT 1`
          if (old === undefined || old.sealed_secret === null || old.key_id === null) return false
          const text = yield* seal.open(old.sealed_secret, old.name, old.key_id)
          const columns = { sealed_secret: yield* seal.seal(text, old.name), key_id: seal.keyId }
          yield* sql`UPDATE sources SET ${sql.update(columns)} WHERE name = ${old.name}`
          return true
        })
      })
    })
  )
}
