/**
 * The integrations in the store, their settings sealed (cases S1, S2).
 */
import { IntegrationId, type Limits } from "@tocsin/core"
import { Clock, Context, Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { rateLimitKeys } from "./rateLimits.ts"
import type { PluginRegistry } from "./PluginRegistry.ts"
import type { Egress } from "@tocsin/core"
import { readSettingsInput } from "./settingsInput.ts"
import { decodeKeys, decodeOptions, encodeKeys, encodeOptions, type Row, shown } from "./integrationRow.ts"
import { type InvalidInput, invalid } from "./InvalidInput.ts"
import { Seal, type SealBroken } from "./Seal.ts"
import { Changes } from "../cluster/Changes.ts"
import { ConfigCache } from "./ConfigCache.ts"
import { type HealthRecord, healthRecord } from "./healthRecord.ts"
import { hideSecrets } from "./secretFields.ts"
import { type NotReady, settingsReader, type StoredSettings } from "./storedSettings.ts"
import { assignPartitions } from "./assignPartitions.ts"
import { type PauseChange, writePause } from "./pauses.ts"
import {
  type ReadyIntegration,
  type ShownIntegration,
  brokenAsNotReady,
  type IntegrationInput
} from "../domain/integration.ts"

/** The partition of an integration, and the version of its settings. */
export interface Assignment {
  readonly partition: number
  readonly version: string
  /** The settings as they are sealed; an edit that leaves them as they are keeps this, too. */
  readonly sealed: string
}

/** Reads integrations, and is the only writer of their rows. Writes run inside a transaction of `GroupCommit`. */
export class Integrations extends Context.Service<
  Integrations,
  HealthRecord & {
    readonly list: Effect.Effect<ReadonlyArray<ShownIntegration>, SqlError.SqlError>
    readonly get: (id: IntegrationId) => Effect.Effect<ShownIntegration | undefined, SqlError.SqlError>
    /** Whether each integration is enabled. */
    readonly enabled: Effect.Effect<ReadonlyMap<IntegrationId, boolean>, SqlError.SqlError>
    /** The name of each integration. */
    readonly names: Effect.Effect<ReadonlyMap<IntegrationId, string>, SqlError.SqlError>
    /**
     * The partition of each integration, which it shares with those that share a rate limit (M1), and its version,
     * which every edit changes.
     */
    readonly assignments: Effect.Effect<ReadonlyMap<IntegrationId, Assignment>, SqlError.SqlError>
    /** Reassigns partitions: another version of a plugin may declare other rate limits. */
    readonly updatePartitions: Effect.Effect<void, SqlError.SqlError>
    /** The integration with its plugin, ready to send to, even if it is disabled; undefined if the id is unknown. */
    readonly ready: (id: IntegrationId) => Effect.Effect<ReadyIntegration | undefined, SqlError.SqlError | NotReady>
    /**
     * Refuses settings that are invalid, or whose destination may not be called; returns the unsaved integration, ready
     * to send to. Must not run in a transaction, because it may wait for the network.
     */
    readonly check: (input: IntegrationInput) => Effect.Effect<ReadyIntegration, SqlError.SqlError | InvalidInput>
    /**
     * Creates the integration or replaces the one with this id, and returns whether its settings changed. `testedAt` is
     * the last success of an integration that is created, in epoch milliseconds.
     */
    readonly save: (
      input: IntegrationInput,
      testedAt?: number
    ) => Effect.Effect<{ readonly hasNewSettings: boolean }, SqlError.SqlError | InvalidInput>
    /** Pauses or resumes an integration; history keeps the caller and the reason. */
    readonly setPaused: (id: IntegrationId, change: PauseChange) => Effect.Effect<void, SqlError.SqlError>
    /** Removes the fallback of an integration. */
    readonly removeFallback: (id: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    readonly remove: (id: IntegrationId) => Effect.Effect<void, SqlError.SqlError>
    /** Reseals the next settings that the previous key sealed; false when there are none. */
    readonly reseal: Effect.Effect<boolean, SqlError.SqlError | SealBroken>
  }
>()("@tocsin/delivery/Integrations") {
  static readonly layer: Layer.Layer<
    Integrations,
    never,
    SqlClient.SqlClient | PluginRegistry | Egress | Seal | ConfigCache | Changes
  > = Layer.effect(
    Integrations,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const seal = yield* Seal
      const configCache = yield* ConfigCache
      const live = yield* Changes

      const row = (id: IntegrationId) =>
        Effect.map(sql<Row>`SELECT * FROM integrations WHERE id = ${id}`, ([row]) => row)

      const stored = yield* settingsReader
      const entered = yield* readSettingsInput

      /**
       * An integration that cannot be used is shown without settings, because it is unknown which of them are secret.
       */
      const show = (row: Row) =>
        stored(row).pipe(
          Effect.map(({ installed, settings }) => shown(row, hideSecrets(installed.plugin, settings))),
          Effect.catchTag("NotReady", ({ detail }) =>
            Effect.succeed(shown(row, { settings: {}, secretsSet: [] }, brokenAsNotReady(detail)))
          )
        )

      /** Assigns a partition to every integration by its rate limits. */
      const assignAll = Effect.gen(function* () {
        const rows = yield* sql<
          Pick<Row, "id" | "partition" | "budgets">
        >`SELECT id, partition, budgets FROM integrations`
        const places = assignPartitions(
          rows.map(({ budgets, id }) => ({ id, rateLimits: decodeKeys(budgets ?? "[]") }))
        )
        for (const { id, partition } of rows) {
          const place = places.get(id)
          if (place === partition) continue
          yield* sql`UPDATE integrations SET partition = ${place} WHERE id = ${id}`
          yield* configCache.changed
        }
      })

      return Integrations.of({
        list: Effect.flatMap(sql<Row>`SELECT * FROM integrations ORDER BY sequence`, (rows) =>
          Effect.forEach(rows, show)
        ),
        get: (id) => Effect.flatMap(row(id), (row) => (row === undefined ? Effect.undefined : show(row))),
        enabled: configCache.remember(
          Effect.map(
            sql<Pick<Row, "id" | "enabled">>`SELECT id, enabled FROM integrations`,
            (rows) => new Map(rows.map(({ enabled, id }) => [IntegrationId.make(id), enabled === 1]))
          )
        ),
        names: configCache.remember(
          Effect.map(
            sql<Pick<Row, "id" | "name">>`SELECT id, name FROM integrations`,
            (rows) => new Map(rows.map(({ id, name }) => [IntegrationId.make(id), name]))
          )
        ),
        assignments: configCache.remember(
          Effect.map(
            sql<
              Pick<Row, "id" | "sequence" | "partition" | "sealed_settings" | "updated_at">
            >`SELECT id, sequence, partition, sealed_settings, updated_at FROM integrations`,
            (rows) =>
              new Map(
                rows.map((row) => [
                  IntegrationId.make(row.id),
                  { partition: row.partition ?? 0, version: versionOf(row), sealed: row.sealed_settings }
                ])
              )
          )
        ),
        updatePartitions: Effect.gen(function* () {
          for (const row of yield* sql<Row>`SELECT * FROM integrations ORDER BY sequence`) {
            const known = yield* Effect.orElseSucceed(stored(row), () => undefined)
            const keys = known === undefined ? "[]" : keysOf(known, decodeOptions(row.options).limits)
            if (keys !== row.budgets) yield* sql`UPDATE integrations SET budgets = ${keys} WHERE id = ${row.id}`
          }
          yield* assignAll
        }),
        ready: Effect.fnUntraced(function* (id) {
          const found = yield* row(id)
          if (found === undefined) return undefined
          const { decoded, installed } = yield* stored(found)
          const { delivery, fallback, limits } = decodeOptions(found.options)
          return {
            ...installed,
            version: versionOf(found),
            sealed: found.sealed_settings,
            wasNotReady: found.broken_reason?.startsWith(brokenAsNotReady("")) === true,
            integration: {
              id,
              name: found.name,
              type: found.type,
              // A lane sends to neither; only the planner distinguishes them.
              enabled: found.enabled === 1 && found.paused_since === null,
              settings: decoded,
              ...(limits && { limits }),
              ...(fallback && { fallback }),
              ...(delivery && { delivery })
            }
          }
        }),
        check: Effect.fnUntraced(function* (input) {
          const settings = yield* entered.complete(input, yield* row(input.id))
          yield* entered.checkDestination(settings)
          const { decoded, installed } = settings
          return { ...installed, integration: { ...input, settings: decoded } }
        }),
        save: Effect.fnUntraced(function* (input, testedAt) {
          const now = yield* Clock.currentTimeMillis
          const before = yield* row(input.id)
          if (input.fallback === input.id) {
            return yield* invalid(
              "/fallback",
              "the id of another integration",
              "An integration cannot be its own fallback. Name another one, or leave fallback out"
            )
          }
          if (input.fallback !== undefined && (yield* row(input.fallback)) === undefined) {
            return yield* invalid(
              "/fallback",
              "the id of an integration",
              "There is no integration of this id. Create it first, or save this one without a fallback and add it afterwards"
            )
          }
          const { decoded, installed, settings } = yield* entered.complete(input, before)
          const { delivery, fallback, limits } = input
          const hasSameSettings =
            before?.type === input.type && before !== undefined && (yield* entered.isSealedIn(before, settings))
          const { settingsVersion } = installed.plugin
          const isSealed =
            hasSameSettings && before.settings_version === settingsVersion && before.key_id === seal.keyId
          const columns = {
            type: input.type,
            name: input.name,
            enabled: input.enabled ? 1 : 0,
            options: encodeOptions({
              ...(limits && { limits }),
              ...(fallback && { fallback }),
              ...(delivery && { delivery })
            }),
            sealed_settings: isSealed ? before.sealed_settings : yield* seal.seal(JSON.stringify(settings), input.id),
            settings_version: settingsVersion,
            key_id: seal.keyId,
            budgets: keysOf({ installed, decoded }, limits),
            broken_reason: null,
            broken_since: null,
            waiting_because: null,
            updated_at: before === undefined ? now : Math.max(now, before.updated_at + 1)
          }
          yield* configCache.changed
          yield* before === undefined
            ? sql`INSERT INTO integrations ${sql.insert({ id: input.id, created_at: now, last_success_at: testedAt ?? null, ...columns })}`
            : sql`UPDATE integrations SET ${sql.update(columns)} WHERE id = ${input.id}`
          yield* assignAll
          yield* live.changed("integration", [input.id])
          return { hasNewSettings: before !== undefined && !hasSameSettings }
        }),
        setPaused: Effect.fnUntraced(function* (id, change) {
          yield* configCache.changed
          yield* Effect.provideService(writePause(id, change), SqlClient.SqlClient, sql)
          yield* live.changed("integration", [id])
        }),
        removeFallback: Effect.fnUntraced(function* (id) {
          const found = yield* row(id)
          if (found === undefined) return
          const { fallback: _, ...options } = decodeOptions(found.options)
          yield* configCache.changed
          yield* sql`UPDATE integrations SET options = ${encodeOptions(options)}, updated_at = updated_at + 1 WHERE id = ${id}`
          yield* live.changed("integration", [id])
        }),
        remove: Effect.fnUntraced(function* (id) {
          yield* configCache.changed
          yield* sql`DELETE FROM integrations WHERE id = ${id}`
          yield* live.changed("integration", [id])
        }),
        reseal: Effect.gen(function* () {
          const [old] = yield* sql<Row>`SELECT * FROM integrations WHERE key_id <> ${seal.keyId} LIMIT 1`
          if (old === undefined) return false
          const text = yield* seal.open(old.sealed_settings, old.id, old.key_id)
          const columns = { sealed_settings: yield* seal.seal(text, old.id), key_id: seal.keyId }
          yield* sql`UPDATE integrations SET ${sql.update(columns)} WHERE id = ${old.id}`
          return true
        }),
        ...healthRecord(sql, live)
      })
    })
  )
}

/** An integration that is created again with the same id has another sequence. */
const versionOf = ({ sequence, updated_at }: Pick<Row, "sequence" | "updated_at">) => `${sequence}.${updated_at}`

/** The hashed keys of its rate limits, as the column `budgets` stores them. */
const keysOf = ({ decoded, installed }: Pick<StoredSettings, "installed" | "decoded">, limits: Limits | undefined) =>
  encodeKeys(rateLimitKeys({ ...installed, integration: { settings: decoded, ...(limits && { limits }) } }))
