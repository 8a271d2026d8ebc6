/**
 * When the engines of a test are idle: nothing more happens until time passes or a test calls them.
 */
import { GroupCommit, Peers } from "@tocsin/delivery"
import { Effect, Latch, Layer } from "effect"

/** Each is open while its engine is idle. */
const engines = new Set<Latch.Latch>()

const watch = (idle: Latch.Latch) =>
  Effect.acquireRelease(
    Effect.sync(() => engines.add(idle)),
    () => Effect.sync(() => engines.delete(idle))
  )

/** Lets `settle` wait for the writes and reads of this engine. */
export const watched = Layer.effectDiscard(Effect.flatMap(GroupCommit, ({ idle }) => watch(idle)))

/** Lets fibers pass work on to each other in memory. */
export const passOn = Effect.repeat(Effect.yieldNow, { times: 150 })

/** Waits until all engines are idle. */
export const settle = Effect.gen(function* () {
  do {
    for (const idle of engines) yield* idle.await
    yield* passOn
  } while ([...engines].some((idle) => !idle.isOpen()))
})

const running = new Set<string>()

/** Lets `settle` wait until a gateway that is alone on a database of PostgreSQL owns its partitions. */
export const watchedPeers = (peers: Peers["Service"], database: string) =>
  Peers.of({
    ...peers,
    own: (handlers) =>
      Effect.suspend(() => {
        if (running.has(database)) return peers.own(handlers)
        running.add(database)
        const owning = Latch.makeUnsafe(false)
        return watch(owning).pipe(
          Effect.andThen(
            peers.own({ ...handlers, gained: (partitions) => Effect.andThen(handlers.gained(partitions), owning.open) })
          ),
          Effect.ensuring(Effect.sync(() => running.delete(database))),
          Effect.scoped
        )
      })
  })
