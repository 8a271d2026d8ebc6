/**
 * Decodes and encodes plainly valid values by functions made from their schema: Effect's interpreter of schemas takes
 * several times as long. Whatever is not plainly valid is left to the schema, which has the errors.
 */
import { Option, Schema, SchemaAST } from "effect"

/** Converts a value, or returns undefined: ask the schema. */
export type Plain<A, B> = (value: A) => B | undefined

/** Makes the decoder of a schema's JSON form. A field that the schema does not know is not plain. */
export const plainDecoder = <S extends Schema.Top>(schema: S): Plain<unknown, S["Type"]> =>
  plain(Schema.toCodecJson(schema).ast, true)

/** Makes the encoder of a schema's JSON form, which has the fields in the order of the schema. */
export const plainEncoder = <S extends Schema.Top>(schema: S): Plain<S["Type"], unknown> =>
  plain(Schema.flip(Schema.toCodecJson(schema)).ast, false)

/** Makes the encoder of a schema's JSON form as text. Without shortcuts the schema encodes, to the same text. */
export const jsonEncoder = <S extends Schema.Codec<any, any>>(schema: S) => {
  const bySchema = Schema.encodeSync(Schema.toCodecJson(schema))
  const encodePlain = plainEncoder(schema)
  return (value: S["Type"], takesShortcuts: boolean): string =>
    JSON.stringify((takesShortcuts ? encodePlain(value) : undefined) ?? bySchema(value))
}

const plain = (ast: SchemaAST.AST, strict: boolean): Plain<any, any> => {
  const run = compile(ast, strict)
  return (value) => {
    const result = run(value)
    return result === ask ? undefined : result
  }
}

/** The result for a value that is not plainly valid. */
const ask = Symbol("ask the schema")

type Step = (value: unknown) => unknown

const compile = (ast: SchemaAST.AST, strict: boolean): Step => {
  const step =
    ast.encoding === undefined && !("encodingChecks" in ast && ast.encodingChecks !== undefined)
      ? compileNode(ast, strict)
      : undefined
  if (step === undefined) return bySchema(ast)
  const filters = (ast.checks ?? []).flatMap(filtersOf)
  if (filters.length === 0) return step
  return (value) => {
    const result = step(value)
    if (result === ask) return ask
    for (const filter of filters) if (filter.run(result, ast, options) !== undefined) return ask
    return result
  }
}

const options: SchemaAST.ParseOptions = {}

const filtersOf = (check: SchemaAST.Check<any>): ReadonlyArray<SchemaAST.Filter<any>> =>
  check._tag === "Filter" ? [check] : check.checks.flatMap(filtersOf)

/** The step of a node by its own type, or undefined if the schema has to run it. */
const compileNode = (ast: SchemaAST.AST, strict: boolean): Step | undefined => {
  switch (ast._tag) {
    case "String":
      return (value) => (typeof value === "string" ? value : ask)
    case "Boolean":
      return (value) => (typeof value === "boolean" ? value : ask)
    case "Number":
      return (value) => (Number.isFinite(value) ? value : ask)
    case "Union": {
      const literals = new Set(ast.types.map((type) => (isBareLiteral(type) ? type.literal : ask)))
      return literals.has(ask) ? undefined : (value) => (literals.has(value as string) ? value : ask)
    }
    case "Arrays":
      return ast.elements.length === 0 && ast.rest.length === 1 && ast.rest[0] !== undefined
        ? array(compile(ast.rest[0], strict))
        : undefined
    case "Objects":
      return ast.indexSignatures.length === 0 && ast.propertySignatures.length > 0
        ? struct(ast.propertySignatures, strict)
        : ast.propertySignatures.length === 0 && ast.indexSignatures.length === 1
          ? record(ast.indexSignatures[0], strict)
          : undefined
    default:
      return undefined
  }
}

const isBareLiteral = (ast: SchemaAST.AST): ast is SchemaAST.Literal =>
  ast._tag === "Literal" && ast.checks === undefined && ast.encoding === undefined

const array =
  (element: Step): Step =>
  (value) => {
    if (!Array.isArray(value)) return ask
    const out: Array<unknown> = []
    for (const one of value) {
      const result = element(one)
      if (result === ask) return ask
      out.push(result)
    }
    return out
  }

const struct = (signatures: ReadonlyArray<SchemaAST.PropertySignature>, strict: boolean): Step | undefined => {
  const fields = signatures.flatMap(({ name, type }) =>
    typeof name === "string" && name !== "__proto__" && type.context?.constructorDefault === undefined
      ? [{ name, isOptional: SchemaAST.isOptional(type), step: compile(type, strict) }]
      : []
  )
  if (fields.length < signatures.length) return undefined
  return (value) => {
    if (!isObject(value)) return ask
    const out: Record<string, unknown> = {}
    let found = 0
    for (const { isOptional, name, step } of fields) {
      if (name in value) {
        const result = step(value[name])
        if (result === ask) return ask
        out[name] = result
        found++
      } else if (!isOptional) return ask
    }
    return strict && Object.keys(value).length !== found ? ask : out
  }
}

const record = (signature: SchemaAST.IndexSignature | undefined, strict: boolean): Step | undefined => {
  if (signature === undefined || signature.parameter._tag !== "String") return undefined
  if (signature.parameter.checks !== undefined || signature.parameter.encoding !== undefined) return undefined
  const step = compile(signature.type, strict)
  return (value) => {
    if (!isObject(value)) return ask
    const out: Record<string, unknown> = {}
    for (const name of Object.keys(value)) {
      const result = name === "__proto__" ? ask : step(value[name])
      if (result === ask) return ask
      out[name] = result
    }
    return out
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The schema's own way for one node, such as a URL. */
const bySchema = (ast: SchemaAST.AST): Step => {
  const decode = Schema.decodeUnknownOption(Schema.make<Schema.Codec<unknown>>(ast))
  return (value) => Option.getOrElse(decode(value), () => ask)
}
