/**
 * Derives from the schema of a plugin's settings their JSON Schema and which of them are secret.
 */
import { Schema, SchemaAST } from "effect"

type JsonObject = { readonly [key: string]: Schema.Json }

/** Anything that declares settings, such as a channel plugin. */
interface WithSettings {
  readonly settings: Schema.Codec<any, any>
}

/**
 * A plugin's settings as a JSON Schema (draft 2020-12): no fields but those that
 * it names, and every secret marked `writeOnly`, because no answer shows it. A
 * `replacement` may leave secrets out. What the schema names by an identifier stands
 * where it is used; `$defs` has only what holds itself.
 */
export const settingsSchema = (plugin: WithSettings, replacement = false): JsonObject => {
  const document = Schema.toJsonSchemaDocument(plugin.settings)
  const definitions = toJsonObject(document.definitions)
  const secrets = new Set(secretPointers(plugin))
  const annotations = new Map(keyAnnotations(plugin.settings.ast, ""))
  const referred = new Set<string>()

  const mark = (node: Schema.Json, at: string, within: ReadonlyArray<string> = []): JsonObject => ({
    ...body(node, at, within),
    ...annotations.get(at),
    ...(secrets.has(at) && { writeOnly: true })
  })
  /** The schema without the annotations of the setting. */
  const body = (node: Schema.Json, at: string, within: ReadonlyArray<string>): JsonObject => {
    const { allOf = [], ...own } = toJsonObject(node)
    // Annotations are kept beside the schema that they describe.
    const { $ref, anyOf, items, properties, required, ...rest } = toJsonObject(
      Object.assign({}, own, ...decodeObjects(allOf))
    )
    if (typeof $ref === "string") {
      const name = $ref.replace("#/$defs/", "")
      const definition = definitions[name]
      if (definition !== undefined && !within.includes(name)) {
        return Object.assign({}, body(definition, at, [...within, name]), rest)
      }
      referred.add(name)
      return { $ref, ...rest }
    }
    const pointerOf = (name: string) => `${at}/${escapePointer(name)}`
    return {
      ...rest,
      ...(anyOf !== undefined && { anyOf: decodeObjects(anyOf).map((form) => body(form, at, within)) }),
      ...(items !== undefined && { items: mark(items, `${at}/-`, within) }),
      ...(required !== undefined && {
        required: toNames(required).filter((name) => !replacement || !secrets.has(pointerOf(name)))
      }),
      ...(properties !== undefined && {
        additionalProperties: false,
        properties: Object.fromEntries(
          Object.entries(toJsonObject(properties)).map(([name, property]) => [
            name,
            mark(property, pointerOf(name), within)
          ])
        )
      })
    }
  }
  const marked = mark(toJsonObject(document.schema), "")
  return { ...marked, ...(referred.size > 0 && { $defs: definitions }) }
}

/**
 * The JSON Pointers of a plugin's secret settings, as they are entered and stored, found by walking its schema for
 * `Redacted`. What has secrets in places that depend on the values, such as a list
 * or an object with free names, is a secret as a whole, and so is what becomes secret only as it is decoded.
 */
export const secretPointers = (plugin: WithSettings): ReadonlyArray<string> => [
  ...new Set(secretsOf(plugin.settings.ast, ""))
]

const secretsOf = (ast: SchemaAST.AST, at: string): ReadonlyArray<string> => {
  if (ast.encoding !== undefined) {
    const entered = secretsOf(enteredAs(ast), at)
    return entered.length < secretsOf(SchemaAST.toType(ast), at).length ? [at] : entered
  }
  if (SchemaAST.isUnion(ast)) return ast.types.flatMap((member) => secretsOf(member, at))
  if (isClass(ast)) return ast.typeParameters.flatMap((fields) => secretsOf(fields, at))
  if (SchemaAST.isObjects(ast) && !ast.indexSignatures.some(({ type }) => holdsSecret(type))) {
    return ast.propertySignatures.flatMap(({ name, type }) => secretsOf(type, `${at}/${escapePointer(String(name))}`))
  }
  return holdsSecret(ast) ? [at] : []
}

/** The annotations of each key; Effect's JSON Schema omits them if the key's value is transformed. */
const keyAnnotations = (ast: SchemaAST.AST, at: string): ReadonlyArray<readonly [string, JsonObject]> => {
  if (ast.encoding !== undefined) return keyAnnotations(enteredAs(ast), at)
  if (SchemaAST.isUnion(ast)) return ast.types.flatMap((member) => keyAnnotations(member, at))
  if (!SchemaAST.isObjects(ast)) return []
  return ast.propertySignatures.flatMap(({ name, type }) => {
    const pointer = `${at}/${escapePointer(String(name))}`
    return [[pointer, decodeDescription(type.context?.annotations ?? {})], ...keyAnnotations(type, pointer)]
  })
}

/** Returns the encoded side: the form in which settings are entered. */
const enteredAs = (ast: SchemaAST.AST): SchemaAST.AST => ast.encoding?.at(-1)?.to ?? ast

/** A `Schema.Class` is encoded as its fields. */
const isClass = (ast: SchemaAST.AST): ast is SchemaAST.Declaration =>
  SchemaAST.isDeclaration(ast) && ast.annotations?.["representation"] === undefined

/** Whether the schema contains a secret; `seen` ends the walk of a recursive schema. */
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
const decodeDescription = Schema.decodeUnknownSync(
  Schema.Struct({ title: Schema.optionalKey(Schema.String), description: Schema.optionalKey(Schema.String) })
)
const toNames = Schema.decodeUnknownSync(Schema.Array(Schema.String))
