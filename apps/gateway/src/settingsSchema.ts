import type { ChannelPlugin } from "@tocsin/core"
import { secretPointers } from "@tocsin/delivery"
import { type JsonSchema, Schema } from "effect"

type JsonObject = { readonly [key: string]: Schema.Json }

/**
 * A plugin's settings as a JSON Schema (draft 2020-12): no fields but those that
 * it names, and every secret marked `writeOnly`, because no answer shows it.
 */
export const settingsSchema = (plugin: ChannelPlugin.Any): JsonObject => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(plugin.settings)
  const secrets = new Set(secretPointers(plugin))

  const mark = (node: JsonSchema.JsonSchema, at: string): JsonObject => {
    const { allOf = [], properties, ...own } = toJsonObject(node)
    // What only describes stands beside what it describes.
    const described = Object.assign({}, own, ...decodeObjects(allOf))
    return {
      ...described,
      ...(properties !== undefined && {
        additionalProperties: false,
        properties: Object.fromEntries(
          Object.entries(toJsonObject(properties)).map(([name, property]) => [
            name,
            mark(toJsonObject(property), `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`)
          ])
        )
      }),
      ...(secrets.has(at) && { writeOnly: true })
    }
  }
  return { ...mark(schema, ""), ...(Object.keys(definitions).length > 0 && { $defs: toJsonObject(definitions) }) }
}

const JsonObject = Schema.Record(Schema.String, Schema.Json)
const toJsonObject = Schema.decodeUnknownSync(JsonObject)
const decodeObjects = Schema.decodeUnknownSync(Schema.Array(JsonObject))
