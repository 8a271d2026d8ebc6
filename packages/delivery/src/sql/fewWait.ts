/**
 * When a group of writes begins. A transaction costs as much as several of its writes, so few writes wait for the group that
 * runs, and are then committed together with those that came meanwhile.
 */
import { Duration, Effect, Latch, Queue } from "effect"

/** So many writes begin at once. */
const manyWrites = 16

/** Fewer begin after this time: the group that runs may wait for a lock, for seconds. */
const longestWait = Duration.millis(20)

/** Lets few of the writes in a queue wait; `most` are taken at once. */
export const fewWait = (queue: Queue.Dequeue<unknown>, most: number) => {
  /** How many groups run. */
  let running = 0
  /** Opens when a group ends, and when many writes wait. */
  const mayBegin = Latch.makeUnsafe()
  const inTime = Effect.raceFirst(Effect.as(mayBegin.await, true), Effect.as(Effect.sleep(longestWait), false))
  return {
    /** Waits for a write, then while each turn of the event loop brings more, and then, if those are few, for a group that runs. */
    gather: Effect.gen(function* () {
      for (let isLate = false; ;) {
        yield* Queue.peek(queue)
        let size = 1
        for (let known = 0; known < size && size < most; size = Queue.sizeUnsafe(queue)) {
          known = size
          yield* Effect.yieldNow
        }
        if (size > 0 && (isLate || running === 0 || size >= manyWrites)) return
        mayBegin.closeUnsafe()
        // Without a write, another group has it.
        isLate = size > 0 && !(yield* inTime)
      }
    }),
    /** Must be called when a write was added. */
    added: () => {
      if (Queue.sizeUnsafe(queue) >= manyWrites) mayBegin.openUnsafe()
    },
    /** Counts a group while it runs. */
    during: <E>(group: Effect.Effect<void, E>) =>
      Effect.suspend(() => {
        running++
        return Effect.ensuring(
          group,
          Effect.sync(() => {
            running--
            mayBegin.openUnsafe()
          })
        )
      })
  }
}
