/**
 * Checks the key that seals settings at the start, and rotates it (case S1).
 */
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Integrations } from "./Integrations.ts"
import { Seal } from "./Seal.ts"
import { Sources } from "./Sources.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"

/** The stored settings are sealed with an unknown key, or were changed. Nothing was written. */
export class WrongKey extends Schema.TaggedError<WrongKey>()("WrongKey", { message: Schema.String }) {}

/** Fails if settings were sealed with a key that is not known. */
export const checkKey = Effect.gen(function* () {
  return yield* knownKey(yield* SqlClient.SqlClient, yield* Seal)
})

const knownKey = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, { keyIds }: Seal["Service"]) {
  const isKnown = sql.in("key_id", keyIds)
  const unknown = yield* sql`SELECT key_id FROM integrations WHERE NOT (${isKnown})
    UNION SELECT key_id FROM sources WHERE key_id IS NOT NULL AND NOT (${isKnown})`
  if (unknown.length > 0) {
    return yield* new WrongKey({
      message:
        "The integrations and sources were sealed with another key: set TOCSIN_KEY or TOCSIN_KEY_FILE to the one they were saved with, or TOCSIN_KEY_PREVIOUS to it if you are changing the key."
    })
  }
})

/**
 * Reseals all settings that the previous key sealed, in one transaction: if it is stopped or fails, the previous key still
 * opens all of them. Runs before everything else: with a wrong key, every integration would be shown as broken.
 */
export const changeKey = Effect.gen(function* () {
  const groupCommit = yield* GroupCommit
  const integrations = yield* Integrations
  const sources = yield* Sources
  yield* groupCommit.read(knownKey(yield* SqlClient.SqlClient, yield* Seal))
  const resealed = yield* groupCommit.commit(
    Effect.gen(function* () {
      let resealed = 0
      while (yield* integrations.reseal) resealed++
      while (yield* sources.reseal) resealed++
      return resealed
    })
  )
  if (resealed > 0)
    yield* Effect.logInfo(`Sealed the settings of ${resealed} integrations and sources with the new key.`)
}).pipe(
  Effect.catchTag(
    "SealBroken",
    () =>
      new WrongKey({
        message:
          "The settings of an integration or a source are not what TOCSIN_KEY_PREVIOUS sealed, so they cannot be sealed with the new key: start with the previous key alone, and delete the integration that is shown as broken."
      })
  )
)
