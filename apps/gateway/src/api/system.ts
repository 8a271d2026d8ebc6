import { Api, NotFound } from "@tocsin/client"
import { History, GroupCommit } from "@tocsin/delivery"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { digestPage } from "./documents/digestPage.ts"
import { storeProblem } from "./problems.ts"

/** `/digests`, and `/healthz` and `/readyz`: whether alerts can be stored. */
export const SystemHandlers = HttpApiBuilder.group(
  Api,
  "system",
  Effect.fn(function* (handlers) {
    const groupCommit = yield* GroupCommit
    const history = yield* History

    const accepts = () => groupCommit.check.pipe(Effect.as({ status: "ok" as const }), Effect.mapError(storeProblem))

    return handlers.handleAll({
      healthz: accepts,
      readyz: accepts,
      digest: Effect.fnUntraced(function* ({ params: { key } }) {
        const content = yield* groupCommit.read(history.digest(key)).pipe(Effect.mapError(storeProblem))
        return content === undefined ? yield* new NotFound({}) : digestPage(content)
      })
    })
  })
)
