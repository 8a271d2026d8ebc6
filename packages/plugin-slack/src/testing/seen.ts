import type { Preview } from "@tocsin/core"
import { spansText } from "@tocsin/core/fakes"
import { DateTime, Option, Schema } from "effect"

/** A message as Slack shows it, and its `channel`. */
export interface Seen {
  readonly channel?: string
  /** The text above the attachments. */
  readonly text: Preview.Block
  /** The attachments' blocks, with the colour of the first. */
  readonly attached: Preview.Preview
}

/** Reads a payload as Slack's clients do; none if it is not a message. */
export const seen = (payload: unknown): Option.Option<Seen> =>
  Option.map(decode(payload), ({ attachments = [], channel, mrkdwn, text }) => ({
    ...(channel !== undefined && { channel }),
    text:
      mrkdwn === false
        ? { _tag: "Text", spans: [{ _tag: "Plain", text: unescape(text) }] }
        : { _tag: "Heading", spans: spans(text) },
    attached: {
      ...(attachments[0] !== undefined && { accent: attachments[0].color }),
      blocks: attachments.flatMap(({ blocks }) => blocks.flatMap(read))
    }
  }))

const Text = Schema.Struct({ text: Schema.String })

const Block = Schema.Struct({
  type: Schema.String,
  text: Schema.optionalKey(Text),
  fields: Schema.optionalKey(Schema.Array(Text)),
  elements: Schema.optionalKey(Schema.Array(Text))
})

const decode = Schema.decodeUnknownOption(
  Schema.Struct({
    channel: Schema.optionalKey(Schema.String),
    text: Schema.String,
    mrkdwn: Schema.optionalKey(Schema.Boolean),
    attachments: Schema.optionalKey(Schema.Array(Schema.Struct({ color: Schema.String, blocks: Schema.Array(Block) })))
  })
)

const read = ({ elements, fields, text, type }: typeof Block.Type): ReadonlyArray<Preview.Block> => {
  if (type === "divider") return [{ _tag: "Rule" }]
  return [
    ...(text === undefined ? [] : [section(text.text)]),
    ...(fields === undefined ? [] : [{ _tag: "Facts" as const, facts: fields.map(({ text }) => fact(text)) }]),
    ...(elements === undefined
      ? []
      : [
          {
            _tag: "Footer" as const,
            spans: elements.flatMap(({ text }, n) => [...(n === 0 ? [] : [plain("  ")]), ...spans(text)])
          }
        ])
  ]
}

/** Bullets below a bold line are a list. */
const section = (text: string): Preview.Block => {
  const [first = "", ...items] = text.split("\n")
  const [, title] = /^\*([^*]+)\*$/.exec(first) ?? []
  if (title === undefined || items.length === 0) return { _tag: "Text", spans: spans(text) }
  return { _tag: "List", title: unescape(title), items: items.map((item) => spans(item.replace(/^• /, ""))) }
}

const fact = (text: string): { readonly label: string; readonly spans: ReadonlyArray<Preview.Span> } => {
  const [label = "", ...value] = text.split("\n")
  return { label: spansText(spans(label)), spans: spans(value.join("\n")) }
}

const token =
  /<!date\^(?<seconds>\d+)\^[^|]*\|[^>]*>|<!subteam\^(?<group>\w+)>|<[!@](?<whom>\w+)>|<(?<url>https?:[^|>]+)\|(?<label>[^>]*)>|(?<=^|[\s•])\*(?=\S)(?<strong>(?:<[^<>]*>|[^<\n])+?)(?<=\S)\*(?=$|[\s:])/gm

/** Reads mrkdwn into spans, without its marks. */
const spans = (text: string): ReadonlyArray<Preview.Span> => {
  const found: Array<Preview.Span> = []
  let at = 0
  for (const match of text.matchAll(token)) {
    if (match.index > at) found.push(plain(text.slice(at, match.index)))
    at = match.index + match[0].length
    const { group, label = "", seconds, strong, url, whom } = match.groups ?? {}
    if (seconds !== undefined) found.push({ _tag: "Time", at: DateTime.makeUnsafe(Number(seconds) * 1000) })
    else if (url !== undefined) found.push({ _tag: "Link", text: shown(label), link: new URL(unescape(url)) })
    else if (strong === undefined) found.push({ _tag: "Mention", text: `@${group ?? whom ?? ""}` })
    else
      found.push(...spans(strong).map((span) => (span._tag === "Plain" ? { ...span, _tag: "Strong" as const } : span)))
  }
  if (at < text.length) found.push(plain(text.slice(at)))
  return found
}

const plain = (text: string): Preview.Span => ({ _tag: "Plain", text: shown(text) })

/** A soft hyphen is not shown. */
const shown = (text: string): string => unescape(text.replaceAll("\u00AD", ""))

const unescape = (text: string): string => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")
