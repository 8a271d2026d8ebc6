import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { chmodSync, lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as InProcess from "../harness/inProcess.ts"
import { refused } from "../harness/refusal.ts"

/** A folder of the test's own, whose name a shell must quote. */
const newFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tocsin's files-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const modeOf = (file: string) => (lstatSync(file).mode & 0o777).toString(8)

const key = Buffer.alloc(32, 1).toString("base64")

/** Runs the command that a refusal names. */
const obey = (sentence: string) =>
  Effect.sync(() => execFileSync("sh", ["-c", sentence.slice(sentence.indexOf("Run: ") + "Run: ".length)]))

describe("The gateway's files", () => {
  it.live("are created for their owner only, whatever is at the key's path", () =>
    Effect.gen(function* () {
      const folder = yield* newFolder
      const database = join(folder, "tocsin.db")
      const elsewhere = join(folder, "elsewhere")
      symlinkSync(elsewhere, `${database}.key.new`)
      const settings = { TOCSIN_DATABASE_URL: `sqlite:${database}` }
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* InProcess.start(settings)
          assert.deepStrictEqual(
            ["", "-wal", ".key"].map((suffix) => modeOf(`${database}${suffix}`)),
            ["600", "600", "600"]
          )
        })
      )
      assert.throws(() => lstatSync(elsewhere))
      assert.isTrue(lstatSync(`${database}.key`).isFile())
      assert.lengthOf(Buffer.from(readFileSync(`${database}.key`, "utf8"), "base64"), 32)
      yield* InProcess.start(settings)
    }).pipe(Effect.scoped)
  )

  it.live("are refused while others can read the key, with the command that fixes it", () =>
    Effect.gen(function* () {
      const folder = yield* newFolder
      const file = join(folder, "key")
      writeFileSync(file, key)
      const settings = { TOCSIN_DATABASE_URL: "sqlite::memory:", TOCSIN_KEY_FILE: file }
      for (const [mode, who] of [
        [0o604, "every user of this machine (mode 0604)"],
        [0o620, "its group (mode 0620)"]
      ] as const) {
        chmodSync(file, mode)
        const sentence = yield* refused(settings)
        assert.include(sentence, `${file} can be read or written by ${who}. Run: chmod 600 `)
        yield* obey(sentence)
        yield* Effect.scoped(InProcess.start(settings))
      }
    }).pipe(Effect.scoped)
  )

  it.live("are refused while every user can read the database or its log, with the command that fixes it", () =>
    Effect.gen(function* () {
      const folder = yield* newFolder
      const database = join(folder, "tocsin.db")
      const settings = { TOCSIN_DATABASE_URL: `sqlite:${database}`, TOCSIN_KEY: key }
      yield* Effect.scoped(InProcess.start(settings))
      writeFileSync(`${database}-wal`, "")
      chmodSync(`${database}-wal`, 0o644)
      const ofLog = yield* refused(settings)
      assert.include(ofLog, `${database}-wal can be read or written by every user of this machine (mode 0644)`)
      chmodSync(database, 0o666)
      yield* obey(yield* refused(settings))
      assert.deepStrictEqual([modeOf(database), modeOf(`${database}-wal`)], ["600", "600"])
      yield* InProcess.start(settings)
    }).pipe(Effect.scoped)
  )

  it.live("are named in a warning where others can read the token", () =>
    Effect.gen(function* () {
      const folder = yield* newFolder
      const file = join(folder, "token")
      writeFileSync(file, "a-token-of-24-characters\n", { mode: 0o644 })
      const gateway = yield* InProcess.start({ TOCSIN_DATABASE_URL: "sqlite::memory:", TOCSIN_TOKEN_FILE: file })
      assert.include(gateway.printed(), `TOCSIN_TOKEN_FILE: ${file} can be read or written by every user`)
      assert.notInclude(gateway.printed(), "a-token-of-24-characters")
    }).pipe(Effect.scoped)
  )
})
