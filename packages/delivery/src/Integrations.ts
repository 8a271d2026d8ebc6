/**
 * The integrations in the store, their settings sealed (cases S1, S2).
 */
import { type ChannelPlugin, DeliveryOptions, type Integration, IntegrationId, Limits } from "@tocsin/core"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { Digest } from "effect/crypto"
import { SqlClient, type SqlError } from "effect/sql"
import { Channels, type InstalledChannel, type UnknownType } from "./Channels.ts"
import { Egress } from "./Egress.ts"
import { fromIssue, Invalid, invalid } from "./Invalid.ts"
import { Seal, type SealBroken } from "./Seal.ts"
import { partitions } from "./Peers.ts"
import { SettingsVersion } from "./SettingsVersion.ts"
import { keptSecrets, pointerTo, withoutSecrets, withStoredSecrets } from "./settings.ts"
import { type NotReady, settingsReader, type StoredSettings } from "./storedSettings.ts"
import { budgetKey } from "./tryOnce.ts"

type JsonObject = { readonly [key: string]: Schema.Json }

/** An integration as an operator enters it. Secrets that `settings` leaves out stay as they are stored. */
export interface IntegrationInput {
  readonly id: IntegrationId
  readonly name: string
  readonly type: string
  readonly enabled: boolean
  readonly settings: JsonObject
  readonly limits?: Limits
  readonly fallback?: IntegrationId
  readonly delivery?: DeliveryOptions
}

/** An integration as it may be shown: without secrets, with what is known of its state. */
export interface ShownIntegration extends IntegrationInput {
  /** Its place in the order in which they were made. */
  readonly sequence: number
  /** JSON Pointers into `settings`: the secrets that are set. */
  readonly secretsSet: ReadonlyArray<string>
  readonly broken: { readonly reason: string; readonly since: number } | undefined
  readonly lastSuccessAt: number | undefined
  readonly createdAt: number
  /** Grows with every edit, so it tells two states of one integration apart. */
  readonly updatedAt: number
}

/** An integration as its lane needs it. */
export interface ReadyIntegration {
  /** Tells its state from others, as `updatedAt` of what is shown; undefined if it is not saved. */
  readonly updatedAt?: number
  /** It is noted as broken because it was not ready, which it is now. */
  readonly wasNotReady?: boolean
  readonly integration: Integration
  readonly plugin: ChannelPlugin.Any
  readonly channel: ChannelPlugin.Channel<unknown>
}

/** Why an integration is broken whose settings or plugin cannot be used. */
export const brokenAsNotReady = (detail: string): string => `NotReady: ${detail}`

/** A success is noted this often, in milliseconds: each by itself would make all attempts wait for each other. */
const successPrecision = 1000

/** Reads and writes integrations. Writes belong inside a journal's transaction. */
export class Integrations extends Context.Service<
  Integrations,
  {
    readonly list: Effect.Effect<ReadonlyArray<ShownIntegration>, SqlError.SqlError>
    readonly get: (id: IntegrationId) => Effect.Effect<ShownIntegration | undefined, SqlError.SqlError>
    /** The ids of all integrations, and whether each is enabled. */
    readonly enabled: Effect.Effect<ReadonlyMap<IntegrationId, boolean>, SqlError.SqlError>
    /** Which part of the lanes each belongs to: those that spend one budget belong to one part (M1). */
    readonly partitions: Effect.Effect<ReadonlyMap<IntegrationId, number>, SqlError.SqlError>
    /** Puts every integration where it belongs by its budget, which another version of its plugin may declare anew. */
    readonly place: Effect.Effect<void, SqlError.SqlError>
    /** Ready to be sent to, also if it is disabled; undefined if there is none of this id. */
    readonly ready: (id: IntegrationId) => Effect.Effect<ReadyIntegration | undefined, SqlError.SqlError | NotReady>
    /**
     * Refuses settings that are not valid, or whose destination may not be called;
     * gives the integration ready to be sent to, unsaved. It may wait for the
     * network, so it belongs outside of any transaction.
     */
    readonly check: (input: IntegrationInput) => Effect.Effect<ReadyIntegration, SqlError.SqlError | Invalid>
    /** Makes the integration, or replaces the one of this id. */
    readonly save: (input: IntegrationInput) => Effect.Effect<void, SqlError.SqlError | Invalid>
    /** What waits there for its next attempt is due now. */
    readonly hasten: (id: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    /** Takes the fallback from an integration. */
    readonly leaveFallback: (id: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    readonly remove: (id: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    /** Whether any settings were sealed with a key that is not known here. */
    readonly sealedByOthers: Effect.Effect<boolean, SqlError.SqlError>
    /** Seals the next settings anew that the previous key sealed; false when there are none. */
    readonly reseal: Effect.Effect<boolean, SqlError.SqlError | SealBroken>
    /** Notes what the lane found out: that a message arrived, that it is mended, or why it stands still. */
    readonly note: (
      id: IntegrationId,
      state: { readonly worked: true } | { readonly mended: true } | { readonly brokenBecause: string }
    ) => Effect.Effect<void, SqlError.SqlError>
  }
>()("@tocsin/delivery/Integrations") {
  static readonly layer: Layer.Layer<
    Integrations,
    never,
    SqlClient.SqlClient | Channels | Egress | Seal | SettingsVersion | Digest.Digest
  > = Layer.effect(
    Integrations,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const channels = yield* Channels
      const seal = yield* Seal
      const egress = yield* Egress
      const version = yield* SettingsVersion
      const digest = yield* Digest.Digest

      const row = (id: IntegrationId) =>
        Effect.map(sql<Row>`SELECT * FROM integrations WHERE id = ${id}`, ([row]) => row)

      const stored = yield* settingsReader

      /** What cannot be used is shown all the same, without its settings: which of them are secret is not known. */
      const show = (row: Row) =>
        stored(row).pipe(
          Effect.map(({ installed, settings }) => shown(row, withoutSecrets(installed.plugin, settings))),
          Effect.catchTag("NotReady", ({ detail }) =>
            Effect.succeed(shown(row, { settings: {}, secretsSet: [] }, brokenAsNotReady(detail)))
          )
        )

      const decodeSettings = ({ plugin }: InstalledChannel, settings: Schema.Json) =>
        Schema.decodeUnknownEffect(Schema.toCodecJson(plugin.settings))(settings, {
          errors: "all",
          onExcessProperty: "error"
        })

      const checkedSettings = Effect.fnUntraced(function* (input: IntegrationInput, before: Row | undefined) {
        const installed = yield* channels.get(input.type).pipe(Effect.mapError(unknownType))
        const usable =
          before === undefined || before.type !== input.type
            ? undefined
            : yield* Effect.orElseSucceed(stored(before), () => undefined)
        const settings = withStoredSecrets(installed.plugin, input.settings, usable?.settings ?? {})
        const decoded = yield* decodeSettings(installed, settings).pipe(
          Effect.mapError(({ issue }) => fromIssue(issue, "/settings"))
        )
        const encoded = decodeObject(
          JSON.stringify(
            yield* Effect.orDie(Schema.encodeUnknownEffect(Schema.toCodecJson(installed.plugin.settings))(decoded))
          )
        )
        if (usable !== undefined) {
          const kept = keptSecrets(installed.plugin, {
            entered: input.settings,
            settings: encoded,
            stored: usable.settings
          })
          if (kept.length > 0) yield* checkOrigin(usable, kept, decoded)
        }
        return { installed, decoded, settings: encoded }
      })

      /** Whether the row holds these very settings. */
      const isSealedIn = (row: Row, settings: JsonObject) =>
        stored(row).pipe(
          Effect.map((before) => JSON.stringify(before.settings) === JSON.stringify(settings)),
          Effect.orElseSucceed(() => false)
        )

      /** A stored secret is not sent to another origin than it was entered for (S2). */
      const checkOrigin = Effect.fnUntraced(function* (
        { decoded: before, installed: { channel } }: StoredSettings,
        kept: ReadonlyArray<string>,
        decoded: unknown
      ) {
        if ((yield* destination(channel, before)) === (yield* destination(channel, decoded))) return
        return yield* new Invalid({
          errors: kept.map((pointer) => ({
            path: `/settings${pointer}`,
            expected: "the secret again, because it would be sent to another origin",
            message: "Enter the secret again: the settings now point to another scheme, host or port"
          }))
        })
      })

      /** By its first budget, its own; by its id, if it has none or cannot be used. */
      const partitionOf = Effect.fnUntraced(function* (id: string, installed?: InstalledChannel, settings?: unknown) {
        const key = installed === undefined ? id : (budgetKey(installed.plugin, settings) ?? id)
        const [first = 0] = yield* digest.digest(Digest.sha256, new TextEncoder().encode(key))
        return first % partitions
      })

      return Integrations.of({
        list: Effect.flatMap(sql<Row>`SELECT * FROM integrations ORDER BY sequence`, (rows) =>
          Effect.forEach(rows, show)
        ),
        get: (id) => Effect.flatMap(row(id), (row) => (row === undefined ? Effect.undefined : show(row))),
        enabled: version.remember(
          Effect.map(
            sql<Pick<Row, "id" | "enabled">>`SELECT id, enabled FROM integrations`,
            (rows) => new Map(rows.map(({ enabled, id }) => [IntegrationId.make(id), enabled === 1]))
          )
        ),
        partitions: version.remember(
          Effect.map(
            sql<Pick<Row, "id" | "partition">>`SELECT id, partition FROM integrations`,
            (rows) => new Map(rows.map(({ id, partition }) => [IntegrationId.make(id), partition ?? 0]))
          )
        ),
        place: Effect.gen(function* () {
          for (const row of yield* sql<Row>`SELECT * FROM integrations ORDER BY sequence`) {
            const known = yield* Effect.orElseSucceed(stored(row), () => undefined)
            const partition = yield* partitionOf(row.id, known?.installed, known?.decoded)
            if (partition === row.partition) continue
            yield* sql`UPDATE integrations SET partition = ${partition} WHERE id = ${row.id}`
            yield* version.changed
          }
        }),
        ready: Effect.fnUntraced(function* (id) {
          const found = yield* row(id)
          if (found === undefined) return undefined
          const { decoded, installed } = yield* stored(found)
          const { delivery, fallback, limits } = decodeOptions(found.options)
          return {
            ...installed,
            updatedAt: found.updated_at,
            wasNotReady: found.broken_reason?.startsWith(brokenAsNotReady("")) === true,
            integration: {
              id,
              name: found.name,
              type: found.type,
              enabled: found.enabled === 1,
              settings: decoded,
              ...(limits && { limits }),
              ...(fallback && { fallback }),
              ...(delivery && { delivery })
            }
          }
        }),
        check: Effect.fnUntraced(function* (input) {
          const { decoded, installed, settings } = yield* checkedSettings(input, yield* row(input.id))
          const origin = yield* destination(installed.channel, decoded)
          yield* egress.check(origin).pipe(
            Effect.mapError(({ message }) => {
              const path = `/settings${pointerTo(settings, origin) ?? ""}`
              return invalid(path, "a destination that may be called", message)
            })
          )
          return { ...installed, integration: { ...input, settings: decoded } }
        }),
        save: Effect.fnUntraced(function* (input) {
          const now = yield* Clock.currentTimeMillis
          const before = yield* row(input.id)
          if (input.fallback === input.id) return yield* invalid("/fallback", "the id of another integration")
          if (input.fallback !== undefined && (yield* row(input.fallback)) === undefined) {
            return yield* invalid("/fallback", "the id of an integration")
          }
          const { decoded, installed, settings } = yield* checkedSettings(input, before)
          const { delivery, fallback, limits } = input
          const columns = {
            type: input.type,
            name: input.name,
            enabled: input.enabled ? 1 : 0,
            options: encodeOptions({
              ...(limits && { limits }),
              ...(fallback && { fallback }),
              ...(delivery && { delivery })
            }),
            sealed_settings: yield* seal.seal(JSON.stringify(settings), input.id),
            settings_version: installed.plugin.settingsVersion,
            key_id: seal.keyId,
            partition: yield* partitionOf(input.id, installed, decoded),
            broken_reason: null,
            broken_since: null,
            updated_at: before === undefined ? now : Math.max(now, before.updated_at + 1)
          }
          if (before !== undefined && !(yield* isSealedIn(before, settings))) {
            // Receipts of another place would lead astray (O8).
            yield* sql`UPDATE conversations SET receipt = NULL WHERE integration_id = ${input.id}`
          }
          yield* version.changed
          yield* before === undefined
            ? sql`INSERT INTO integrations ${sql.insert({ id: input.id, created_at: now, ...columns })}`
            : sql`UPDATE integrations SET ${sql.update(columns)} WHERE id = ${input.id}`
        }),
        hasten: Effect.fnUntraced(function* (id) {
          const now = yield* Clock.currentTimeMillis
          yield* sql`UPDATE deliveries SET next_at = ${now}
              WHERE integration_id = ${id} AND status = 'retrying' AND next_at > ${now}`
        }),
        leaveFallback: Effect.fnUntraced(function* (id) {
          const found = yield* row(id)
          if (found === undefined) return
          const { fallback: _, ...options } = decodeOptions(found.options)
          yield* version.changed
          yield* sql`UPDATE integrations SET options = ${encodeOptions(options)}, updated_at = updated_at + 1 WHERE id = ${id}`
        }),
        remove: (id) => Effect.andThen(version.changed, Effect.asVoid(sql`DELETE FROM integrations WHERE id = ${id}`)),
        sealedByOthers: Effect.map(
          sql`SELECT id FROM integrations WHERE NOT (${sql.in("key_id", seal.keyIds)}) LIMIT 1`,
          (rows) => rows.length > 0
        ),
        reseal: Effect.gen(function* () {
          const [old] = yield* sql<Row>`SELECT * FROM integrations WHERE key_id <> ${seal.keyId} LIMIT 1`
          if (old === undefined) return false
          const text = yield* seal.open(old.sealed_settings, old.id, old.key_id)
          const columns = { sealed_settings: yield* seal.seal(text, old.id), key_id: seal.keyId }
          yield* sql`UPDATE integrations SET ${sql.update(columns)} WHERE id = ${old.id}`
          return true
        }),
        note: Effect.fnUntraced(function* (id, state) {
          const now = yield* Clock.currentTimeMillis
          if ("mended" in state) {
            yield* sql`UPDATE integrations SET broken_reason = NULL, broken_since = NULL WHERE id = ${id}`
            return
          }
          yield* "worked" in state
            ? sql`UPDATE integrations SET broken_reason = NULL, broken_since = NULL, last_success_at = ${now}
                WHERE id = ${id} AND (broken_reason IS NOT NULL OR last_success_at IS NULL OR last_success_at < ${now - successPrecision})`
            : sql`UPDATE integrations SET broken_reason = ${state.brokenBecause},
                broken_since = coalesce(broken_since, ${now}) WHERE id = ${id}`
        })
      })
    })
  )
}

const unknownType = ({ installed }: UnknownType): Invalid =>
  invalid("/type", `one of the installed types: ${installed.join(", ")}`)

const Options = Schema.fromJsonString(
  Schema.Struct({
    limits: Schema.optionalKey(Limits),
    fallback: Schema.optionalKey(IntegrationId),
    delivery: Schema.optionalKey(DeliveryOptions)
  })
)
/** Where settings lead to. What a plugin throws may carry them: an address that is none does, in the error of `new URL`. */
const destination = (channel: InstalledChannel["channel"], settings: unknown): Effect.Effect<string, Invalid> =>
  Effect.try({
    try: () => channel.destination(settings),
    catch: () =>
      invalid("/settings", "settings that lead to a service", "The plugin finds no address of a service in them")
  })

const encodeOptions = Schema.encodeSync(Options)
const decodeOptions = Schema.decodeSync(Options)
const decodeObject = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)))

interface Row {
  readonly sequence: number
  readonly id: string
  readonly type: string
  readonly name: string
  readonly enabled: number
  readonly options: string
  readonly sealed_settings: string
  readonly settings_version: number
  readonly key_id: string
  readonly partition: number | null
  readonly broken_reason: string | null
  readonly broken_since: number | null
  readonly last_success_at: number | null
  readonly created_at: number
  readonly updated_at: number
}

const shown = (
  row: Row,
  settings: Pick<ShownIntegration, "settings" | "secretsSet">,
  brokenBecause = row.broken_reason
): ShownIntegration => ({
  sequence: row.sequence,
  id: IntegrationId.make(row.id),
  name: row.name,
  type: row.type,
  enabled: row.enabled === 1,
  ...settings,
  ...decodeOptions(row.options),
  broken: brokenBecause === null ? undefined : { reason: brokenBecause, since: row.broken_since ?? row.updated_at },
  lastSuccessAt: row.last_success_at ?? undefined,
  createdAt: row.created_at,
  updatedAt: row.updated_at
})
