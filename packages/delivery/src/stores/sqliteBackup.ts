/**
 * Copies of a SQLite database while it is in use.
 */
import { Effect, Semaphore } from "effect"
import { open } from "node:fs/promises"
import { backup, type DatabaseSync } from "node:sqlite"
import { StoreUnavailable } from "../sql/StoreUnavailable.ts"
import { toSqlError } from "./sqliteError.ts"

/**
 * Copies a hundred pages at a time on another thread. Other statements run between two steps, and the copy includes
 * their writes. No step succeeds while a transaction is open, and Node ends a copy whose first step fails. Therefore
 * each step waits for its turn among the `statements`.
 */
export const copyTo = (
  database: DatabaseSync,
  { file, statements }: { readonly file: string; readonly statements: Semaphore.Semaphore }
): Effect.Effect<void, StoreUnavailable> =>
  Effect.suspend(() => {
    let remaining = Infinity
    let isCopied = false
    let stepped = () => {}
    const nextStep = () => new Promise<void>((resolve) => (stepped = resolve))
    const step = Effect.promise(async () => {
      const before = remaining
      while (!isCopied && remaining === before) await nextStep()
    })
    const begin = () =>
      backup(database, file, {
        progress: ({ remainingPages }) => {
          remaining = remainingPages
          stepped()
        }
      }).finally(() => {
        isCopied = true
        stepped()
      })
    return Effect.gen(function* () {
      const copying = yield* statements.withPermit(
        Effect.suspend(() => {
          const copying = begin()
          // Awaited below.
          copying.catch(() => {})
          return Effect.as(step, copying)
        })
      )
      while (!isCopied) yield* statements.withPermit(step)
      yield* Effect.tryPromise({
        try: async () => {
          await copying
          const copy = await open(file, "r+")
          await copy.sync().finally(() => copy.close())
        },
        catch: (cause) => StoreUnavailable.because(toSqlError("back up")(cause))
      })
    })
  }).pipe(Effect.uninterruptible, (copying) => one.withPermit(copying))

/**
 * Only one backup runs at a time: backups of one connection disturb each other, and each uses the full speed of the
 * disk.
 */
const one = Semaphore.makeUnsafe(1)
