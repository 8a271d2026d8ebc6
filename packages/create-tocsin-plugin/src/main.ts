#!/usr/bin/env node
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, Schema } from "effect"
import { Argument, Command, Flag, Prompt } from "effect/cli"
import { create, version } from "./create.ts"

const Name = Schema.String.check(
  Schema.isPattern(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, {
    message: "Expected lowercase words with hyphens between, such as my-channel"
  })
)

const name = Argument.String("name").pipe(
  Argument.withDescription("The channel's type, lowercase with hyphens: my-channel"),
  Argument.withFallbackPrompt(
    Prompt.String({ message: "The channel's type, lowercase with hyphens, such as my-channel" })
  ),
  Argument.withSchema(Name)
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
  Flag.withDefault("")
)

Command.make(
  "create-tocsin-plugin",
  { name, kind, folder },
  Effect.fn(function* ({ folder, kind, name }) {
    const path = folder === "" ? `tocsin-plugin-${name}` : folder
    yield* create({ name, kind, folder: path })
    yield* Console.log(`Written to ${path}. Next:\n\n  cd ${path}\n  npm install\n  npm test\n`)
  })
).pipe(
  Command.withDescription("Starts a channel plugin for Tocsin"),
  Command.run({ version }),
  Effect.catchTag("CannotCreate", ({ message }) =>
    Effect.andThen(
      Console.error(message),
      Effect.sync(() => void (process.exitCode = 1))
    )
  ),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
