/**
 * `tocsin restore`: a new store from a backup, in which everything that was open is held.
 */
import { type HeldIntegration, holdRestored, Sqlite, type StoreProblem, storeProblem } from "@tocsin/delivery"
import { Console, Effect, Exit, Layer, Option } from "effect"
import { Argument, Command } from "effect/cli"
import type { SqlClient } from "effect/sql"
import { constants, existsSync } from "node:fs"
import { chmod, copyFile, mkdir, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { Settings, StartRefused } from "../startup/settings/Settings.ts"
import * as Store from "../startup/Store.ts"

/** Restores a backup to the store of the settings. */
export const restore = Command.make(
  "restore",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("The backup of a SQLite database. Leave it out on PostgreSQL, after pg_restore."),
      Argument.optional
    )
  },
  ({ file }) => Effect.provide(restored(file), Settings.layer)
).pipe(
  Command.withDescription(
    "Restores a backup to a new SQLite database and pauses the integrations with deliveries that were open when it was made, because they may have been sent since. On PostgreSQL, run it after pg_restore. Resume each integration to send them."
  ),
  Command.withExamples([{ command: "tocsin restore backup/tocsin.db", description: "Restore" }])
)

const restored = Effect.fnUntraced(function* (backup: Option.Option<string>) {
  const { store } = yield* Settings
  if (store._tag === "Postgres") {
    if (Option.isSome(backup)) {
      return yield* refuse(
        `${store.shown} is restored by PostgreSQL's own program: pg_restore --clean --if-exists --dbname="$TOCSIN_DATABASE_URL" ${backup.value}. Then run tocsin restore without a file, before any gateway starts.`
      )
    }
    return yield* report(store.shown, yield* Effect.provide(holdRestored(store.shown), Store.layer(store)))
  }
  if (Option.isNone(backup)) return yield* refuse("Name the backup: tocsin restore <file>")
  const held = yield* intoNewFile(backup.value, store.file)
  yield* report(store.file, held)
  yield* Console.log(
    `The key is not in a backup: unless TOCSIN_KEY or TOCSIN_KEY_FILE holds it, copy it to ${store.file}.key.`
  )
})

/** Works on a copy beside the database, which gets its name once it is complete. */
const intoNewFile = Effect.fnUntraced(function* (backup: string, file: string) {
  if (!existsSync(backup)) return yield* refuse(`There is no backup ${backup}.`)
  for (const there of [file, `${file}-wal`]) {
    if (existsSync(there))
      return yield* refuse(`${there} exists already. Stop the gateway, and move the file away first.`)
  }
  const part = `${file}.restoring`
  const remove = Effect.promise(async () => {
    for (const name of [part, `${part}-wal`, `${part}-shm`]) await rm(name, { force: true })
  })
  return yield* Effect.scoped(
    Effect.gen(function* () {
      yield* Effect.addFinalizer((exit) => (Exit.isFailure(exit) ? remove : Effect.void))
      yield* copy(backup, part)
      const opened = Layer.catch(Sqlite.layer(part), (error) => notReadable(backup, storeProblem(error)))
      const held = yield* Effect.provide(holdRestored(backup), opened)
      yield* Effect.promise(() => rename(part, file))
      return held
    })
  )
})

const notReadable = (backup: string, problem: StoreProblem): Layer.Layer<SqlClient.SqlClient, StartRefused> =>
  Layer.effectContext(
    refuse(`${backup} is no SQLite database that can be opened (${problem}). Name a file that tocsin backup wrote.`)
  )

const copy = (backup: string, part: string) =>
  Effect.tryPromise({
    try: async () => {
      await mkdir(dirname(part), { recursive: true })
      await copyFile(backup, part, constants.COPYFILE_EXCL)
      await chmod(part, 0o600)
    },
    catch: (error) =>
      new StartRefused({
        message: `${backup} cannot be copied to ${part} (${error instanceof Error && "code" in error ? String(error.code) : "for an unknown reason"}).`
      })
  })

const report = (restored: string, held: ReadonlyArray<HeldIntegration>) =>
  Console.log(
    held.length === 0
      ? `Restored ${restored}. No delivery was open when the backup was made.`
      : [
          `Restored ${restored}. These integrations are paused, because some of their deliveries were open when the backup was made, and may have been sent since:`,
          ...held.map(({ id, name, open }) => `  ${name} (${id}): ${open} open`),
          "Start the gateway, look at them in the console, and resume each integration to send them."
        ].join("\n")
  )

const refuse = (message: string) => Effect.fail(new StartRefused({ message }))
