import { PluginRegistry } from "@tocsin/delivery"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { GatewayApi } from "./GatewayApi.ts"
import { ChannelPlugin } from "@tocsin/core"

/** `/v1/plugins` */
export const PluginHandlers = HttpApiBuilder.group(
  GatewayApi,
  "plugins",
  Effect.fn(function* (handlers) {
    const { installed } = yield* PluginRegistry

    const items = installed.map(({ plugin }) => ({
      type: plugin.type,
      title: plugin.title,
      settings: ChannelPlugin.settingsSchema(plugin),
      example: plugin.example,
      setup: plugin.setup,
      capabilities: (["preview", "thread", "update", "verify"] as const).filter((name) =>
        name === "preview" ? plugin.preview !== undefined : plugin.capabilities[name] === true
      )
    }))

    return handlers.handleAll({ list: () => Effect.succeed({ items, total: items.length }) })
  })
)
