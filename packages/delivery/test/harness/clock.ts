/**
 * A test clock that knows its sleeps: on PostgreSQL the engine begins a sleep only after the server has answered.
 */
import { Clock, Duration, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { isPostgres } from "./store.ts"

/** On a slow machine, the test clock would log a warning among the lines of a test. */
export const withoutWarning = Layer.effectDiscard(TestClock.adjust(0))

/** When the sleeps end, by clock. */
const sleepsOf = new WeakMap<object, Map<object, number>>()

/** Records the sleeps of the test clock. */
export const watchedClock = !isPostgres
  ? Layer.empty
  : Layer.effect(
      Clock.Clock,
      Effect.map(Clock.Clock, (clock) => {
        const sleeps = sleepsOf.get(clock) ?? new Map<object, number>()
        sleepsOf.set(clock, sleeps)
        const watched: Clock.Clock = Object.assign(Object.create(clock), {
          sleep: (duration: Duration.Duration) =>
            Effect.suspend(() => {
              const sleep = {}
              sleeps.set(sleep, clock.currentTimeMillisUnsafe() + Duration.toMillis(duration))
              return Effect.ensuring(
                clock.sleep(duration),
                Effect.sync(() => sleeps.delete(sleep))
              )
            })
        })
        return watched
      })
    )

/** The end of the next sleep, if it is before `end`. */
export const nextSleep = (end: number): Effect.Effect<number | undefined> =>
  Clock.clockWith((clock) => {
    const now = clock.currentTimeMillisUnsafe()
    const next = Math.min(...[...(sleepsOf.get(clock)?.values() ?? [])].filter((time) => time > now))
    return Effect.succeed(next < end ? next : undefined)
  })
