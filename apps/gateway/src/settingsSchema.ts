import type { ChannelPlugin } from "@tocsin/core"
import { secretPointers } from "@tocsin/delivery"
import { type JsonSchema, Schema } from "effect"

type JsonObject = { readonly [key: string]: Schema.Json }

/**
 * A plugin's settings as a JSON Schema (draft 2020-12): no fields but those that
 * it names, and every secret marked `writeOnly`, because no answer shows it. A
 * `replacement` may leave secrets out.
 */
export const settingsSchema = (plugin: ChannelPlugin.Any, replacement = false): JsonObject => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(plugin.settings)
  const secrets = new Set(secretPointers(plugin))

  const mark = (node: JsonSchema.JsonSchema, at: string): JsonObject => {
    const { allOf = [], properties, required, ...own } = toJsonObject(node)
    const pointerOf = (name: string) => `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`
    // What only describes stands beside what it describes.
    const described = Object.assign({}, own, ...decodeObjects(allOf))
    return {
      ...described,
      ...(required !== undefined && {
        required: toNames(required).filter((name) => !replacement || !secrets.has(pointerOf(name)))
      }),
      ...(properties !== undefined && {
        additionalProperties: false,
        properties: Object.fromEntries(
          Object.entries(toJsonObject(properties)).map(([name, property]) => [
            name,
            mark(toJsonObject(property), pointerOf(name))
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
const toNames = Schema.decodeUnknownSync(Schema.Array(Schema.String))
