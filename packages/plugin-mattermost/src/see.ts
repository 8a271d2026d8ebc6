import { Preview } from "@tocsin/core"
import type { Post } from "./message.ts"

/** A post as a person sees it. */
export const see = ({ attachments: [attachment] = [], text: said = "" }: Post): Preview.Preview => {
  if (attachment === undefined) return { blocks: [{ _tag: "Text", spans: spans(said) }] }
  const { color, fields, footer, text, title, title_link } = attachment
  const heading: Preview.Span =
    title_link === undefined
      ? { _tag: "Plain", text: unescape(title) }
      : { _tag: "Link", text: visible(title), link: new URL(title_link) }
  const blocks: ReadonlyArray<Preview.Block | undefined> = [
    { _tag: "Heading", spans: [heading] },
    text === undefined ? undefined : { _tag: "Text", spans: spans(text) },
    fields.length === 0
      ? undefined
      : { _tag: "Facts", facts: fields.map(({ title, value }) => ({ label: unescape(title), spans: spans(value) })) },
    footer === undefined ? undefined : { _tag: "Footer", spans: [{ _tag: "Plain", text: visible(footer) }] }
  ]
  return { accent: color, blocks: blocks.filter((block) => block !== undefined) }
}

const token = /(?<!\\)\[(?<label>(?:\\.|[^\]\\])*)\]\((?<url>[^()]*)\)|\*\*(?<strong>(?:\\.|[^*\\])*)\*\*/gs

const spans = (text: string): ReadonlyArray<Preview.Span> =>
  Preview.readSpans(text, token, {
    unescape,
    read: ({ label, strong = "", url = "" }) =>
      label === undefined
        ? { _tag: "Strong", text: unescape(strong) }
        : { _tag: "Link", text: unescape(label), link: new URL(url) }
  })

const visible = (text: string): string => text.replaceAll("\u200B", "")

const unescape = (text: string): string => visible(text).replace(/\\([\\`*_[\]|])/g, "$1")
