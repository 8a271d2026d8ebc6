import { Option, Schema } from "effect"

/**
 * Checks a post against the rules for alerts: it is not empty, fits one post, and no foreign text mentions anyone,
 * links, formats, or is an emoji. Returns one sentence for each problem.
 *
 * @see https://developers.mattermost.com/integrate/webhooks/incoming/#parameters
 */
export const validate = (payload: unknown): ReadonlyArray<string> =>
  Option.match(decode(payload), {
    onNone: () => ["Not a post"],
    onSome: ({ attachments = [], text = "" }) => {
      const formatted = attachments.flatMap(({ fields, text = "", title, title_link }) => [
        ...(title_link === undefined ? [title] : []),
        text,
        ...fields.flatMap(({ title, value }) => [title, value])
      ])
      const unformatted = attachments.flatMap(({ fallback, footer = "", title, title_link }) => [
        fallback,
        footer,
        ...(title_link === undefined ? [] : [title])
      ])
      const texts = [...formatted, ...unformatted]
      return [
        ...(text === "" && attachments.length === 0 ? ["Neither text nor attachments"] : []),
        ...(text.length > 4000 ? [`text: ${text.length} of 4,000 characters`] : []),
        ...(texts.join("").length > 16_383 ? ["The attachment is longer than a post"] : []),
        ...attachments.flatMap(({ footer = "" }) =>
          footer.length > 300 ? [`footer: ${footer.length} of 300 characters`] : []
        ),
        ...unformatted.flatMap((text) => {
          const [bare] = /[@#~:<](?![\u200B\s]|$)/.exec(text) ?? []
          return bare === undefined ? [] : [`a bare ${bare} in ${text.slice(0, 80)}`]
        }),
        ...[text.replace(/(?<=^|\s)https?:\/\/\S+$/gm, ""), ...formatted].flatMap((text) => {
          const rest = text
            .replace(/(?<!\\)\[((?:\\.|[^\]\\])*)\]\(https?:[^()]*\)/gs, "$1")
            .replace(/\\[\\`*_[\]|]/g, "")
            .replace(/\*\*|^- /gm, "")
          const [bare] = /[\\`*_[\]|]|[@#~:<](?![\u200B\s]|$)|^[>#+-]|^\d+[.)] /m.exec(rest) ?? []
          return [
            ...(bare === undefined ? [] : [`a bare ${bare} in ${rest.slice(0, 80)}`]),
            ...(text.isWellFormed() ? [] : ["half a surrogate pair"])
          ]
        })
      ]
    }
  })

const Text = Schema.optionalKey(Schema.NonEmptyString)

const decode = Schema.decodeUnknownOption(
  Schema.Struct({
    channel: Text,
    username: Text,
    text: Text,
    attachments: Schema.optionalKey(
      Schema.NonEmptyArray(
        Schema.Struct({
          fallback: Schema.NonEmptyString,
          color: Schema.String.check(Schema.isPattern(/^#[0-9A-F]{6}$/)),
          title: Schema.NonEmptyString,
          title_link: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^https?:/))),
          text: Text,
          fields: Schema.Array(
            Schema.Struct({ title: Schema.NonEmptyString, value: Schema.NonEmptyString, short: Schema.Boolean })
          ),
          footer: Text
        })
      )
    )
  })
)
