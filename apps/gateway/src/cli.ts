/**
 * The command line: serve, back up and restore, or move the data to another store.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer, References } from "effect"
import { CliConfig, Command, GlobalFlag } from "effect/cli"
import manifest from "../package.json" with { type: "json" }
import { backup } from "./commands/backup.ts"
import { checkConfig } from "./commands/checkConfig.ts"
import { health } from "./commands/health.ts"
import { migrateStore } from "./commands/migrateStore.ts"
import { restore } from "./commands/restore.ts"
import * as Gateway from "./Gateway.ts"
import { loadPlugins } from "./startup/loadPlugins.ts"
import { launcherEnds } from "./startup/launcher.ts"
import { Settings } from "./startup/settings/Settings.ts"

const running = Layer.unwrap(Effect.map(loadPlugins, Gateway.layer)).pipe(
  Layer.provide(Settings.layer),
  // No exporter reads spans, so none are made for requests and statements.
  Layer.provide(Layer.succeed(References.TracerEnabled, false)),
  Layer.launch
)

const serving = Effect.raceFirst(running, launcherEnds)

const serve = Command.make("serve", {}, () => serving).pipe(
  Command.withDescription("Serves, as the TOCSIN_ settings in the environment say. So does tocsin without a command.")
)

/** The command `tocsin` with its subcommands. */
export const tocsin = Command.make("tocsin", {}, () => serving).pipe(
  Command.withDescription("Delivers alerts to channels. Without a command it serves."),
  Command.withSubcommands([serve, backup, restore, migrateStore, checkConfig, health]),
  Command.run({ version: manifest.version }),
  Effect.provide([
    NodeServices.layer,
    CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })
  ])
)
