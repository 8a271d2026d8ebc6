/**
 * Notices when the store cannot be used, logs it once, and finds out when it can be used again.
 */
import { Clock, Effect, Latch } from "effect"
import { recoveryProof, type StoreProblem, storeSentences } from "./storeProblem.ts"

/** How often a store that cannot be used is tried. */
const pause = "1 second"

/** What the store does for the tries. */
interface Tries<E> {
  /** Begins and ends a transaction that may write. */
  readonly transaction: Effect.Effect<unknown, E>
  /** Writes 64 KiB. */
  readonly write: Effect.Effect<unknown, E>
}

/** The outage of a store, as far as it is known. */
export interface Outage {
  /** Notes that a statement failed. */
  readonly failed: (problem: StoreProblem) => Effect.Effect<void>
  /** The problem for which the store takes no writes, until 64 KiB have been written. */
  readonly blocksWrites: () => StoreProblem | undefined
}

/** Follows outages for as long as the scope is open. */
export const followOutages = Effect.fnUntraced(function* <E>(tries: Tries<E>) {
  const isAway = yield* Latch.make()
  const permanent = new Set<StoreProblem>()
  let outage: { readonly problem: StoreProblem; readonly since: number } | undefined

  const recovery = Effect.gen(function* () {
    yield* isAway.await
    yield* Effect.sleep(pause)
    if (outage === undefined) return
    const { problem, since } = outage
    yield* needsWrite(problem) ? tries.write : tries.transaction
    // It may have been replaced by one that takes more to end.
    if (outage.problem !== problem) return
    outage = undefined
    yield* isAway.close
    const seconds = Math.round(((yield* Clock.currentTimeMillis) - since) / 1000)
    yield* Effect.logInfo(`The store can be used again after ${seconds} seconds.`)
  })
  yield* Effect.forkScoped(Effect.forever(Effect.ignore(recovery)))

  const log = (problem: StoreProblem) =>
    Effect.logError(`The store cannot be used (${problem}). ${storeSentences[problem]}`)

  const follows: Outage = {
    failed: Effect.fnUntraced(function* (problem) {
      switch (recoveryProof(problem)) {
        case "none":
          return
        case "restart":
          if (permanent.has(problem)) return
          permanent.add(problem)
          return yield* log(problem)
        default:
          if (outage !== undefined && (needsWrite(outage.problem) || !needsWrite(problem))) return
          outage = { problem, since: outage?.since ?? (yield* Clock.currentTimeMillis) }
          yield* log(problem)
          yield* isAway.open
      }
    }),
    blocksWrites: () => (outage !== undefined && needsWrite(outage.problem) ? outage.problem : undefined)
  }
  return follows
})

const needsWrite = (problem: StoreProblem) => recoveryProof(problem) === "write"
