import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { callerOf } from "./access/caller.ts"

/** Logs what a caller changed, such as `Rule checkout` and `created`. */
export const logEdit = (request: HttpServerRequest.HttpServerRequest, what: string, done: string) =>
  Effect.suspend(() => {
    const by = callerOf(request)
    return Effect.annotateLogs(Effect.logInfo(`${what} was ${done} by ${by}.`), { event: "edit", by })
  })
