import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { DatabaseSync } from "node:sqlite"
import { statSync } from "node:fs"
import { openLog, type Sync } from "../../src/stores/logSync.ts"
import { storeProblem } from "../../src/sql/storeProblem.ts"
import { newFile } from "../harness/store.ts"

const open = Effect.fnUntraced(function* (sync: Sync) {
  const file = newFile()
  const database = yield* Effect.acquireRelease(
    Effect.sync(() => new DatabaseSync(file)),
    (database) => Effect.sync(() => database.close())
  )
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE t (n integer)")
  return { log: yield* openLog(database, file, sync), size: () => statSync(`${file}-wal`).size }
})

const broken = Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO", syscall: "fdatasync" })

describe("The sync of the log", () => {
  it.effect("returns once the disk has answered", () =>
    Effect.gen(function* () {
      const waiting: Array<Parameters<Sync>[1]> = []
      const { log } = yield* open((_, done) => waiting.push(done))
      const fiber = yield* Effect.forkChild(log, { startImmediately: true })
      assert.isUndefined(fiber.pollUnsafe())
      waiting.forEach((done) => done(null))
      yield* Fiber.join(fiber)
    })
  )

  it.effect("names what is wrong with the disk", () =>
    Effect.gen(function* () {
      const failing = (code: string) =>
        open((_, done) => done(Object.assign(new Error(code), { code, syscall: "fdatasync" })))
      const problems = yield* Effect.forEach(["EIO", "ENOSPC", "EINVAL"], (code) =>
        Effect.flatMap(failing(code), ({ log }) => Effect.map(Effect.flip(log), storeProblem))
      )
      assert.deepStrictEqual(problems, ["DiskError", "DiskFull", "DiskError"])
    })
  )

  it.effect("copies the log to the database once a sync has failed, because later ones do not cover it", () =>
    Effect.gen(function* () {
      let syncs = 0
      const { log, size } = yield* open((_, done) => done(++syncs === 1 ? broken : null))
      assert.strictEqual(storeProblem(yield* Effect.flip(log)), "DiskError")
      assert.isAbove(size(), 0)
      yield* log
      assert.strictEqual(size(), 0)
      assert.strictEqual(syncs, 1)
      yield* log
      assert.strictEqual(syncs, 2)
    })
  )
})
