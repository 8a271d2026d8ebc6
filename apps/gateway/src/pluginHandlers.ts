import { Api } from "@tocsin/client"
import { Channels } from "@tocsin/delivery"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { ChannelPlugin } from "@tocsin/core"

/** `/v1/plugins` */
export const PluginHandlers = HttpApiBuilder.group(
  Api,
  "plugins",
  Effect.fn(function* (handlers) {
    const { installed } = yield* Channels

    const items = installed.map(({ plugin }) => ({
      type: plugin.type,
      title: plugin.title,
      settings: ChannelPlugin.settingsSchema(plugin)
    }))

    return handlers.handleAll({ list: () => Effect.succeed({ items, total: items.length }) })
  })
)
