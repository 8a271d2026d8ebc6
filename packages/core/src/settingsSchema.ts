/**
 * What a plugin's settings are, read from their schema: as a JSON Schema, and which of them are secret.
 */
import { type JsonSchema, Schema, SchemaAST } from "effect"
import type { Any } from "./ChannelPlugin.ts"

type JsonObject = { readonly [key: string]: Schema.Json }

/**
 * A plugin's settings as a JSON Schema (draft 2020-12): no fields but those that
 * it names, and every secret marked `writeOnly`, because no answer shows it. A
 * `replacement` may leave secrets out.
 */
export const settingsSchema = (plugin: Any, replacement = false): JsonObject => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(plugin.settings)
  const secrets = new Set(secretPointers(plugin))

  const mark = (node: JsonSchema.JsonSchema, at: string): JsonObject => {
    const { allOf = [], properties, required, ...own } = toJsonObject(node)
    const pointerOf = (name: string) => `${at}/${escapePointer(name)}`
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

/**
 * The JSON Pointers of a plugin's secret settings, found by walking its schema for
 * `Redacted`. What has secrets in places that depend on the values, such as a list
 * or an object with free names, is a secret as a whole.
 */
export const secretPointers = (plugin: Any): ReadonlyArray<string> => {
  const found = new Set<string>()
  const walk = (ast: SchemaAST.AST, at: string) => {
    if (SchemaAST.isUnion(ast)) {
      for (const member of ast.types) walk(member, at)
    } else if (isClass(ast)) {
      for (const fields of ast.typeParameters) walk(fields, at)
    } else if (SchemaAST.isObjects(ast) && !ast.indexSignatures.some(({ type }) => holdsSecret(type))) {
      for (const { name, type } of ast.propertySignatures) walk(type, `${at}/${escapePointer(String(name))}`)
    } else if (holdsSecret(ast)) {
      found.add(at)
    }
  }
  walk(Schema.toType(plugin.settings).ast, "")
  return [...found]
}

/** A `Schema.Class` is written as its fields are. */
const isClass = (ast: SchemaAST.AST): ast is SchemaAST.Declaration =>
  SchemaAST.isDeclaration(ast) && ast.annotations?.["representation"] === undefined

/** Whether there is a secret anywhere in it; `seen` ends the walk of a schema that holds itself. */
const holdsSecret = (ast: SchemaAST.AST, seen = new Set<SchemaAST.AST>()): boolean => {
  if (seen.has(ast)) return false
  seen.add(ast)
  const inner = (ast: SchemaAST.AST) => holdsSecret(ast, seen)
  if (SchemaAST.isDeclaration(ast)) {
    return isRedacted(ast.annotations?.["representation"]) || ast.typeParameters.some(inner)
  }
  if (SchemaAST.isObjects(ast))
    return [...ast.propertySignatures, ...ast.indexSignatures].some(({ type }) => inner(type))
  if (SchemaAST.isArrays(ast)) return [...ast.elements, ...ast.rest].some(inner)
  if (SchemaAST.isUnion(ast)) return ast.types.some(inner)
  return SchemaAST.isSuspend(ast) && inner(ast.thunk())
}

const isRedacted = (representation: unknown): boolean =>
  typeof representation === "object" &&
  representation !== null &&
  "id" in representation &&
  representation.id === "effect/schema/Redacted"

const escapePointer = (key: string) => key.replaceAll("~", "~0").replaceAll("/", "~1")

const JsonObject = Schema.Record(Schema.String, Schema.Json)
const toJsonObject = Schema.decodeUnknownSync(JsonObject)
const decodeObjects = Schema.decodeUnknownSync(Schema.Array(JsonObject))
const toNames = Schema.decodeUnknownSync(Schema.Array(Schema.String))
