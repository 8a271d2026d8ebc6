import { Schema } from "effect"
import { type Any, settingsSchema } from "../ChannelPlugin.ts"

/**
 * A plugin's settings as a table in Markdown, for its README: one row a setting, those of a group by their dotted
 * names. A test that compares it with the README keeps the two equal.
 */
export const settingsTable = (plugin: Any): string =>
  ["| Setting | Title | | What it is |", "| --- | --- | --- | --- |", ...rows(settingsSchema(plugin), "")].join("\n")

const rows = (schema: Schema.Json, prefix: string): ReadonlyArray<string> => {
  const { anyOf = [], properties = {}, required = [] } = decode(schema)
  const forms = [...new Set(anyOf.flatMap((form) => rows(form, prefix)))]
  const fields = Object.entries(properties).flatMap(([name, json]) => {
    const { default: preset, description = "", title = "", writeOnly = false } = decode(json)
    const marks = [required.includes(name) ? "required" : "optional", ...(writeOnly ? ["secret"] : [])].join(", ")
    const text = `${description}${preset === undefined ? "" : `; \`${JSON.stringify(preset)}\` when absent`}`
    return [`| \`${prefix}${name}\` | ${cell(title)} | ${marks} | ${cell(text)} |`, ...rows(json, `${prefix}${name}.`)]
  })
  return [...fields, ...forms]
}

const cell = (text: string): string => text.replaceAll("|", "\\|")

const decode = Schema.decodeUnknownSync(
  Schema.Struct({
    title: Schema.optionalKey(Schema.String),
    description: Schema.optionalKey(Schema.String),
    default: Schema.optionalKey(Schema.Json),
    writeOnly: Schema.optionalKey(Schema.Boolean),
    anyOf: Schema.optionalKey(Schema.Array(Schema.Json)),
    required: Schema.optionalKey(Schema.Array(Schema.String)),
    properties: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json))
  })
)
