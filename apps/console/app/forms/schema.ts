/**
 * Reads as much of a JSON Schema as is needed to render a field. Only the gateway validates.
 */
export type Json = string | number | boolean | null | JsonArray | JsonObject
export type JsonArray = ReadonlyArray<Json>
export interface JsonObject {
  readonly [name: string]: Json
}

interface Named {
  readonly name: string
  readonly title: string
  readonly description: string | undefined
  readonly isRequired: boolean
}

/** One of the forms of a union, chosen by the value of its tag. */
export interface Variant {
  readonly value: string
  readonly title: string
  readonly description: string | undefined
  readonly fields: ReadonlyArray<Field>
}

export type Field = Named &
  (
    | { readonly kind: "text" | "secret" | "number" | "yesNo" | "texts" | "pairs" | "json" }
    /** A text, or something else that is entered as JSON. */
    | { readonly kind: "textOrJson" }
    | { readonly kind: "choice"; readonly values: ReadonlyArray<string | number> }
    /** A secret of texts by their keys, such as HTTP headers. */
    | { readonly kind: "secretPairs" }
    | { readonly kind: "group"; readonly fields: ReadonlyArray<Field> }
    | {
        readonly kind: "variants"
        readonly tag: string
        readonly variants: ReadonlyArray<Variant>
        /** The variant of a value without the tag, if there is one. */
        readonly assumed: string | undefined
      }
  )

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Any value as a text: itself, or its JSON. */
export const plainText = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value)

const text = (value: Json | undefined): string | undefined => (typeof value === "string" ? value : undefined)

const objects = (value: Json | undefined): ReadonlyArray<JsonObject> =>
  Array.isArray(value) ? value.filter(isObject) : []

/** `authToken` in words, if the schema has no title. */
const inWords = (name: string): string => {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[_-]+/g, " ")
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** The fields of a plugin's settings, or their one choice. */
export const fieldsOf = (schema: JsonObject): ReadonlyArray<Field> => {
  const variants = variantsOf(schema)
  if (variants !== undefined) {
    const title = text(schema["title"]) ?? inWords(variants.tag)
    return [{ kind: "variants", name: "", title, description: undefined, isRequired: true, ...variants }]
  }
  const { properties, required } = schema
  if (!isObject(properties)) return []
  const names: ReadonlyArray<Json> = Array.isArray(required) ? required : []
  return Object.entries(properties).flatMap(([name, node]) =>
    isObject(node) ? [fieldOf(name, node, names.includes(name))] : []
  )
}

const fieldOf = (name: string, node: JsonObject, isRequired: boolean): Field => {
  const named = {
    name,
    title: text(node["title"]) ?? inWords(name),
    description: text(node["description"]),
    isRequired
  }
  if (node["writeOnly"] === true) return { ...named, kind: isPairs(node) ? "secretPairs" : "secret" }
  const variants = variantsOf(node)
  if (variants !== undefined) return { ...named, kind: "variants", ...variants }
  const values = valuesOf(node)
  if (values !== undefined) return { ...named, kind: "choice", values }
  const { items, properties, type } = node
  if (type === "string") return { ...named, kind: "text" }
  if (type === "number" || type === "integer") return { ...named, kind: "number" }
  if (type === "boolean") return { ...named, kind: "yesNo" }
  if (type === "array" && isObject(items) && items["type"] === "string" && items["writeOnly"] !== true) {
    return { ...named, kind: "texts" }
  }
  if (type === "object" && isObject(properties)) return { ...named, kind: "group", fields: fieldsOf(node) }
  if (isPairs(node)) return { ...named, kind: "pairs" }
  if (objects(node["anyOf"]).some((form) => form["type"] === "string")) return { ...named, kind: "textOrJson" }
  return { ...named, kind: "json" }
}

/** An object with free names whose values are texts. */
const isPairs = ({ additionalProperties, properties, type }: JsonObject): boolean =>
  type === "object" &&
  properties === undefined &&
  isObject(additionalProperties) &&
  additionalProperties["type"] === "string"

const valuesOf = (node: JsonObject): ReadonlyArray<string | number> | undefined => {
  // Several fixed values may come as an `enum`, or as one form each.
  const forms = objects(node["anyOf"]).map(valuesOf)
  if (forms.length > 0) return forms.every((values) => values !== undefined) ? forms.flat() : undefined
  const values = node["enum"] ?? (node["const"] === undefined ? undefined : [node["const"]])
  if (!Array.isArray(values)) return undefined
  return values.every((value) => typeof value === "string" || typeof value === "number") ? values : undefined
}

/** A union of objects that share one property with a different fixed value in each. */
const variantsOf = (node: JsonObject): Omit<Extract<Field, { kind: "variants" }>, keyof Named | "kind"> | undefined => {
  const forms = objects(node["anyOf"] ?? node["oneOf"])
  const [first] = forms
  if (first === undefined || forms.length < 2 || !isObject(first["properties"])) return undefined
  const fixed = (form: JsonObject, name: string): string | undefined => {
    const property = isObject(form["properties"]) ? form["properties"][name] : undefined
    const values = isObject(property) ? valuesOf(property) : undefined
    const [value] = values ?? []
    return values?.length === 1 && typeof value === "string" ? value : undefined
  }
  const tag = Object.keys(first["properties"]).find((name) => {
    const found = forms.map((form) => fixed(form, name))
    return found.every((value) => value !== undefined) && new Set(found).size === forms.length
  })
  if (tag === undefined) return undefined
  const variants = forms.map((form) => {
    const value = fixed(form, tag) ?? ""
    return {
      value,
      title: text(form["title"]) ?? inWords(value),
      description: text(form["description"]),
      fields: fieldsOf(form).filter(({ name }) => name !== tag)
    }
  })
  const assumed = forms.find(({ required }) => !Array.isArray(required) || !required.includes(tag))
  return { tag, variants, assumed: assumed && fixed(assumed, tag) }
}

/** The variant that a value is of: the one that its tag names, or without a tag the one in which it may be absent. */
export const chosenVariant = (
  { assumed, tag, variants }: Extract<Field, { kind: "variants" }>,
  value: Json | undefined
): Variant | undefined => {
  const named = isObject(value) ? (value[tag] ?? assumed) : undefined
  return variants.find((variant) => variant.value === named)
}

/** A path in settings, as the gateway writes it. */
export const pointer = (at: string, name: string): string =>
  name === "" ? at : `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`

/** Returns the object with one value set, or removed if it is undefined. */
export const withValue = (object: JsonObject, name: string, value: Json | undefined): JsonObject => {
  const { [name]: _, ...rest } = object
  return value === undefined ? rest : { ...object, [name]: value }
}
