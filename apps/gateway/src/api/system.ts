import { NotFound } from "@tocsin/client"
import { History, GroupCommit } from "@tocsin/delivery"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
import { digestPage } from "./documents/digestPage.ts"

/** `/digests`, and `/healthz` and `/readyz`: whether alerts can be stored. */
export const SystemHandlers = HttpApiBuilder.group(
  GatewayApi,
  "system",
  Effect.fn(function* (handlers) {
    const groupCommit = yield* GroupCommit
    const history = yield* History

    const accepts = () => Effect.as(groupCommit.check, { status: "ok" as const })

    return handlers.handleAll({
      healthz: accepts,
      livez: () => Effect.succeed({ status: "ok" as const }),
      readyz: accepts,
      digest: Effect.fnUntraced(function* ({ params: { key } }) {
        const content = yield* history.digest(key)
        return content === undefined ? yield* new NotFound({}) : digestPage(content)
      })
    })
  })
)
