/**
 * Proves that a test of settings was delivered before they were saved. The proof is sealed, so that each gateway on the
 * store believes it, and none has to remember it.
 */
import { type IntegrationInput, Seal } from "@tocsin/delivery"
import { Clock, Duration, Effect } from "effect"
import { hash } from "node:crypto"

type Tested = Pick<IntegrationInput, "type" | "settings">

/** How long a delivered test counts for an integration that is created with its settings. */
const counts = Duration.toMillis("15 minutes")

/** A proof opens for the tested settings only. */
const row = ({ settings, type }: Tested) => `tested ${hash("sha256", JSON.stringify([type, settings]))}`

/** Makes and reads proofs. */
export const testedSettings = Effect.map(Seal, ({ keyId, open, seal }) => ({
  /** Proves that a test of these settings was delivered now. */
  proof: Effect.fnUntraced(function* (tested: Tested) {
    const now = yield* Clock.currentTimeMillis
    return `${keyId}.${yield* seal(String(now), row(tested))}`
  }),
  /** When the test was delivered, in epoch milliseconds; undefined if it does not count for these settings. */
  deliveredAt: Effect.fnUntraced(function* (tested: Tested, proof: string | undefined) {
    const [, key = "", sealed = ""] = /^(\w+)\.(.*)$/s.exec(proof ?? "") ?? []
    const text = yield* Effect.orElseSucceed(open(sealed, row(tested), key), () => "0")
    return Number(text) < (yield* Clock.currentTimeMillis) - counts ? undefined : Number(text)
  })
}))
