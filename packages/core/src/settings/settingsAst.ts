/**
 * Reads the schema of a plugin's settings.
 */
import { SchemaAST } from "effect"

/** Returns the encoded side: the form in which settings are entered. */
export const enteredAs = (ast: SchemaAST.AST): SchemaAST.AST => ast.encoding?.at(-1)?.to ?? ast

/** A `Schema.Class` is encoded as its fields. */
export const isClass = (ast: SchemaAST.AST): ast is SchemaAST.Declaration =>
  SchemaAST.isDeclaration(ast) && ast.annotations?.["representation"] === undefined

/** Whether the schema contains a secret; `seen` ends the walk of a recursive schema. */
export const holdsSecret = (ast: SchemaAST.AST, seen = new Set<SchemaAST.AST>()): boolean => {
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

/**
 * Returns the JSON Pointers of the secrets of a schema at `at`. A list, or an object with free names, is a secret as a
 * whole if it contains any.
 */
export const secretsOf = (ast: SchemaAST.AST, at: string): ReadonlyArray<string> => {
  if (ast.encoding !== undefined) return isSecretLater(ast, at) ? [at] : secretsOf(enteredAs(ast), at)
  if (SchemaAST.isUnion(ast)) return ast.types.flatMap((member) => secretsOf(member, at))
  if (isClass(ast)) return ast.typeParameters.flatMap((fields) => secretsOf(fields, at))
  if (SchemaAST.isObjects(ast) && !ast.indexSignatures.some(({ type }) => holdsSecret(type))) {
    return ast.propertySignatures.flatMap(({ name, type }) => secretsOf(type, `${at}/${escapePointer(String(name))}`))
  }
  return holdsSecret(ast) ? [at] : []
}

/** Whether a transformed value becomes secret only when it is decoded. */
export const isSecretLater = (ast: SchemaAST.AST, at: string): boolean =>
  secretsOf(enteredAs(ast), at).length < secretsOf(SchemaAST.toType(ast), at).length

/** A key as it stands in a JSON Pointer. */
export const escapePointer = (key: string) => key.replaceAll("~", "~0").replaceAll("/", "~1")

const isRedacted = (representation: unknown): boolean =>
  typeof representation === "object" &&
  representation !== null &&
  "id" in representation &&
  representation.id === "effect/schema/Redacted"
