#!/usr/bin/env node
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Console, Effect, Exit, Layer } from "effect"
import * as Gateway from "./Gateway.ts"
import { loadPlugins } from "./loadPlugins.ts"
import { Settings } from "./Settings.ts"

Layer.unwrap(Effect.map(loadPlugins, (plugins) => Gateway.layer({ plugins }))).pipe(
  Layer.provide(Settings.layer),
  Layer.launch,
  Effect.tapCause((cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.void
    const error = Cause.squash(cause)
    // What the operator can mend is a sentence, not a stack trace.
    return isForOperator(error) ? Console.error(error.message) : Effect.logFatal("The gateway failed", cause)
  }),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause) ? 0 : 1)
  })
)

function isForOperator(error: unknown): error is { readonly message: string } {
  return (
    typeof error === "object" &&
    error !== null &&
    "_tag" in error &&
    /^(StartRefused|MigrationError|WrongKey)$/.test(String(error._tag))
  )
}
