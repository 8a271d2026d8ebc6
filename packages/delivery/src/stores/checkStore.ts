/**
 * Checks whether a gateway can start on a store.
 */
import { Effect } from "effect"
import { checkKey } from "../config/keyRotation.ts"
import { currentSchema, usableSchema } from "../sql/migrate.ts"

/**
 * Checks that a gateway of this version and with this key can start on the store, and changes nothing. The key is not
 * checked before an upgrade has migrated the tables.
 *
 * Fails with `MigrationError` if a later version wrote the store or it is only partly copied, and with `WrongKey` if its
 * settings were sealed with another key.
 */
export const checkStore = Effect.gen(function* () {
  if ((yield* usableSchema) === currentSchema()) yield* checkKey
})
