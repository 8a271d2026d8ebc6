/**
 * Secrets of settings that have several forms, such as a webhook's URL or a bot's token.
 */
import { Predicate, type Schema, SchemaAST } from "effect"
import { enteredAs, escapePointer, holdsSecret, isClass, isSecretLater } from "./settingsAst.ts"

/**
 * Returns the JSON Pointers of the secrets that a plugin's settings may have both before and after an edit; both are
 * JSON. If settings, or a group of them, have several forms, only the form that both use counts: the secret of one form
 * is not the secret of another, even if the two have the same name.
 */
export const secretsInCommon = (
  plugin: { readonly settings: Schema.Codec<any, any> },
  before: Schema.Json,
  after: Schema.Json
): ReadonlyArray<string> => {
  const known = new Set(
    placesOf(plugin.settings.ast, { at: "", form: "", value: before }).map(({ at, form }) => form + at)
  )
  const places = placesOf(plugin.settings.ast, { at: "", form: "", value: after })
  return [...new Set(places.filter(({ at, form }) => known.has(form + at)).map(({ at }) => at))]
}

/** A place in settings: its pointer, the forms chosen on the way to it, and its values. */
interface Place {
  readonly at: string
  readonly form: string
  readonly value: Schema.Json | undefined
}

/** The places of secrets, in the forms that the settings use. */
const placesOf = (ast: SchemaAST.AST, place: Place): ReadonlyArray<Place> => {
  const { at, form, value } = place
  if (ast.encoding !== undefined) return isSecretLater(ast, at) ? [place] : placesOf(enteredAs(ast), place)
  if (SchemaAST.isUnion(ast)) {
    return formsOf(ast, value).flatMap((member) =>
      placesOf(member, { ...place, form: `${form}${at}#${ast.types.indexOf(member)}` })
    )
  }
  if (isClass(ast)) return ast.typeParameters.flatMap((fields) => placesOf(fields, place))
  if (SchemaAST.isObjects(ast) && !ast.indexSignatures.some(({ type }) => holdsSecret(type))) {
    return ast.propertySignatures.flatMap(({ name, type }) =>
      placesOf(type, { form, at: `${at}/${escapePointer(String(name))}`, value: fieldOf(value, String(name)) })
    )
  }
  return holdsSecret(ast) ? [place] : []
}

/**
 * The members of a union that a value may belong to: by its tag, else by its fields. Required fields may be missing. A
 * value without a tag belongs to the member whose tag is optional.
 */
const formsOf = ({ types }: SchemaAST.Union, value: Schema.Json | undefined): ReadonlyArray<SchemaAST.AST> => {
  if (!Predicate.isObject(value)) return types
  return types.filter((member) => {
    const fields = fieldsOf(member)
    const tags = fields.filter(({ type }) => SchemaAST.isLiteral(type))
    if (tags.length > 0) return tags.every(({ name, type }) => isTag(type, fieldOf(value, String(name))))
    const names = fields.map(({ name }) => String(name))
    return names.length > 0 && Object.keys(value).every((name) => names.includes(name))
  })
}

const isTag = (type: SchemaAST.AST, value: Schema.Json | undefined): boolean =>
  value === undefined ? SchemaAST.isOptional(type) : SchemaAST.isLiteral(type) && type.literal === value

/** The fields of a group of settings, as they are entered. */
const fieldsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.PropertySignature> => {
  const entered = enteredAs(ast)
  if (isClass(entered)) return entered.typeParameters.flatMap(fieldsOf)
  return SchemaAST.isObjects(entered) ? entered.propertySignatures : []
}

const fieldOf = (value: Schema.Json | undefined, name: string): Schema.Json | undefined =>
  Predicate.isObject(value) && Object.hasOwn(value, name)
    ? (value as { readonly [name: string]: Schema.Json })[name]
    : undefined
