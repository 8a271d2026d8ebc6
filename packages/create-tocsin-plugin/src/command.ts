/**
 * The command line: a name and a kind. In a terminal it prompts for missing ones.
 */
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag, Prompt } from "effect/cli"
import * as ChannelName from "./ChannelName.ts"
import { create } from "./create.ts"

const name = Argument.String("name").pipe(
  Argument.withDescription(
    "The channel's type, lowercase with hyphens: my-channel. With a scope for the package: @acme/my-channel"
  ),
  Argument.withFallbackPrompt(
    Prompt.String({
      message: "The channel's type, lowercase with hyphens, such as my-channel",
      validate: ChannelName.validate
    })
  ),
  Argument.withSchema(ChannelName.ChannelName)
)

const kind = Flag.Literals("kind", ["http", "other"]).pipe(
  Flag.withDescription("http: a message is an HTTP request. other: it is not (TCP, an SDK)"),
  Flag.withFallbackPrompt(
    Prompt.Select({
      message: "How does the service take a message?",
      choices: [
        { title: "as an HTTP request", value: "http" as const },
        { title: "otherwise (TCP, an SDK)", value: "other" as const }
      ]
    })
  )
)

const folder = Flag.String("folder").pipe(
  Flag.withDescription("Where to write it; tocsin-plugin-<name> when absent"),
  Flag.optional
)

/**
 * The file to which the guide packs `@tocsin/core`. It is not on npm yet, so installing it by name could fetch a
 * stranger's package.
 */
const core = "~/tocsin/tocsin-core-*.tgz"

/** Creates a plugin's package, and prints the next steps. */
export const command = Command.make(
  "create-tocsin-plugin",
  { name, kind, folder },
  Effect.fn(function* ({ folder, kind, name }) {
    const path = Option.getOrElse(folder, () => `tocsin-plugin-${ChannelName.parts(name).type}`)
    yield* create({ name, kind, folder: path })
    yield* Console.log(`Written to ${path}. Next:\n\n  cd ${path}\n  npm install -D ${core}\n  npm test\n`)
  })
).pipe(
  Command.withDescription("Starts a channel plugin for Tocsin. In a terminal it prompts for missing arguments."),
  Command.withExamples([
    {
      command: "create-tocsin-plugin my-channel --kind http",
      description: "All that is needed where nobody can be asked"
    }
  ])
)
