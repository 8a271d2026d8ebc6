import { Preview } from "@tocsin/core"
import { Option, Schema } from "effect"

/** A post as a person sees it; without a block if it is not a post. */
export const see = (payload: unknown): Preview.Preview =>
  Option.match(decode(payload), {
    onNone: () => ({ blocks: [] }),
    onSome: ({ attachments = [], text: said }) => {
      const [attachment] = attachments
      if (attachment === undefined) return { blocks: [{ _tag: "Text", spans: spans(said ?? "") }] }
      const { color, fields, footer, text, title, title_link } = attachment
      const heading: Preview.Span = { _tag: "Plain", text: unescape(title) }
      const blocks: ReadonlyArray<Preview.Block | undefined> = [
        {
          _tag: "Heading",
          spans: [title_link === undefined ? heading : { ...heading, _tag: "Link", link: new URL(title_link) }]
        },
        text === undefined ? undefined : { _tag: "Text", spans: spans(text) },
        fields.length === 0
          ? undefined
          : {
              _tag: "Facts",
              facts: fields.map(({ title, value }) => ({ label: unescape(title), spans: spans(value) }))
            },
        footer === undefined ? undefined : { _tag: "Footer", spans: spans(footer) }
      ]
      return { accent: color, blocks: blocks.filter((block) => block !== undefined) }
    }
  })

const token = /(?<!\\)\[(?<label>(?:\\.|[^\]\\])*)\]\((?<url>[^()]*)\)|\*\*(?<strong>(?:\\.|[^*\\])*)\*\*/gs

const spans = (text: string): ReadonlyArray<Preview.Span> =>
  Preview.readSpans(text, token, {
    unescape,
    read: ({ label, strong = "", url = "" }) =>
      label === undefined
        ? { _tag: "Strong", text: unescape(strong) }
        : { _tag: "Link", text: unescape(label), link: new URL(url) }
  })

const unescape = (text: string): string => text.replaceAll("\u200B", "").replace(/\\([\\`*_[\]|])/g, "$1")

const Text = Schema.optionalKey(Schema.String)

const decode = Schema.decodeUnknownOption(
  Schema.Struct({
    text: Text,
    attachments: Schema.optionalKey(
      Schema.Array(
        Schema.Struct({
          color: Schema.String,
          title: Schema.String,
          title_link: Text,
          text: Text,
          fields: Schema.Array(Schema.Struct({ title: Schema.String, value: Schema.String })),
          footer: Text
        })
      )
    )
  })
)
