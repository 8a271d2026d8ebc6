/**
 * Detects an outage of the store, logs it once, and detects when the store works again.
 */
import { Clock, Effect, Latch } from "effect"
import type { SqlError } from "effect/sql"
import { codeOf, recoveryProof, storeProblem, type StoreProblem, storeSentences } from "./storeProblem.ts"

/** How often an unavailable store is probed. */
const pause = "1 second"

/** The probes of a store. */
interface Probes<E> {
  /** Begins and ends a transaction that may write. */
  readonly transaction: Effect.Effect<unknown, E>
  /** Writes 64 KiB. */
  readonly write: Effect.Effect<unknown, E>
}

/** The current outage of a store. */
export interface Outage {
  /** Records that a statement failed, and returns the problem. */
  readonly failed: (error: SqlError.SqlError) => Effect.Effect<StoreProblem>
  /** The problem that blocks writes: until 64 KiB have been written, or until a restart if the database is damaged. */
  readonly blocksWrites: () => StoreProblem | undefined
  /**
   * The time since which the store has been usable, in epoch milliseconds: the end of the last outage, or the start.
   * During an outage it is later than any time.
   */
  readonly availableSince: () => number
}

/** Follows outages for as long as the scope is open. */
export const followOutages = Effect.fnUntraced(function* <E>(probes: Probes<E>) {
  const isAway = yield* Latch.make()
  const permanent = new Set<StoreProblem>()
  let availableSince = yield* Clock.currentTimeMillis
  let outage: { readonly problem: StoreProblem; readonly since: number } | undefined

  const recovery = Effect.gen(function* () {
    yield* isAway.await
    yield* Effect.sleep(pause)
    if (outage === undefined) return
    const { problem, since } = outage
    yield* needsWrite(problem) ? probes.write : probes.transaction
    // A worse problem may have replaced it meanwhile.
    if (outage.problem !== problem) return
    outage = undefined
    yield* isAway.close
    availableSince = yield* Clock.currentTimeMillis
    const seconds = Math.round((availableSince - since) / 1000)
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

  const recordProblem = Effect.fnUntraced(function* (problem: StoreProblem) {
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
    availableSince: () => (outage === undefined && permanent.size === 0 ? availableSince : Number.MAX_SAFE_INTEGER),
    failed: (error) => {
      const problem = storeProblem(error)
      return Effect.as(recoveryProof(problem) === "none" ? logBug(error) : recordProblem(problem), problem)
    },
    blocksWrites: () => {
      const [damage] = permanent
      return damage ?? (outage !== undefined && needsWrite(outage.problem) ? outage.problem : undefined)
    }
  }
  return follows
})

/** Logs a statement that is itself wrong. Only syntax errors are quoted: others may contain values. */
const logBug = ({ reason }: SqlError.SqlError) => {
  const code = codeOf(reason.cause)
  const detail = reason._tag === "SqlSyntaxError" && reason.cause instanceof Error ? `: ${reason.cause.message}` : ""
  return Effect.logError(`A statement failed (${code === "" ? reason._tag : `${reason._tag}, ${code}`})${detail}.`)
}

const needsWrite = (problem: StoreProblem) => recoveryProof(problem) === "write"
