import { ChannelPlugin } from "@tocsin/core"
import { needsNoSettings } from "@tocsin/sources"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { SourceTypes } from "../../startup/SourceTypes.ts"
import { GatewayApi } from "../GatewayApi.ts"

/** `/v1/source-types` */
export const SourceTypeHandlers = HttpApiBuilder.group(
  GatewayApi,
  "sourceTypes",
  Effect.fn(function* (handlers) {
    const types = yield* SourceTypes
    const items = [...types.values()].map((source) => ({
      type: source.type,
      title: source.title,
      needsConfiguring: !needsNoSettings(source),
      ...(source.settings !== undefined && {
        settings: ChannelPlugin.settingsSchema({ settings: source.settings })
      }),
      ...(source.example !== undefined && { example: source.example }),
      setup: source.setup ?? []
    }))

    return handlers.handleAll({ list: () => Effect.succeed({ items, total: items.length }) })
  })
)
