import { Schema } from "effect"
import { type Any, settingsSchema } from "../ChannelPlugin.ts"

/**
 * Renders a plugin's settings as a Markdown table for its README: one row for each setting, those of a group by their
 * dotted names. If settings have several forms with a tag, each row names the tag's value. Compare it with the README
 * in a test, so that the two stay equal.
 */
export const settingsTable = (plugin: Any): string =>
  ["| Setting | Title | | What it is |", "| --- | --- | --- | --- |", ...rows(settingsSchema(plugin), "")].join("\n")

const rows = (schema: Schema.Json, prefix: string, mark?: string): ReadonlyArray<string> => {
  const { anyOf = [], properties = {} } = decode(schema)
  const forms = anyOf.map((form) => decode(form))
  const tag = tagOf(forms)
  return [
    ...Object.keys(properties).flatMap((name) => rowsOf(decode(schema), name, prefix, mark)),
    ...(tag === undefined ? [] : [row(tagRow(forms, tag), prefix + tag, [tagMark(forms, tag), mark])]),
    ...new Set(
      forms.flatMap((form) => {
        const mark = tag === undefined ? undefined : `with ${code(valueOf(form, tag))}`
        const names = Object.keys(form.properties ?? {}).filter((name) => name !== tag)
        return [
          ...names.flatMap((name) => rowsOf(form, name, prefix, mark)),
          ...rows({ anyOf: form.anyOf ?? [] }, prefix, mark)
        ]
      })
    )
  ]
}

/** The rows of one setting, and of the settings in it. */
const rowsOf = (
  { properties = {}, required = [] }: Settings,
  name: string,
  prefix: string,
  mark: string | undefined
): ReadonlyArray<string> => {
  const json = properties[name] ?? {}
  const { writeOnly = false } = decode(json)
  const marks = [required.includes(name) ? "required" : "optional", writeOnly ? "secret" : undefined, mark]
  return [row(decode(json), prefix + name, marks), ...rows(json, `${prefix}${name}.`, mark)]
}

const row = (
  { default: preset, description = "", title = "" }: Settings,
  name: string,
  marks: ReadonlyArray<string | undefined>
): string => {
  const text = `${description}${preset === undefined ? "" : `; \`${JSON.stringify(preset)}\` when absent`}`
  return `| \`${name}\` | ${cell(title)} | ${marks.filter((mark) => mark !== undefined).join(", ")} | ${cell(text)} |`
}

/** The field that has a different fixed value in each form. */
const tagOf = (forms: ReadonlyArray<Settings>): string | undefined =>
  Object.keys(forms[0]?.properties ?? {}).find((name) => {
    const values = forms.map((form) => valueOf(form, name))
    return forms.length > 1 && values.every((value) => value !== undefined) && new Set(values).size === forms.length
  })

const valueOf = ({ properties = {} }: Settings, name: string): Schema.Json | undefined => {
  const { enum: values = [] } = decode(properties[name] ?? {})
  return values.length === 1 ? values[0] : undefined
}

/** Whether the tag is required: a value without it has the form in which it is optional. */
const tagMark = (forms: ReadonlyArray<Settings>, tag: string): string =>
  forms.every(({ required = [] }) => required.includes(tag)) ? "required" : "optional"

/** The tag, with the meaning of each of its values. */
const tagRow = (forms: ReadonlyArray<Settings>, tag: string): Settings => {
  const each = forms.map((form) => ({ value: code(valueOf(form, tag)), ...decode(form.properties?.[tag] ?? {}) }))
  const description = each.map(({ description = "", value }) => `${value}: ${description}`).join(". ")
  return { title: each[0]?.title ?? "", description }
}

const code = (value: Schema.Json | undefined): string =>
  `\`${typeof value === "string" ? value : JSON.stringify(value)}\``

const cell = (text: string): string => text.replaceAll("|", "\\|")

const Settings = Schema.Struct({
  title: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  default: Schema.optionalKey(Schema.Json),
  writeOnly: Schema.optionalKey(Schema.Boolean),
  enum: Schema.optionalKey(Schema.Array(Schema.Json)),
  anyOf: Schema.optionalKey(Schema.Array(Schema.Json)),
  required: Schema.optionalKey(Schema.Array(Schema.String)),
  properties: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json))
})
type Settings = typeof Settings.Type

const decode = Schema.decodeUnknownSync(Settings)
