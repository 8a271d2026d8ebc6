import { NotFound, NotReady } from "@tocsin/client"
import { GroupCommit, History, Readiness } from "@tocsin/delivery"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
import { digestPage } from "./documents/digestPage.ts"
import manifest from "../../package.json" with { type: "json" }

const { version } = manifest

/** `/healthz`, `/livez` and `/readyz`, and the pages of digests. */
export const SystemHandlers = HttpApiBuilder.group(
  GatewayApi,
  "system",
  Effect.fn(function* (handlers) {
    const groupCommit = yield* GroupCommit
    const history = yield* History
    const readiness = yield* Readiness

    return handlers.handleAll({
      healthz: () => Effect.as(groupCommit.check, { status: "ok" as const, version }),
      livez: () => Effect.succeed({ status: "ok" as const }),
      readyz: Effect.fnUntraced(function* () {
        const dependencies = yield* readiness.dependencies
        const [{ detail, status }] = dependencies
        if (status !== "ok") return yield* new NotReady({ dependencies, ...(detail !== undefined && { detail }) })
        return {
          status: dependencies.every(({ status }) => status === "ok") ? "ok" : "degraded",
          dependencies
        } as const
      }),
      digest: Effect.fnUntraced(function* ({ params: { key } }) {
        const content = yield* history.digest(key)
        return content === undefined ? yield* new NotFound({}) : digestPage(content)
      })
    })
  })
)
