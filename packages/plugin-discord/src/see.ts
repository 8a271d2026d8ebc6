import { Preview } from "@tocsin/core"
import { DateTime, Option, Schema } from "effect"

/** A payload as a person sees it in Discord; without a block if it is not a message. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(decode(payload), {
    onNone: () => ({ blocks: [] }),
    onSome: ({ content, embeds: [embed] }) => {
      if (embed === undefined) return { blocks: [{ _tag: "Text", spans: spans(content) }] }
      const { color, description, fields, footer, title, url } = embed
      const heading: Preview.Span = { _tag: "Plain", text: unescape(title) }
      const blocks: ReadonlyArray<Preview.Block | undefined> = [
        { _tag: "Heading", spans: url === undefined ? [heading] : [{ ...heading, _tag: "Link", link: new URL(url) }] },
        description === undefined ? undefined : { _tag: "Text", spans: spans(description) },
        fields.length === 0
          ? undefined
          : { _tag: "Facts", facts: fields.map(({ name, value }) => ({ label: unescape(name), spans: spans(value) })) },
        footer && { _tag: "Footer", spans: [{ _tag: "Plain", text: footer.text }] }
      ]
      return {
        accent: `#${color.toString(16).padStart(6, "0").toUpperCase()}`,
        blocks: blocks.filter((block) => block !== undefined)
      }
    }
  })

/** A character after a backslash stands for itself, but not in the text of a link. */
const token =
  /(?<!\\)(?:\\\\)*\[(?<label>[^\]]*)\]\(<(?<url>[^>]*)>\)|<t:(?<seconds>-?\d+):f>|\*\*(?<strong>(?:\\.|[^*\\])*)\*\*/gs

const spans = (text: string): ReadonlyArray<Preview.Span> =>
  Preview.readSpans(text, token, {
    unescape,
    read: ({ label, seconds, strong = "", url = "" }) => {
      if (seconds !== undefined) return { _tag: "Time", at: DateTime.makeUnsafe(Number(seconds) * 1000) }
      if (label !== undefined) return { _tag: "Link", text: label, link: new URL(url) }
      return { _tag: "Strong", text: unescape(strong) }
    }
  })

const unescape = (text: string): string => text.replace(/\\([^0-9A-Za-z\s])/g, "$1")

const decode = Schema.decodeUnknownOption(
  Schema.Struct({
    content: Schema.String,
    embeds: Schema.Array(
      Schema.Struct({
        title: Schema.String,
        url: Schema.optionalKey(Schema.String),
        description: Schema.optionalKey(Schema.String),
        color: Schema.Natural,
        fields: Schema.Array(Schema.Struct({ name: Schema.String, value: Schema.String })),
        footer: Schema.optionalKey(Schema.Struct({ text: Schema.String }))
      })
    )
  })
)
