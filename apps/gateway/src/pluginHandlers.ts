import { Api } from "@tocsin/client"
import { Channels, secretPointers } from "@tocsin/delivery"
import { Effect, Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"

/** `/v1/plugins` */
export const PluginHandlers = HttpApiBuilder.group(
  Api,
  "plugins",
  Effect.fn(function* (handlers) {
    const { installed } = yield* Channels

    const items = installed.map(({ plugin }) => {
      const { definitions, schema } = Schema.toJsonSchemaDocument(plugin.settings)
      const secrets = new Set(secretPointers(plugin))
      return {
        type: plugin.type,
        title: plugin.title,
        settings: toJsonObject({
          ...schema,
          properties: Object.fromEntries(
            Object.entries(toJsonObject(schema["properties"] ?? {})).map(([name, property]) => [
              name,
              secrets.has(`/${name}`) ? { ...toJsonObject(property), writeOnly: true } : property
            ])
          ),
          ...(Object.keys(definitions).length > 0 && { $defs: definitions })
        })
      }
    })

    return handlers.handleAll({ list: () => Effect.succeed({ items, total: items.length }) })
  })
)

const toJsonObject = Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Json))
