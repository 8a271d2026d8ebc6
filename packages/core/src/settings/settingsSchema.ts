/**
 * Derives the JSON Schema of a plugin's settings, and the list of its secrets, from their schema.
 */
import { Schema, SchemaAST } from "effect"
import { enteredAs, escapePointer, secretsOf } from "./settingsAst.ts"

type JsonObject = { readonly [key: string]: Schema.Json }

/** Anything that declares settings, such as a channel plugin. */
interface WithSettings {
  readonly settings: Schema.Codec<any, any>
}

/**
 * Returns a plugin's settings as a JSON Schema (draft 2020-12). It allows no other fields, and marks every secret
 * `writeOnly`, because no answer shows it. A `replacement` may leave secrets out. Schemas with an identifier are
 * inlined; `$defs` has only recursive ones.
 */
export const settingsSchema = (plugin: WithSettings, replacement = false): JsonObject => {
  const document = Schema.toJsonSchemaDocument(plugin.settings)
  const definitions = toJsonObject(document.definitions)
  const secrets = new Set(secretPointers(plugin))
  const annotations = new Map(keyAnnotations(plugin.settings.ast, ""))
  const referred = new Set<string>()

  /** `form` is the place, with the forms of unions on the way to it. */
  const mark = (node: Schema.Json, at: string, form: string, within: ReadonlyArray<string> = []): JsonObject => ({
    ...body(node, at, form, within),
    ...(annotations.get(form) ?? annotations.get(at)),
    ...(secrets.has(at) && { writeOnly: true })
  })
  /** The schema without the annotations of the setting. */
  const body = (node: Schema.Json, at: string, form: string, within: ReadonlyArray<string>): JsonObject => {
    const { allOf = [], ...own } = toJsonObject(node)
    // Annotations are kept beside the schema that they describe.
    const { $ref, anyOf, items, properties, required, ...rest } = toJsonObject(
      Object.assign({}, own, ...decodeObjects(allOf))
    )
    if (typeof $ref === "string") {
      const name = $ref.replace("#/$defs/", "")
      const definition = definitions[name]
      if (definition !== undefined && !within.includes(name)) {
        return Object.assign({}, body(definition, at, form, [...within, name]), rest)
      }
      referred.add(name)
      return { $ref, ...rest }
    }
    const keyOf = (name: string) => `/${escapePointer(name)}`
    return {
      ...rest,
      ...(anyOf !== undefined && {
        anyOf: decodeObjects(anyOf).map((one, index) => body(one, at, `${form}#${index}`, within))
      }),
      ...(items !== undefined && { items: mark(items, `${at}/-`, `${form}/-`, within) }),
      ...(required !== undefined && {
        required: toNames(required).filter((name) => !replacement || !secrets.has(at + keyOf(name)))
      }),
      ...(properties !== undefined && {
        additionalProperties: false,
        properties: Object.fromEntries(
          Object.entries(toJsonObject(properties)).map(([name, property]) => [
            name,
            mark(property, at + keyOf(name), form + keyOf(name), within)
          ])
        )
      })
    }
  }
  const marked = mark(toJsonObject(document.schema), "", "")
  return { ...marked, ...(referred.size > 0 && { $defs: definitions }) }
}

/**
 * Returns the JSON Pointers of a plugin's secret settings, as they are entered and stored, found by walking its schema
 * for `Redacted`. A list, or an object with free names, is a secret as a whole if it contains any, and so is a value
 * that becomes secret only when it is decoded.
 */
export const secretPointers = (plugin: WithSettings): ReadonlyArray<string> => [
  ...new Set(secretsOf(plugin.settings.ast, ""))
]

/**
 * The annotations of each key, by its place and by its place with the forms of unions on the way; Effect's JSON Schema
 * omits them if the key's value is transformed.
 */
const keyAnnotations = (ast: SchemaAST.AST, at: string, form = at): ReadonlyArray<readonly [string, JsonObject]> => {
  if (ast.encoding !== undefined) return keyAnnotations(enteredAs(ast), at, form)
  if (SchemaAST.isUnion(ast)) {
    return ast.types.flatMap((member, index) => keyAnnotations(member, at, `${form}#${index}`))
  }
  if (!SchemaAST.isObjects(ast)) return []
  return ast.propertySignatures.flatMap(({ name, type }) => {
    const key = `/${escapePointer(String(name))}`
    const annotations = decodeDescription(type.context?.annotations ?? {})
    const own: ReadonlyArray<readonly [string, JsonObject]> = [
      [at + key, annotations],
      [form + key, annotations]
    ]
    return [...own, ...keyAnnotations(type, at + key, form + key)]
  })
}

const JsonObject = Schema.Record(Schema.String, Schema.Json)
const toJsonObject = Schema.decodeUnknownSync(JsonObject)
const decodeObjects = Schema.decodeUnknownSync(Schema.Array(JsonObject))
const decodeDescription = Schema.decodeUnknownSync(
  Schema.Struct({ title: Schema.optionalKey(Schema.String), description: Schema.optionalKey(Schema.String) })
)
const toNames = Schema.decodeUnknownSync(Schema.Array(Schema.String))
