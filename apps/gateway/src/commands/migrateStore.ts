/**
 * `tocsin migrate-store`: moves the data to another store.
 */
import { copyStore, type NamedStore } from "@tocsin/delivery"
import { Console, Context, Effect, FileSystem, Layer, Redacted, Schema } from "effect"
import { Argument, Command } from "effect/cli"
import { SqlClient } from "effect/sql"
import { secretSetting } from "../startup/settings/secretSetting.ts"
import { StartRefused } from "../startup/settings/Settings.ts"
import * as Store from "../startup/Store.ts"
import { isStoreUrl, readStoreUrl } from "../startup/settings/storeUrl.ts"

/** A URL may contain a password: no message may repeat it, and other users of the machine can read arguments. */
const store = (name: string, variable: string, description: string) =>
  Argument.Redacted(name).pipe(
    Argument.withDescription(`${description}; ${variable} or ${variable}_FILE of the environment when absent`),
    Argument.withFallbackConfig(secretSetting(Schema.Redacted(Schema.String), variable))
  )

/** Copies all data from one store to another. */
export const migrateStore = Command.make(
  "migrate-store",
  {
    from: store(
      "from",
      "TOCSIN_MIGRATE_FROM",
      "Where the data is: sqlite:<file> or postgres://<user>:<password>@<host>/<database>"
    ),
    to: store("to", "TOCSIN_DATABASE_URL", "An empty store of either kind, which gets all of it")
  },
  Effect.fn(
    function* ({ from, to }) {
      yield* isThere(yield* read("first", from))
      const [source, target] = [yield* open(yield* read("first", from)), yield* open(yield* read("second", to))]
      yield* Console.log(`Copying ${source.name} to ${target.name}.`)
      yield* copyStore(source, target, ({ checksum, name, rows }) =>
        Console.log(`${name}: ${rows} rows, the same in both (sha256 ${checksum.slice(0, 16)})`)
      )
      yield* Console.log(
        [
          `All of ${source.name} is in ${target.name}. What to do next:`,
          "  1. Set TOCSIN_DATABASE_URL to the URL of the second.",
          "  2. Keep the key: TOCSIN_KEY or TOCSIN_KEY_FILE must hold the one that the gateway had, also the one that it made beside a SQLite file.",
          `  3. Start the gateway, and no gateway on ${source.name} any more.`
        ].join("\n")
      )
    },
    Effect.onInterrupt(() => interrupted),
    Effect.scoped
  )
).pipe(
  Command.withDescription(
    "Copies all data from one store to another while no gateway runs on them, and compares both. Run again, it resumes where it was interrupted."
  ),
  Command.withExamples([
    {
      command:
        "TOCSIN_DATABASE_URL=postgres://tocsin:password@db.example.com/tocsin tocsin migrate-store sqlite:data/tocsin.db",
      description: "From SQLite to PostgreSQL"
    },
    {
      command:
        "TOCSIN_MIGRATE_FROM=postgres://tocsin:password@db.example.com/tocsin TOCSIN_DATABASE_URL=sqlite:data/back.db tocsin migrate-store",
      description: "And back"
    }
  ])
)

/** Ends with an error after an interruption, so that a script does not mistake a part of the store for the whole. */
const interrupted = Effect.andThen(
  Console.error("Interrupted. Run it again with the same stores: it resumes."),
  Effect.sync(() => void (process.exitCode = 1))
)

const read = (which: string, text: Redacted.Redacted) =>
  Effect.suspend(() =>
    isStoreUrl(Redacted.value(text))
      ? Effect.succeed(readStoreUrl(Redacted.value(text)))
      : Effect.fail(
          new StartRefused({
            message: `The ${which} store must be sqlite: and a file, or the URL of a PostgreSQL database: postgres://...`
          })
        )
  )

/** Checks that a SQLite file exists, because opening it would create it. */
const isThere = Effect.fnUntraced(function* (store: ReturnType<typeof readStoreUrl>) {
  if (store._tag === "Postgres") return
  const there = yield* (yield* FileSystem.FileSystem).exists(store.file)
  if (!there) return yield* new StartRefused({ message: `There is no file ${store.file}.` })
})

const open = (store: ReturnType<typeof readStoreUrl>) =>
  Effect.map(Layer.build(Store.layer(store)), (services): NamedStore => ({
    name: store.shown,
    sql: Context.get(services, SqlClient.SqlClient)
  }))
