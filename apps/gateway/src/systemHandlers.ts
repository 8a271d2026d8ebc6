import { Api } from "@tocsin/client"
import { Journal } from "@tocsin/delivery"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { storeProblem } from "./problems.ts"

/** `/healthz` and `/readyz`: events can be accepted, because an empty transaction reaches the disk. */
export const SystemHandlers = HttpApiBuilder.group(
  Api,
  "system",
  Effect.fn(function* (handlers) {
    const journal = yield* Journal

    const accepts = () => journal.commit(Effect.succeed({ status: "ok" as const })).pipe(Effect.mapError(storeProblem))

    return handlers.handleAll({ healthz: accepts, readyz: accepts })
  })
)
