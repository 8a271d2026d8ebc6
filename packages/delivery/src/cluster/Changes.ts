/**
 * The changes in the store, by kind and id, for watchers: in numbered batches that are kept for a while, so that a
 * watcher resumes after a short interruption.
 */
import { Context, Deferred, Duration, Effect, Latch, Layer } from "effect"
import { type Change, type ChangeKind, Collected } from "./collectedChanges.ts"
import { Peers } from "./Peers.ts"
import { afterCommit } from "../sql/transactionEnd.ts"

/** The changes up to a position. */
export interface ChangesAfter {
  readonly position: string
  readonly items: ReadonlyArray<Change>
}

/** The time between two batches: at most four a second. */
const pause = Duration.millis(250)

/** How many batches are kept: five minutes of constant changes. */
const mostBatches = 1200

/** The most changes in all kept batches. */
const mostChanges = 50_000

/** Collects changes, and passes them to watchers. */
export class Changes extends Context.Service<
  Changes,
  {
    /** Records that these things changed, once the current transaction is committed. */
    readonly changed: (kind: ChangeKind, ids: Iterable<string>) => Effect.Effect<void>
    /** Records that anything of the kind may have changed. */
    readonly allChanged: (kind: ChangeKind) => Effect.Effect<void>
    /** The current position. */
    readonly position: Effect.Effect<string>
    /**
     * Waits for changes after the position, and returns all of them. Undefined if some of them are no longer kept, or
     * if the position belongs to another gateway.
     */
    readonly after: (position: string) => Effect.Effect<ChangesAfter | undefined>
  }
>()("@tocsin/delivery/Changes") {
  static readonly layer: Layer.Layer<Changes, never, Peers> = Layer.effect(
    Changes,
    Effect.gen(function* () {
      const peers = yield* Peers
      /** The prefix of the positions of this run of the gateway. */
      const run = crypto.randomUUID()
      /**
       * The changes since the last batch: those of this gateway for the others, and those of all gateways for the
       * watchers.
       */
      const forPeers = new Collected()
      const forWatchers = new Collected()
      const isWaiting = yield* Latch.make()
      const batches: Array<{ readonly items: ReadonlyArray<Change>; readonly number: number }> = []
      let kept = 0
      let last = 0
      let watchers = 0
      let next = yield* Deferred.make<void>()

      /** Without watchers nothing runs: the changes until the next watcher become its first batch. */
      const wake = Effect.suspend(() =>
        !forPeers.isEmpty || (watchers > 0 && !forWatchers.isEmpty) ? Effect.asVoid(isWaiting.open) : Effect.void
      )

      const note = (add: (to: Collected) => void) =>
        afterCommit(
          Effect.suspend(() => {
            add(forWatchers)
            if (peers.many) add(forPeers)
            return wake
          })
        )

      const flush = Effect.gen(function* () {
        if (!forPeers.isEmpty) yield* peers.publishChanges(forPeers.take())
        if (watchers === 0 || forWatchers.isEmpty) return
        const items = forWatchers.take()
        batches.push({ items, number: ++last })
        kept += items.length
        while (batches.length > mostBatches || kept > mostChanges) kept -= batches.shift()?.items.length ?? 0
        const waited = next
        next = yield* Deferred.make<void>()
        yield* Deferred.succeed(waited, undefined)
      })

      yield* isWaiting.await.pipe(
        Effect.andThen(isWaiting.close),
        Effect.andThen(flush),
        Effect.andThen(Effect.sleep(pause)),
        Effect.andThen(wake),
        Effect.forever,
        Effect.forkScoped
      )
      yield* Effect.forkScoped(
        peers.subscribeToChanges((changes) =>
          Effect.suspend(() => {
            changes.forEach((change) => forWatchers.add(change))
            return wake
          })
        )
      )

      const after = Effect.fnUntraced(function* (position: string) {
        const [, of, digits = ""] = /^(.*)\.(\d{1,15})$/.exec(position) ?? []
        const number = Number(digits)
        for (;;) {
          const oldest = batches[0]?.number ?? last + 1
          if (of !== run || number > last || number < oldest - 1) return undefined
          if (number < last) break
          watchers++
          yield* Effect.ensuring(
            Effect.andThen(wake, Deferred.await(next)),
            Effect.sync(() => watchers--)
          )
        }
        const all = new Collected()
        for (const { items } of batches.slice(number - last)) items.forEach((change) => all.add(change))
        return { position: `${run}.${last}`, items: all.take() }
      })

      return Changes.of({
        changed: (kind, ids) =>
          note((to) => {
            for (const id of ids) to.add({ kind, id })
          }),
        allChanged: (kind) => note((to) => to.add({ kind })),
        position: Effect.sync(() => `${run}.${last}`),
        after
      })
    })
  )
}
