import type { IntegrationRow, PluginRow } from "../data/queries.ts"
import { chosenVariant, type Field, fieldsOf, isObject, type Json, type JsonObject } from "../forms/schema.ts"

/** An integration while it is edited: the request without its id. */
export interface Draft {
  readonly type: string
  readonly name: string
  readonly settings: JsonObject
  readonly enabled: boolean
  readonly fallback: string | undefined
  /** `limits` and `delivery`, as one object for the form. */
  readonly more: JsonObject
}

export const emptyDraft: Draft = { type: "", name: "", settings: {}, enabled: true, fallback: undefined, more: {} }

export const draftOf = ({ delivery, enabled, fallback, limits, name, settings, type }: IntegrationRow): Draft => ({
  type,
  name,
  settings,
  enabled,
  fallback,
  more: { ...(limits && { limits: { ...limits } }), ...(delivery && { delivery: { ...delivery } }) }
})

/** The settings of a type before anything is entered: the first form of each choice that must be made. */
export const startOf = ({ settings }: Pick<PluginRow, "settings">): JsonObject => startOfFields(fieldsOf(settings))

const startOfFields = (fields: ReadonlyArray<Field>): JsonObject => {
  const start: Record<string, JsonObject> = {}
  for (const field of fields) {
    const [first] = field.kind === "variants" && field.isRequired ? field.variants : []
    if (field.kind !== "variants" || first === undefined) continue
    const chosen = { [field.tag]: first.value, ...startOfFields(first.fields) }
    if (field.name === "") return chosen
    start[field.name] = chosen
  }
  return start
}

/** The request. It is not checked here, because the gateway reports errors. */
export const payloadOf = ({ enabled, fallback, more, name, settings, type }: Draft, id?: string): JsonObject => ({
  type,
  name,
  settings,
  enabled,
  ...(fallback !== undefined && { fallback }),
  ...more,
  ...(id !== undefined && { id })
})

const whole = (title: string, description: string): JsonObject => ({ type: "integer", title, description })

/** The schema of the limits, rendered by the same form as the plugins' settings. */
export const moreFields = fieldsOf({
  type: "object",
  properties: {
    limits: {
      type: "object",
      title: "Rate limit",
      description: "Replaces what the plugin declares. All three or none.",
      properties: {
        messages: whole("Messages", "In each period."),
        perSeconds: whole("Period", "In seconds."),
        burst: whole("Burst", "Messages that may go at once after a pause.")
      }
    },
    delivery: {
      type: "object",
      title: "Time limits",
      description: "All in seconds.",
      properties: {
        timeout: whole("Timeout", "Of one attempt; 10 if it is left out."),
        maxBackoff: whole("Longest back-off", "Between two attempts; 300 if it is left out."),
        deadline: whole("Deadline", "How long a message is tried; 86,400 if it is left out."),
        fallbackAfter: whole("Fallback after", "How long it may be unavailable; 300 if it is left out.")
      }
    }
  }
})

/** Whether the form shows the field of an error's pointer. */
export const isShown =
  (draft: Draft, fields: ReadonlyArray<Field>) =>
  (path: string): boolean => {
    const known = ["/type", "/name", "/fallback", "/limits", "/delivery"]
    if (known.some((one) => path === one || path.startsWith(`${one}/`))) return true
    const [, first, second] = path.split("/")
    if (first !== "settings" || second === undefined) return false
    const [only] = fields
    const shown = only?.name === "" && only.kind === "variants" ? variantFields(only, draft.settings) : fields
    return shown.some(({ name }) => name === second.replaceAll("~1", "/").replaceAll("~0", "~"))
  }

const variantFields = (field: Extract<Field, { kind: "variants" }>, settings: JsonObject): ReadonlyArray<Field> =>
  chosenVariant(field, settings)?.fields ?? []

/** What is shown of a version beside another one, without its secrets. */
export const versionOf = (
  { enabled, fallback, more, name, settings, type }: Draft,
  fields: ReadonlyArray<Field>
): { readonly [field: string]: unknown } => ({
  Type: type,
  Name: name,
  ...Object.fromEntries(shownSettings(fields, settings)),
  Enabled: enabled ? "yes" : "no",
  Fallback: fallback,
  ...Object.fromEntries(
    moreFields.flatMap((group) =>
      group.kind === "group"
        ? group.fields.map(({ name, title }) => [`${group.title}: ${title}`, asObject(more[group.name])[name]])
        : []
    )
  )
})

const asObject = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})

/** The settings that cannot contain a secret, by their titles. */
const shownSettings = (fields: ReadonlyArray<Field>, settings: JsonObject): ReadonlyArray<readonly [string, Json]> =>
  fields.flatMap((field) => {
    const { kind, name, title } = field
    if (kind === "variants" && name === "") {
      const chosen = chosenVariant(field, settings)
      return chosen === undefined ? [] : [[title, chosen.title], ...shownSettings(chosen.fields, settings)]
    }
    const value = settings[name]
    return value === undefined || !plainKinds.includes(kind) ? [] : [[title, value]]
  })

const plainKinds: ReadonlyArray<Field["kind"]> = ["text", "number", "yesNo", "choice", "texts", "pairs"]
