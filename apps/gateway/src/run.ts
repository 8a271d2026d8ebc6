/**
 * Runs the command, and ends the process as it ended.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Console, Effect, Exit } from "effect"
import { CliError } from "effect/cli"
import { tocsin } from "./cli.ts"

tocsin.pipe(
  Effect.tapCause((cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.void
    const error = Cause.squash(cause)
    // The help for arguments that cannot be read is printed already.
    if (CliError.isCliError(error)) return Effect.void
    // What the operator can mend is a sentence, not a stack trace.
    return isForOperator(error) ? Console.error(error.message) : Effect.logFatal("The gateway failed", cause)
  }),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => {
      // A gateway that is told to stop has done what it should.
      if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return onExit(Number(process.exitCode ?? 0))
      return onExit(1)
    }
  })
)

function isForOperator(error: unknown): error is { readonly message: string } {
  return (
    typeof error === "object" &&
    error !== null &&
    "_tag" in error &&
    /^(StartRefused|StoreUnavailable|MigrationError|MigrateStoreRefused|WrongKey)$/.test(String(error._tag))
  )
}
