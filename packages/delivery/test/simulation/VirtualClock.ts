/**
 * The time of a run. `TestClock` knows one time only; here the wall clock can be
 * set forward and back while timers go on as they would, and what a dead gateway
 * slept for is forgotten.
 */
import { type Clock, Duration, Effect } from "effect"

interface Sleep {
  readonly at: number
  readonly clock: Clock.Clock
  readonly resume: () => void
}

/**
 * Waits until nobody can go on without time passing. The engine of a run is driven by
 * microtasks alone, and the event loop comes to this when none is left.
 */
export const quiet: Effect.Effect<void> = Effect.callback((resume) => {
  setImmediate(() => resume(Effect.void))
})

export class VirtualClock {
  /** Milliseconds since the run began, as a timer counts them. */
  elapsed = 0
  #wallAtStart = Date.UTC(2026, 0, 1)
  #sleeps: Array<Sleep> = []

  /** The wall clock, in epoch milliseconds. */
  get wall() {
    return this.#wallAtStart + this.elapsed
  }

  /** Sets the wall clock forward or back. */
  step(milliseconds: number) {
    this.#wallAtStart += milliseconds
  }

  /** The clock of one life of the gateway. */
  make(): Clock.Clock {
    const clock: Clock.Clock = {
      currentTimeMillisUnsafe: () => this.wall,
      currentTimeMillis: Effect.sync(() => this.wall),
      currentTimeNanosUnsafe: () => BigInt(this.wall) * 1_000_000n,
      currentTimeNanos: Effect.sync(() => BigInt(this.wall) * 1_000_000n),
      monotonicTimeNanosUnsafe: () => BigInt(this.elapsed) * 1_000_000n,
      monotonicTimeNanos: Effect.sync(() => BigInt(this.elapsed) * 1_000_000n),
      sleep: (duration) =>
        Effect.callback((resume) => {
          const milliseconds = Math.ceil(Duration.toMillis(duration))
          if (milliseconds <= 0) return resume(Effect.yieldNow)
          const sleep = { at: this.elapsed + milliseconds, clock, resume: () => resume(Effect.void) }
          this.#insert(sleep)
          return Effect.sync(() => {
            this.#sleeps = this.#sleeps.filter((other) => other !== sleep)
          })
        })
    }
    return clock
  }

  /** Nobody wakes any more who slept by this clock. */
  forget(clock: Clock.Clock) {
    this.#sleeps = this.#sleeps.filter((sleep) => sleep.clock !== clock)
  }

  /** Goes on to the next who wakes, at most to `end`; answers whether somebody woke. */
  next(end: number): boolean {
    const [sleep] = this.#sleeps
    if (sleep === undefined || sleep.at > end) {
      this.elapsed = Math.max(this.elapsed, end)
      return false
    }
    this.#sleeps.shift()
    this.elapsed = Math.max(this.elapsed, sleep.at)
    sleep.resume()
    return true
  }

  /** In order of time; who came first wakes first. */
  #insert(sleep: Sleep) {
    const index = this.#sleeps.findIndex(({ at }) => at > sleep.at)
    this.#sleeps.splice(index < 0 ? this.#sleeps.length : index, 0, sleep)
  }
}
