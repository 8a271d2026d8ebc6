import { Api } from "@tocsin/client"
import type { InstalledChannel } from "@tocsin/delivery"
import { Schema } from "effect"
import { OpenApi } from "effect/http-api"
import { settingsSchema } from "./settingsSchema.ts"

/**
 * The API as this gateway serves it: an integration to be entered is one of the
 * installed types, each with its own settings.
 */
export const documented = (installed: ReadonlyArray<InstalledChannel>): typeof Api => {
  const describe = (spec: Record<string, unknown>) => {
    const { components, ...rest } = decodeSpec(spec)
    const { IntegrationPayload: payload, ...schemas } = components.schemas
    if (payload === undefined) return spec
    const types = installed.map(({ plugin }) => ({
      name: `Integration-${plugin.type}`,
      schema: {
        ...payload,
        title: plugin.title,
        properties: { ...payload.properties, type: { const: plugin.type }, settings: settingsSchema(plugin) }
      }
    }))
    const refs = types.map(({ name }) => ({ $ref: `#/components/schemas/${name}` }))
    return {
      ...rest,
      components: {
        ...components,
        schemas: {
          ...schemas,
          ...Object.fromEntries(types.map(({ name, schema }) => [name, schema])),
          IntegrationPayload: { oneOf: refs }
        }
      }
    }
  }
  return Api.annotate(OpenApi.Transform, describe)
}

const JsonObject = Schema.Record(Schema.String, Schema.Json)

const decodeSpec = Schema.decodeUnknownSync(
  Schema.StructWithRest(
    Schema.Struct({
      components: Schema.StructWithRest(
        Schema.Struct({
          schemas: Schema.Record(
            Schema.String,
            Schema.StructWithRest(Schema.Struct({ properties: Schema.optionalKey(JsonObject) }), [JsonObject])
          )
        }),
        [JsonObject]
      )
    }),
    [JsonObject]
  )
)
