import { Effect } from "effect"
import { callerText } from "./access/Caller.ts"

/** Logs what a caller changed, such as `Rule checkout` and `created`. */
export const logEdit = (what: string, done: string) =>
  Effect.flatMap(callerText, (by) =>
    Effect.annotateLogs(Effect.logInfo(`${what} was ${done} by ${by}.`), { event: "edit", by })
  )
