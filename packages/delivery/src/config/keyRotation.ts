/**
 * Checks the key that seals settings at the start, and rotates it (case S1).
 */
import { Effect, Schema } from "effect"
import { Integrations } from "./Integrations.ts"
import { GroupCommit } from "../sql/GroupCommit.ts"

/** The stored settings are sealed with an unknown key, or were changed. Nothing was written. */
export class WrongKey extends Schema.TaggedError<WrongKey>()("WrongKey", { message: Schema.String }) {}

/**
 * Reseals all settings that the previous key sealed, in one transaction: if it is stopped or fails, the previous key still
 * opens all of them. Runs before everything else: with a wrong key, every integration would be shown as broken.
 */
export const changeKey = Effect.gen(function* () {
  const groupCommit = yield* GroupCommit
  const integrations = yield* Integrations
  if (yield* groupCommit.read(integrations.hasUnknownKey)) {
    return yield* new WrongKey({
      message:
        "The integrations were sealed with another key: set TOCSIN_KEY or TOCSIN_KEY_FILE to the one they were saved with, or TOCSIN_KEY_PREVIOUS to it if you are changing the key."
    })
  }
  const resealed = yield* groupCommit.commit(
    Effect.gen(function* () {
      let resealed = 0
      while (yield* integrations.reseal) resealed++
      return resealed
    })
  )
  if (resealed > 0) yield* Effect.logInfo(`Sealed the settings of ${resealed} integrations with the new key.`)
}).pipe(
  Effect.catchTag(
    "SealBroken",
    () =>
      new WrongKey({
        message:
          "The settings of an integration are not what TOCSIN_KEY_PREVIOUS sealed, so they cannot be sealed with the new key: start with the previous key alone, and delete the integration that is shown as broken."
      })
  )
)
