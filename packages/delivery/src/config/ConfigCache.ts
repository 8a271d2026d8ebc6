/**
 * Remembers what is made of all rules and integrations until one of them is edited, by whichever gateway.
 */
import { Context, Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import { SqlClient, type SqlError } from "effect/sql"

/** Knows whether settings are still as they were. */
export class ConfigCache extends Context.Service<
  ConfigCache,
  {
    /** To be run in every transaction that writes a rule or an integration. */
    readonly changed: Effect.Effect<void, SqlError.SqlError>
    /** What `load` reads, remembered between edits. */
    readonly remember: <A, E>(load: Effect.Effect<A, E>) => Effect.Effect<A, E | SqlError.SqlError>
  }
>()("@tocsin/delivery/ConfigCache") {
  static readonly layer: Layer.Layer<ConfigCache, never, SqlClient.SqlClient | SecureRandom.SecureRandom> =
    Layer.effect(
      ConfigCache,
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const random = yield* SecureRandom.SecureRandom
        const current = Effect.map(
          sql<{ version: string }>`SELECT version FROM settings_version`,
          ([row]) => row?.version
        )

        return ConfigCache.of({
          // Random, because an edit that is taken back must leave no number that the next one takes.
          changed: Effect.flatMap(random.uuidV7(), (version) =>
            Effect.asVoid(sql`UPDATE settings_version SET version = ${version}`)
          ),
          remember: <A, E>(load: Effect.Effect<A, E>) => {
            let remembered: { readonly version: string | undefined; readonly value: A } | undefined
            return Effect.gen(function* () {
              const version = yield* current
              if (remembered?.version === version && remembered !== undefined) return remembered.value
              const value = yield* load
              // Outside of a transaction an edit may have come in between.
              if ((yield* current) === version) remembered = { version, value }
              return value
            })
          }
        })
      })
    )
}
