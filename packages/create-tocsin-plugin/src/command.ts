/**
 * The command line: a name and a kind. In a terminal it prompts for missing ones.
 */
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag, Prompt } from "effect/cli"
import * as ChannelName from "./ChannelName.ts"
import { create } from "./create.ts"

const name = Argument.String("name").pipe(
  Argument.withDescription(
    "The type of the channel or source, lowercase with hyphens: my-channel. With a scope for the package: @acme/my-channel"
  ),
  Argument.withFallbackPrompt(
    Prompt.String({
      message: "The type of the channel or source, lowercase with hyphens, such as my-channel",
      validate: ChannelName.validate
    })
  ),
  Argument.withSchema(ChannelName.ChannelName)
)

const kind = Flag.Literals("kind", ["http", "other", "source"]).pipe(
  Flag.withDescription(
    "http: a channel whose message is an HTTP request. other: a channel whose message is not (TCP, an SDK). source: a monitoring system that sends alerts"
  ),
  Flag.withFallbackPrompt(
    Prompt.Select({
      message: "What is it?",
      choices: [
        { title: "a channel that takes a message as an HTTP request", value: "http" as const },
        { title: "a channel that takes it otherwise (TCP, an SDK)", value: "other" as const },
        { title: "a source: a monitoring system that sends alerts", value: "source" as const }
      ]
    })
  )
)

const folder = Flag.String("folder").pipe(
  Flag.withDescription("Where to write it; tocsin-plugin-<name> when absent"),
  Flag.optional
)

/**
 * The files to which the guides pack `@tocsin/core` and `@tocsin/sources`. They are not on npm yet, so installing them by
 * name could fetch a stranger's package.
 */
const core = "~/tocsin/tocsin-core-*.tgz"
const sources = "~/tocsin/tocsin-sources-*.tgz"

/** Creates a plugin's package, and prints the next steps. */
export const command = Command.make(
  "create-tocsin-plugin",
  { name, kind, folder },
  Effect.fn(function* ({ folder, kind, name }) {
    const path = Option.getOrElse(folder, () => `tocsin-plugin-${ChannelName.parts(name).type}`)
    yield* create({ name, kind, folder: path })
    const packed = kind === "source" ? `${core} ${sources}` : core
    yield* Console.log(`Written to ${path}. Next:\n\n  cd ${path}\n  npm install -D ${packed}\n  npm test\n`)
  })
).pipe(
  Command.withDescription(
    "Starts a channel plugin or a source for Tocsin. In a terminal it prompts for missing arguments."
  ),
  Command.withExamples([
    {
      command: "create-tocsin-plugin my-channel --kind http",
      description: "All that is needed where nobody can be asked"
    },
    { command: "create-tocsin-plugin my-monitor --kind source", description: "A source of alerts" }
  ])
)
