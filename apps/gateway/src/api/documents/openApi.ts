import { Api } from "@tocsin/client"
import { ChannelPlugin } from "@tocsin/core"
import type { InstalledChannel } from "@tocsin/delivery"
import { Schema } from "effect"
import { OpenApi } from "effect/http-api"
import { toWireForm } from "./openApiWireForm.ts"

/** The API as this gateway serves it: an integration has one of the installed types, each with its own settings. */
export const documented = (installed: ReadonlyArray<InstalledChannel>): typeof Api => {
  const describe = (spec: Record<string, unknown>) => {
    const { components, ...rest } = decodeSpec(toWireForm(spec))
    const { IntegrationPayload: payload, IntegrationReplacement: replacement } = components.schemas
    if (payload === undefined || replacement === undefined) return spec
    return {
      ...rest,
      components: {
        ...components,
        schemas: {
          ...components.schemas,
          ...oneOf("IntegrationPayload", "Integration", payload, (plugin) => ChannelPlugin.settingsSchema(plugin)),
          ...oneOf("IntegrationReplacement", "IntegrationReplacement", replacement, (plugin) =>
            ChannelPlugin.settingsSchema(plugin, true)
          )
        }
      }
    }
  }
  /** The schema `name`, which is a union of the types, and the schemas of the types. */
  const oneOf = (
    name: string,
    prefix: string,
    { properties, ...schema }: ComponentSchema,
    settings: (plugin: InstalledChannel["plugin"]) => Schema.Json
  ) => ({
    ...Object.fromEntries(
      installed.map(({ plugin }) => [
        `${prefix}-${plugin.type}`,
        {
          ...schema,
          title: plugin.title,
          properties: { ...properties, type: { const: plugin.type }, settings: settings(plugin) }
        }
      ])
    ),
    [name]: { oneOf: installed.map(({ plugin }) => ({ $ref: `#/components/schemas/${prefix}-${plugin.type}` })) }
  })
  return Api.annotate(OpenApi.Transform, describe)
}

const JsonObject = Schema.Record(Schema.String, Schema.Json)

const ComponentSchema = Schema.StructWithRest(Schema.Struct({ properties: Schema.optionalKey(JsonObject) }), [
  JsonObject
])
type ComponentSchema = typeof ComponentSchema.Type

const decodeSpec = Schema.decodeUnknownSync(
  Schema.StructWithRest(
    Schema.Struct({
      components: Schema.StructWithRest(
        Schema.Struct({
          schemas: Schema.Record(Schema.String, ComponentSchema)
        }),
        [JsonObject]
      )
    }),
    [JsonObject]
  )
)
