import { pageBounds } from "@tocsin/client"
import { Schema } from "effect"

type JsonObject = { readonly [key: string]: Schema.Json }

/**
 * Completes the OpenAPI document that Effect makes with facts that its JSON Schemas lack: there, whole numbers and
 * times are texts, and problems have the names of their encoded sides.
 */
export const toWireForm = (spec: unknown): JsonObject =>
  toJsonObject(
    JSON.parse(JSON.stringify(spec).replaceAll(/(?<="|\/)(\w+)Encoded(?=")/g, "$1"), (name, value: Schema.Json) => {
      if (!isJsonObject(value)) return value
      const node = withoutUnionOfOne(describedInPlace(value))
      if (name === "bearer" && node["scheme"] === "Bearer") return { ...node, scheme: "bearer" }
      // Their bodies are not read.
      if ((name === "get" || name === "delete") && isJsonObject(node["responses"])) {
        const { 413: _, 415: __, ...responses } = node["responses"]
        return { ...node, responses }
      }
      if (node["in"] === "query" && isJsonObject(node["schema"])) return withBounds(node, node["schema"])
      if (isTime.test(name) && node["type"] === "string" && node["pattern"] === undefined) {
        return { ...node, format: "date-time" }
      }
      // An ignored field may have any value.
      if (node["readOnly"] === true) return { description: node["description"] ?? "", readOnly: true }
      return isProblem(node) ? { ...node, required: [...new Set([...problemMembers, ...node.required])] } : node
    })
  )

const isTime = /At$|^(?:at|since|until)$/

/** Moves descriptions out of the `allOf` into which Effect puts them. */
const describedInPlace = ({ allOf, ...node }: JsonObject): JsonObject =>
  allOf === undefined
    ? node
    : Array.isArray(allOf) && allOf.filter(isJsonObject).every((part) => Object.keys(part).every(describes))
      ? Object.assign({}, node, ...allOf)
      : { ...node, allOf }

/** Unwraps unions of one member, which Effect writes for single literals. */
const withoutUnionOfOne = ({ anyOf, ...node }: JsonObject): JsonObject => {
  if (anyOf === undefined) return node
  const [only, ...others] = Array.isArray(anyOf) ? anyOf : []
  return isJsonObject(only) && others.length === 0 ? { ...only, ...node } : { ...node, anyOf }
}

const describes = (key: string) => key === "description" || key === "title" || key === "readOnly"

const withBounds = (parameter: JsonObject, schema: JsonObject): JsonObject => {
  const { description, ...form } = schema
  const name = parameter["name"]
  return {
    ...parameter,
    ...(description !== undefined && { description }),
    schema:
      name === "limit" || name === "after" || name === "skip"
        ? { type: "integer", ...pageBounds[name] }
        : name === "since"
          ? { ...form, format: "date-time" }
          : form
  }
}

/** The members that are always sent, although readers require only the type. */
const problemMembers = ["type", "status", "title"]

const isProblem = Schema.is(
  Schema.Struct({
    properties: Schema.Struct({ type: Schema.Json, status: Schema.Json, title: Schema.Json }),
    required: Schema.Array(Schema.String)
  })
)

const JsonObject = Schema.Record(Schema.String, Schema.Json)
const toJsonObject = Schema.decodeUnknownSync(JsonObject)
const isJsonObject = (value: Schema.Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
