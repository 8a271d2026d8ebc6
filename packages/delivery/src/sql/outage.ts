/**
 * Notices when the store cannot be used, logs it once, and finds out when it can be used again.
 */
import { Clock, Effect, Latch } from "effect"
import type { SqlError } from "effect/sql"
import { codeOf, recoveryProof, storeProblem, type StoreProblem, storeSentences } from "./storeProblem.ts"

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
  /** Notes that a statement failed, and names the problem. */
  readonly failed: (error: SqlError.SqlError) => Effect.Effect<StoreProblem>
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
    yield* Effect.annotateLogs(Effect.logInfo(`The store can be used again after ${seconds} seconds.`), {
      event: "store-available"
    })
  })
  yield* Effect.forkScoped(Effect.forever(Effect.ignore(recovery)))

  const log = (problem: StoreProblem) =>
    Effect.annotateLogs(Effect.logError(`The store cannot be used (${problem}). ${storeSentences[problem]}`), {
      event: "store-unavailable",
      problem
    })

  const note = Effect.fnUntraced(function* (problem: StoreProblem) {
    if (recoveryProof(problem) === "restart") {
      if (permanent.has(problem)) return
      permanent.add(problem)
      return yield* log(problem)
    }
    if (outage !== undefined && (needsWrite(outage.problem) || !needsWrite(problem))) return
    outage = { problem, since: outage?.since ?? (yield* Clock.currentTimeMillis) }
    yield* log(problem)
    yield* isAway.open
  })

  const follows: Outage = {
    failed: (error) => {
      const problem = storeProblem(error)
      return Effect.as(recoveryProof(problem) === "none" ? logBug(error) : note(problem), problem)
    },
    blocksWrites: () => (outage !== undefined && needsWrite(outage.problem) ? outage.problem : undefined)
  }
  return follows
})

/** A statement that fails by itself. Only an error of syntax repeats no value of a statement. */
const logBug = ({ reason }: SqlError.SqlError) => {
  const code = codeOf(reason.cause)
  const detail = reason._tag === "SqlSyntaxError" && reason.cause instanceof Error ? `: ${reason.cause.message}` : ""
  return Effect.logError(`A statement failed (${code === "" ? reason._tag : `${reason._tag}, ${code}`})${detail}.`)
}

const needsWrite = (problem: StoreProblem) => recoveryProof(problem) === "write"
