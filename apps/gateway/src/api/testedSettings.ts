/**
 * The settings whose test was delivered before they were saved.
 */
import { Clock, Duration, Effect } from "effect"
import { createHmac, randomBytes } from "node:crypto"
import type { IntegrationInput } from "@tocsin/delivery"

type Tested = Pick<IntegrationInput, "type" | "settings">

/** How long a delivered test counts for an integration that is created with its settings. */
const remembered = Duration.toMillis("15 minutes")

/** The most settings that are remembered. */
const most = 100

/**
 * Remembers settings by a keyed hash, in the memory of this gateway: an integration that is created with them, at this
 * gateway, has worked already.
 */
export const makeTestedSettings = () => {
  const key = randomBytes(32)
  const times = new Map<string, number>()
  const hash = ({ settings, type }: Tested) =>
    createHmac("sha256", key)
      .update(JSON.stringify([type, settings]))
      .digest("base64")
  return {
    delivered: Effect.fnUntraced(function* (tested: Tested) {
      const name = hash(tested)
      // The newest is the last.
      times.delete(name)
      times.set(name, yield* Clock.currentTimeMillis)
      for (const oldest of [...times.keys()].slice(0, -most)) times.delete(oldest)
    }),
    /** When a test of these settings was delivered, in epoch milliseconds; undefined if none was recently. */
    deliveredAt: Effect.fnUntraced(function* (tested: Tested) {
      const at = times.get(hash(tested))
      return at === undefined || at < (yield* Clock.currentTimeMillis) - remembered ? undefined : at
    })
  }
}
