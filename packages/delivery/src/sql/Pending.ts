/**
 * Counts operations that have begun and not ended.
 */
import { Effect, Latch } from "effect"

export class Pending {
  /** Open while no operation is pending. */
  readonly idle = Latch.makeUnsafe(true)
  #count = 0

  begin() {
    this.#count++
    this.idle.closeUnsafe()
  }

  end() {
    if (--this.#count === 0) this.idle.openUnsafe()
  }

  /** Counts the effect while it runs. */
  during<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.begin()),
      () => effect,
      () => Effect.sync(() => this.end())
    )
  }
}
