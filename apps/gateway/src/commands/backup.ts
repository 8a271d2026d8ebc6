/**
 * `tocsin backup`: a consistent copy of the SQLite database, even while a gateway runs on it.
 */
import { Backups, Sqlite, storeProblem } from "@tocsin/delivery"
import { Console, Context, Effect, Exit, Layer, Result } from "effect"
import { Argument, Command } from "effect/cli"
import { existsSync } from "node:fs"
import { open, rename, rm, stat } from "node:fs/promises"
import { Settings, StartRefused } from "../startup/settings/Settings.ts"
import { download } from "./downloadBackup.ts"

/** Writes a backup to a file. */
export const backup = Command.make(
  "backup",
  { file: Argument.String("file").pipe(Argument.withDescription("The file to write. It must not exist.")) },
  ({ file }) => Effect.provide(backUp(file), Settings.layer)
).pipe(
  Command.withDescription(
    "Writes a consistent copy of the SQLite database to a file, also while a gateway with the same settings runs. The key is not in it: keep a copy of that, too."
  ),
  Command.withExamples([{ command: "tocsin backup backup/tocsin.db", description: "Back up" }])
)

const backUp = Effect.fnUntraced(function* (file: string) {
  const settings = yield* Settings
  const { store } = settings
  if (store._tag === "Postgres") {
    return yield* refuse(
      `${store.shown} is backed up by PostgreSQL's own program: pg_dump --format=custom --file=${file} "$TOCSIN_DATABASE_URL"`
    )
  }
  if (!existsSync(store.file)) return yield* refuse(`There is no database ${store.file}. Check TOCSIN_DATABASE_URL.`)
  if (existsSync(file)) return yield* refuse(`${file} exists already. Name another file, or remove it first.`)
  const part = `${file}.part`
  yield* Effect.scoped(
    Effect.gen(function* () {
      yield* Effect.acquireRelease(create(part), (_, exit) =>
        Exit.isFailure(exit) ? Effect.promise(() => rm(part, { force: true })) : Effect.void
      )
      const opened = yield* Effect.result(Layer.build(Sqlite.layer(store.file)))
      if (Result.isFailure(opened)) {
        // The file is locked because a gateway runs on it.
        return yield* storeProblem(opened.failure) === "Locked" ? download(settings, part) : Effect.fail(opened.failure)
      }
      const { copyTo } = Context.get(opened.success, Backups)
      if (copyTo !== undefined) yield* copyTo(part)
    })
  )
  yield* Effect.promise(() => rename(part, file))
  const { size } = yield* Effect.promise(() => stat(file))
  yield* Console.log(
    `Backed up ${store.file} to ${file} (${size} bytes). Keep the key with it: without the key the integrations' settings cannot be read.`
  )
})

/** Creates the file for its owner only; fails if it exists. */
const create = (part: string) =>
  Effect.tryPromise({
    try: async () => (await open(part, "wx", 0o600)).close(),
    catch: (error) =>
      new StartRefused({
        message:
          error instanceof Error && "code" in error && error.code === "EEXIST"
            ? `${part} exists already: another backup is being written there, or one was interrupted. Remove it first.`
            : `${part} cannot be written (${error instanceof Error && "code" in error ? String(error.code) : "for an unknown reason"}).`
      })
  })

const refuse = (message: string) => Effect.fail(new StartRefused({ message }))
