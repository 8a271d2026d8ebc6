/**
 * Syncs SQLite's log on another thread. `COMMIT` by itself would block the event loop until the disk has answered, while
 * requests and answers of chat services wait.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql"
import { closeSync, fdatasync, openSync } from "node:fs"
import type { DatabaseSync } from "node:sqlite"
import { toSqlError } from "./sqliteError.ts"

/** Syncs a file descriptor, as `fdatasync` does. */
export type Sync = (descriptor: number, done: (error: Error | null) => void) => void

/**
 * Opens the log of the database in this file, whose `COMMIT` writes to the log without a sync (`synchronous=NORMAL`). The
 * effect returns once all that was committed is on the disk.
 */
export const openLog = Effect.fnUntraced(function* (database: DatabaseSync, file: string, sync: Sync = fdatasync) {
  const descriptor = yield* Effect.acquireRelease(
    Effect.try({ try: () => openSync(`${file}-wal`, "r+"), catch: toSqlError("open the log") }),
    (descriptor) => Effect.sync(() => closeSync(descriptor))
  )
  const onDisk = Effect.callback<void, SqlError.SqlError>((resume) =>
    sync(descriptor, (error) => resume(error === null ? Effect.void : Effect.fail(toSqlError("sync")(error))))
  )
  // After a sync has failed, the next one says nothing about what was written before: a checkpoint copies all of it to the
  // database file, and syncs that.
  const checkpoint = Effect.try({
    try: () => {
      const result = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()
      if (result?.["busy"] !== 0) throw Object.assign(new Error("The log is in use"), { syscall: "fdatasync" })
    },
    catch: toSqlError("sync")
  })
  let isSound = true
  return Effect.suspend(() => (isSound ? onDisk : checkpoint)).pipe(
    Effect.onExit((exit) => Effect.sync(() => (isSound = exit._tag === "Success")))
  )
})
