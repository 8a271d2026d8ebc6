/**
 * Caches values derived from rules and integrations until any gateway edits one of them.
 */
import { Context, Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError } from "effect/sql"
import { Shortcuts } from "../domain/Shortcuts.ts"
import { readOnce, TransactionStart } from "../sql/readOnce.ts"

/** Caches values until rules or integrations change. */
export class ConfigCache extends Context.Service<
  ConfigCache,
  {
    /** Invalidates the cache. Must run in every transaction that writes a rule or an integration. */
    readonly changed: Effect.Effect<void, SqlError.SqlError>
    /** Caches what `load` returns until the next edit, if it is as in `only`. */
    readonly remember: <A, E>(
      load: Effect.Effect<A, E>,
      only?: (value: A) => boolean
    ) => Effect.Effect<A, E | SqlError.SqlError>
  }
>()("@tocsin/delivery/ConfigCache") {
  static readonly layer: Layer.Layer<ConfigCache, never, SqlClient.SqlClient | SecureRandom.SecureRandom> =
    Layer.effect(
      ConfigCache,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const random = yield* SecureRandom.SecureRandom
        const takesShortcuts = yield* Shortcuts
        const version = Effect.map(
          sql<{ version: string }>`SELECT version FROM settings_version`,
          ([row]) => row?.version
        )
        // Edits and transactions that read what is cached never run at once (M1).
        const once = readOnce(
          Effect.flatMap(TransactionStart, (start) =>
            start?.version === undefined ? version : Effect.succeed(start.version)
          )
        )
        const forget = Effect.map(TransactionStart, (start) => {
          if (start !== undefined) start.version = undefined
        })
        const current = takesShortcuts ? once.read : version

        return ConfigCache.of({
          // Random: after a rollback, a counter would give the next edit the same version.
          changed: Effect.flatMap(random.uuidV7(), (version) =>
            Effect.all([sql`UPDATE settings_version SET version = ${version}`, once.forget, forget], { discard: true })
          ),
          remember: <A, E>(load: Effect.Effect<A, E>, only: (value: A) => boolean = () => true) => {
            let remembered: { readonly version: string | undefined; readonly value: A } | undefined
            return Effect.gen(function* () {
              const version = yield* current
              if (remembered?.version === version && remembered !== undefined) return remembered.value
              const value = yield* load
              if (!only(value)) return value
              // Outside a transaction, an edit may have happened meanwhile.
              if ((yield* current) === version) remembered = { version, value }
              return value
            })
          }
        })
      })
    )
}
