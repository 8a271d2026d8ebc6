/**
 * When a group of writes begins, and which it has. A transaction costs as much as several of its writes, so few writes wait
 * for the group that runs, and are then committed together with those that came meanwhile. If very many writes of two batches
 * wait, and groups run at once, each batch has a group of its own: the gateway continues with one while the store commits the other.
 */
import { Duration, Effect, Latch, Queue } from "effect"

/** So many writes begin at once. */
const manyWrites = 16

/** So many of one batch, and as many others, are two groups: of fewer, two would cost more than they save. */
const manyOfTwo = 32

/** Fewer begin after this time: the group that runs may wait for a lock, for seconds. */
const longestWait = Duration.millis(20)

/** Lets few of the writes in a queue wait; `most` are taken at once, by up to `groupsAtOnce` groups. */
export const fewWait = <W extends { readonly batch: unknown }>(
  queue: Queue.Queue<W>,
  { groupsAtOnce, most }: { readonly groupsAtOnce: number; readonly most: number }
) => {
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
    /** Takes the writes of a group; none if another group has them. */
    take: Effect.gen(function* () {
      const all = yield* Queue.clear(queue)
      const alike = all.filter(({ batch }) => batch === all[0]?.batch)
      const isApart = groupsAtOnce > 1 && Math.min(alike.length, all.length - alike.length) >= manyOfTwo
      const taken = new Set((isApart ? alike : all).slice(0, most))
      yield* Queue.offerAll(
        queue,
        all.filter((write) => !taken.has(write))
      )
      return [...taken]
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
