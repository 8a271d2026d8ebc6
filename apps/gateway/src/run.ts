/**
 * Runs the command, and exits with its result.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { StoreUnavailable, storeProblem } from "@tocsin/delivery"
import { Cause, Effect, Exit, Predicate } from "effect"
import { CliError } from "effect/cli"
import { SqlError } from "effect/sql"
import { tocsin } from "./cli.ts"
import * as Log from "./startup/log.ts"

const operatorErrors = /^(StartRefused|StoreUnavailable|MigrationError|MigrateStoreRefused|RestoreRefused|WrongKey)$/

tocsin.pipe(
  Effect.tapCause((cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.void
    const error = Cause.squash(cause)
    // The help for invalid arguments has been printed already.
    if (CliError.isCliError(error)) return Effect.void
    const sentence = forOperator(error)
    return sentence === undefined ? Effect.logFatal("The gateway failed", cause) : Log.refusal(sentence)
  }),
  Effect.provide(Log.layer),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => {
      // Stopping is a normal end.
      if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return onExit(Number(process.exitCode ?? 0))
      return onExit(1)
    }
  })
)

/** One sentence instead of a stack trace, for what an operator can fix. */
function forOperator(error: unknown): string | undefined {
  if (SqlError.isSqlError(error)) {
    const problem = storeProblem(error)
    return problem === "Failed" ? undefined : StoreUnavailable.of(problem).message
  }
  if (!Predicate.hasProperty(error, "_tag") || !Predicate.hasProperty(error, "message")) return undefined
  if (error._tag === "MigrationError" && Predicate.hasProperty(error, "cause") && error.cause !== undefined) {
    return forOperator(error.cause)
  }
  return operatorErrors.test(String(error._tag)) ? String(error.message) : undefined
}
