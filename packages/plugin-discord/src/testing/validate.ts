import { Option, Schema } from "effect"
import { embed as limits, maxContent } from "../limits.ts"

/**
 * Checks a payload against Discord's documentation and the rules for alerts: nothing mentions anyone, no foreign text
 * links or formats, and no escape is shown. Returns one sentence for each problem.
 *
 * @see https://docs.discord.com/developers/resources/message#embed-object-embed-limits
 */
export const validate = (payload: unknown): ReadonlyArray<string> =>
  Option.match(decode(payload), {
    onNone: () => ["Not a message"],
    onSome: ({ allowed_mentions, content, embeds }) => {
      const texts = embeds.flatMap(({ description = "", fields, footer, title }) => [
        ["title", title, limits.title],
        ["description", description, limits.description],
        ...fields.flatMap(({ name, value }) => [
          ["field name", name, limits.fieldName],
          ["field value", value, limits.fieldValue]
        ]),
        ["footer", footer?.text ?? "", limits.footer]
      ]) as ReadonlyArray<readonly [string, string, number]>
      const total = texts.reduce((sum, [, text]) => sum + text.length, 0)
      const all = [...texts.filter(([at]) => at !== "footer"), ["content", content, maxContent] as const]
      const labels = texts.flatMap(([, text]) => Array.from(text.matchAll(link), ([, label = ""]) => label))
      return [
        ...(content === "" && embeds.length === 0 ? ["Neither content nor embeds"] : []),
        ...(allowed_mentions.parse.length > 0 ? ["Text could mention someone"] : []),
        ...(total > limits.total ? [`The embed has ${total} of ${limits.total} characters`] : []),
        ...embeds.flatMap(({ fields }) => [
          ...(fields.length > limits.fields ? [`${fields.length} fields`] : []),
          ...(fields.some(({ name, value }) => name.trim() === "" || value.trim() === "") ? ["An empty field"] : [])
        ]),
        ...[...texts, ["content", content, maxContent] as const].flatMap(([at, text, max]) => [
          ...(text.length > max ? [`${at}: ${text.length} of ${max} characters`] : []),
          ...(text.isWellFormed() ? [] : [`${at}: half a surrogate pair`])
        ]),
        ...labels.flatMap((label) => {
          const [mark] = /[\\`*~|<>[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=\/\/|[\w~+-]+:)/.exec(label) ?? []
          return mark === undefined ? [] : [`The text of a link would show or read ${mark}`]
        }),
        ...all.flatMap(([at, text]) => {
          const rest = text
            .replace(/(?<=^|\s)https?:\/\/\S+$/gm, "")
            .replace(/\\[^0-9A-Za-z\s]/g, "")
            .replace(link, "")
            .replace(/<t:-?\d+:f>|\*\*|^- /gm, "")
          const [bare] = /[\\`*_~|<>@#[\]()]|:(?=\S)/.exec(rest) ?? []
          return bare === undefined ? [] : [`${at}: a bare ${bare}`]
        })
      ]
    }
  })

const link = /(?<!\\)\[([^\]]*)\]\(<https?:[^<>]*>\)/g

const decode = Schema.decodeUnknownOption(
  Schema.Struct({
    content: Schema.String,
    allowed_mentions: Schema.Struct({ parse: Schema.Array(Schema.String) }),
    embeds: Schema.Array(
      Schema.Struct({
        title: Schema.NonEmptyString,
        url: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^https?:/), Schema.isMaxLength(2048))),
        description: Schema.optionalKey(Schema.NonEmptyString),
        color: Schema.Natural,
        fields: Schema.Array(Schema.Struct({ name: Schema.String, value: Schema.String })),
        footer: Schema.optionalKey(Schema.Struct({ text: Schema.NonEmptyString }))
      })
    )
  })
)
