import { Api, Authorization, type RequiredScope, scopeOf } from "@tocsin/client"
import { ChannelPlugin } from "@tocsin/core"
import type { InstalledChannel } from "@tocsin/delivery"
import { Record, Schema } from "effect"
import { HttpApi, OpenApi } from "effect/http-api"
import { toWireForm } from "./openApiWireForm.ts"

/** The API as this gateway serves it: an integration has one of the installed types, each with its own settings. */
export const documented = (installed: ReadonlyArray<InstalledChannel>): typeof Api => {
  const describe = (spec: Record<string, unknown>) => {
    const { components, paths, ...rest } = decodeSpec(toWireForm(spec))
    const { IntegrationPayload: payload, IntegrationReplacement: replacement } = components.schemas
    if (payload === undefined || replacement === undefined) return spec
    return {
      ...rest,
      paths: withScopes(paths),
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

/** The scope that each route needs, by method and path. */
const scopes = new Map<string, RequiredScope>()
HttpApi.reflect(Api, {
  onGroup: () => {},
  onEndpoint: ({ endpoint, group }) => {
    if (!endpoint.middlewares.has(Authorization)) return
    const path = endpoint.path.replaceAll(/:(\w+)/g, "{$1}").replace(/(?<=.)\/$/, "")
    scopes.set(`${endpoint.method.toLowerCase()} ${path}`, scopeOf(endpoint, group))
  }
})

/** States the scope of each operation: as the roles of its security requirement, and in its description. */
const withScopes = (paths: Paths): Paths =>
  Record.map(paths, (operations, path) =>
    Record.map(operations, (operation, method) => {
      const scope = scopes.get(`${method} ${path}`)
      if (scope === undefined) return operation
      const roles = scope === "ingest" ? [["write"], ["ingest:NAME"]] : [[scope]]
      const says = scope === "ingest" ? "Scope: write, or ingest:NAME of the source." : `Scope: ${scope}.`
      const { description } = operation
      return {
        ...operation,
        description: typeof description === "string" ? `${description} ${says}` : says,
        security: Object.keys(Authorization.security).flatMap((name) => roles.map((role) => ({ [name]: role })))
      }
    })
  )

type Paths = { readonly [path: string]: { readonly [method: string]: typeof JsonObject.Type } }

const JsonObject = Schema.Record(Schema.String, Schema.Json)

const ComponentSchema = Schema.StructWithRest(Schema.Struct({ properties: Schema.optionalKey(JsonObject) }), [
  JsonObject
])
type ComponentSchema = typeof ComponentSchema.Type

const decodeSpec = Schema.decodeUnknownSync(
  Schema.StructWithRest(
    Schema.Struct({
      paths: Schema.Record(Schema.String, Schema.Record(Schema.String, JsonObject)),
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
