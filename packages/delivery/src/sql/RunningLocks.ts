/**
 * The lock keys of the transactions of this gateway that run.
 */
import { Effect } from "effect"
import type { Guess } from "./Batch.ts"
import { maxLocks } from "./locks.ts"
import type { Locks } from "./readOnce.ts"

/** The locks that a transaction takes when it begins. */
export interface AskedLocks extends Pick<Locks, "isHeld"> {
  /** The lock keys of its writes; undefined if it locks everything. */
  readonly keys: ReadonlySet<string> | undefined
  /** Lock keys that it takes only if nobody holds them. */
  readonly guessed: ReadonlyArray<string>
}

/** Knows the lock keys of the transactions that run. */
export class RunningLocks {
  readonly #running = new Set<ReadonlySet<string>>()

  /** Runs a transaction with these lock keys, and with those that it guesses; without keys, it locks everything. */
  during<A, E>(
    keys: ReadonlySet<string> | undefined,
    guess: (isHeld: Locks["isHeld"]) => ReturnType<Guess<unknown>>,
    transaction: (locks: AskedLocks) => Effect.Effect<A, E>
  ): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      if (keys === undefined) return transaction({ keys, guessed: [], isHeld: () => false })
      const own = new Set(keys)
      const isHeld = (key: string) => [...this.#running].some((held) => held !== own && held.has(key))
      const guessed = guess(isHeld)
        .filter((key) => !keys.has(key))
        .slice(0, Math.max(0, maxLocks - keys.size))
      for (const key of guessed) own.add(key)
      this.#running.add(own)
      return Effect.ensuring(
        transaction({ keys, guessed, isHeld }),
        Effect.sync(() => this.#running.delete(own))
      )
    })
  }
}
